import { createHash, type Hash } from 'node:crypto';
import type { Chunk } from '../../protocol/protocol.ts';
import { changed, type Source } from '../source/source.ts';
import type { ChunkDigest } from './chunk-digest.ts';

/** A prefix of the file and its digest: what a later run compares before it goes on. */
export interface Checkpoint {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Reads chunks and computes the SHA-256 of the file on the way, each byte hashed once in order.
 * Two buffers take turns, so that the next chunk is read and hashed while this one is being sent;
 * memory is twice the chunk size, whatever the file's size.
 */
export interface ChunkReader {
  /** The chunk at an offset, no longer than `maxBytes`. The file was checked to be unchanged after it was read. */
  readonly chunk: (offsetBytes: number, maxBytes: number) => Promise<Chunk>;
  /** Starts to read the chunk that will probably be asked for next. */
  readonly prefetch: (offsetBytes: number, maxBytes: number) => void;
  /** Hashes up to `bytes` without sending: what the server already holds. Returns the digest of exactly that prefix. */
  readonly hashPrefix: (bytes: number) => Promise<Checkpoint>;
  /** The digest of a prefix that ends where a late chunk began, no further than here; undefined where none did. */
  readonly checkpoint: (atMostBytes: number) => Checkpoint | undefined;
  /** The digest of the whole file, whose remaining bytes are read if need be. */
  readonly sha256: () => Promise<string>;
  /** The first bytes that were hashed, 64 at most. */
  readonly beginning: () => Uint8Array;
  /** Gives up both buffers: after a broken request the network may still hold one. */
  readonly forgetBuffers: () => void;
}

/** The checksum of a chunk that was read a moment ago. */
interface Reading {
  readonly offsetBytes: number;
  readonly length: number;
  readonly base64: string;
}

/** So many are remembered: what is sent again was among the last. */
const READINGS = 4;

/** Enough to tell a page from a video. */
const BEGINNING_BYTES = 64;

/**
 * The signal ends what takes long and asks no network: the hashing of what the server already holds. With a digest
 * every chunk brings the checksum of exactly its bytes, computed ahead like the rest.
 */
export function createChunkReader(source: Source, signal?: AbortSignal, digest?: ChunkDigest): ChunkReader {
  const hash = createHash('sha256');
  let hashedBytes = 0;
  let beginning = new Uint8Array(0);
  /** Where the two latest chunks began: the one that is being sent, and the one that was read ahead. */
  let boundaries: readonly { readonly bytes: number; readonly hash: Hash }[] = [];
  let readings: readonly Reading[] = [];
  let buffers: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)];
  let pending:
    | { readonly offsetBytes: number; readonly length: number; readonly chunk: Promise<Chunk> }
    | undefined;

  const lengthAt = (offsetBytes: number, maxBytes: number) =>
    Math.min(maxBytes, (source.sizeBytes() ?? Number.POSITIVE_INFINITY) - offsetBytes);

  const take = (offsetBytes: number, bytes: Uint8Array) => {
    if (offsetBytes > hashedBytes || offsetBytes + bytes.byteLength <= hashedBytes) return;
    if (offsetBytes === hashedBytes)
      boundaries = [...boundaries.slice(-1), { bytes: hashedBytes, hash: hash.copy() }];
    if (hashedBytes === 0) beginning = Uint8Array.from(bytes.subarray(0, BEGINNING_BYTES));
    hash.update(bytes.subarray(hashedBytes - offsetBytes));
    hashedBytes = offsetBytes + bytes.byteLength;
  };

  /** The digest of the whole is that of the first reading: a second one of other bytes would be proven as if it were that. */
  const assertSameReading = (reading: Reading) => {
    const before = readings.find(
      ({ offsetBytes, length }) => offsetBytes === reading.offsetBytes && length === reading.length,
    );
    if (before !== undefined && before.base64 !== reading.base64)
      throw changed(source.name, 'the same bytes were read another way the second time');
    readings = [...readings.slice(1 - READINGS), reading];
  };

  const nextBuffer = (length: number): Uint8Array => {
    buffers = [buffers[1], buffers[0]];
    if (buffers[0].byteLength < length) buffers[0] = Buffer.allocUnsafeSlow(length);
    return buffers[0].subarray(0, length);
  };

  const read = async (offsetBytes: number, length: number): Promise<Chunk> => {
    await hashTo(offsetBytes);
    const buffer = nextBuffer(length);
    const bytes = buffer.subarray(0, await source.read(buffer, offsetBytes));
    await source.assertUnchanged();
    take(offsetBytes, bytes);
    if (digest === undefined) return { offsetBytes, bytes };
    const checksum = digest.of(bytes);
    assertSameReading({ offsetBytes, length: bytes.byteLength, base64: checksum.base64 });
    return { offsetBytes, bytes, checksum };
  };

  const hashTo = async (bytes: number) => {
    if (hashedBytes >= bytes) return;
    const buffer = Buffer.allocUnsafeSlow(Math.min(1024 * 1024, bytes - hashedBytes));
    while (hashedBytes < bytes) {
      signal?.throwIfAborted();
      const part = buffer.subarray(0, Math.min(buffer.byteLength, bytes - hashedBytes));
      await source.read(part, hashedBytes);
      take(hashedBytes, part);
    }
    await source.assertUnchanged();
  };

  /** Reads go one after another: they share the hash. */
  const settled = async () => {
    await pending?.chunk.catch(() => undefined);
    pending = undefined;
  };

  return {
    chunk: async (offsetBytes, maxBytes) => {
      const length = lengthAt(offsetBytes, maxBytes);
      if (pending?.offsetBytes === offsetBytes && pending.length === length) {
        const { chunk } = pending;
        pending = undefined;
        return chunk;
      }
      await settled();
      return read(offsetBytes, length);
    },
    prefetch: (offsetBytes, maxBytes) => {
      // An input reads on by itself; a chunk that does not come must not hold up the one that is sent again.
      if (source.once !== undefined) return;
      const length = lengthAt(offsetBytes, maxBytes);
      if (length <= 0 || pending !== undefined) return;
      const chunk = read(offsetBytes, length);
      chunk.catch(() => undefined); // whoever asks for the chunk gets the error
      pending = { offsetBytes, length, chunk };
    },
    hashPrefix: async (bytes) => {
      await settled();
      if (bytes < hashedBytes) throw new RangeError('a prefix is hashed before anything beyond it');
      await hashTo(bytes);
      return { bytes, sha256: hash.copy().digest('hex') };
    },
    checkpoint: (atMostBytes) => {
      const last = boundaries.findLast(({ bytes }) => bytes <= atMostBytes);
      return last && { bytes: last.bytes, sha256: last.hash.copy().digest('hex') };
    },
    sha256: async () => {
      await settled();
      await hashTo(source.sizeBytes() ?? hashedBytes);
      return hash.copy().digest('hex');
    },
    beginning: () => beginning,
    forgetBuffers: () => {
      buffers = [new Uint8Array(0), new Uint8Array(0)];
    },
  };
}
