import type { Chunk } from '../../protocol/protocol.ts';
import { OtherContent, type Source } from '../source/source.ts';
import type { ChunkDigest } from './chunk-digest.ts';
import { createFirstReading } from './first-reading.ts';

/** A prefix of the file and its digest: what a later run compares before it goes on. */
export interface Checkpoint {
  readonly bytes: number;
  readonly sha256: string;
}

/** A chunk as it was read. */
export interface ReadChunk extends Chunk {
  /** It was read before, and whether as these bytes is not known: its checksum says nothing of the file's digest. */
  readonly isUncompared?: true;
}

/**
 * Reads chunks and computes the SHA-256 of the file on the way, each byte hashed once in order.
 * Two buffers take turns, so that the next chunk is read and hashed while this one is being sent;
 * memory is twice the chunk size, whatever the file's size.
 */
export interface ChunkReader {
  /** The chunk at an offset, no longer than `maxBytes`. The file was checked to be unchanged after it was read. */
  readonly chunk: (offsetBytes: number, maxBytes: number) => Promise<ReadChunk>;
  /** Starts to read the chunk that will probably be asked for next. */
  readonly prefetch: (offsetBytes: number, maxBytes: number) => void;
  /** Hashes up to `bytes` without sending: what the server already holds. Returns the digest of exactly that prefix. */
  readonly hashPrefix: (bytes: number) => Promise<Checkpoint>;
  /** The digest of a prefix that ends where a late chunk began, or in one, no further than here; undefined where none does. */
  readonly checkpoint: (atMostBytes: number) => Checkpoint | undefined;
  /** All that was read, and so all that was ever sent, and its digest. */
  readonly allRead: () => Checkpoint;
  /** The digest of the whole file, whose remaining bytes are read if need be. */
  readonly sha256: () => Promise<string>;
  /** The first bytes that were hashed, 64 at most. */
  readonly beginning: () => Uint8Array;
  /** Gives up both buffers: after a broken request the network may still hold one. */
  readonly forgetBuffers: () => void;
}

/** Enough to tell a page from a video. */
const BEGINNING_BYTES = 64;

/**
 * The signal ends what takes long and asks no network: the hashing of what the server already holds. With a digest
 * every chunk brings the checksum of exactly its bytes, computed ahead like the rest.
 */
export function createChunkReader(source: Source, signal?: AbortSignal, digest?: ChunkDigest): ChunkReader {
  const first = createFirstReading();
  let beginning = new Uint8Array(0);
  /** Where the latest chunk began: as the next one is read ahead, this one is being sent. */
  let latestBytes = 0;
  let buffers: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)];
  let pending:
    | { readonly offsetBytes: number; readonly length: number; readonly chunk: Promise<ReadChunk> }
    | undefined;

  const lengthAt = (offsetBytes: number, maxBytes: number) =>
    Math.min(maxBytes, (source.sizeBytes() ?? Number.POSITIVE_INFINITY) - offsetBytes);

  /** Of bytes from there on, those that were not read before. */
  const take = (offsetBytes: number, bytes: Uint8Array) => {
    if (first.bytes() === 0) beginning = Uint8Array.from(bytes.subarray(0, BEGINNING_BYTES));
    first.take(bytes.subarray(first.bytes() - offsetBytes));
  };

  const readBetween = async (fromBytes: number, endBytes: number, onPart: (part: Uint8Array) => void) => {
    if (fromBytes >= endBytes) return;
    const buffer = Buffer.allocUnsafeSlow(Math.min(1024 * 1024, endBytes - fromBytes));
    for (let at = fromBytes; at < endBytes; ) {
      signal?.throwIfAborted();
      const part = buffer.subarray(0, Math.min(buffer.byteLength, endBytes - at));
      await source.read(part, at);
      onPart(part);
      at += part.byteLength;
    }
  };

  /** The digest of the whole is that of the first reading: a second one of other bytes would be proven as if it were that. */
  const wasCompared = async (offsetBytes: number, bytes: Uint8Array): Promise<boolean> => {
    const again = bytes.subarray(0, first.bytes() - offsetBytes);
    // An input is not read twice: what is sent again was kept.
    if (again.byteLength === 0 || source.once !== undefined) return true;
    const seen = await first.compare(offsetBytes, again, readBetween);
    if (seen === 'other')
      throw new OtherContent(source.name, 'the same bytes were read another way the second time');
    return seen === 'same';
  };

  const nextBuffer = (length: number): Uint8Array => {
    buffers = [buffers[1], buffers[0]];
    if (buffers[0].byteLength < length) buffers[0] = Buffer.allocUnsafeSlow(length);
    return buffers[0].subarray(0, length);
  };

  const read = async (offsetBytes: number, length: number): Promise<ReadChunk> => {
    await hashTo(offsetBytes);
    const buffer = nextBuffer(length);
    const bytes = buffer.subarray(0, await source.read(buffer, offsetBytes));
    await source.assertUnchanged();
    // Without checksums nothing is claimed of what was sent, until the server names its own.
    const isCompared = digest === undefined || (await wasCompared(offsetBytes, bytes));
    first.letGo(Math.min(latestBytes, offsetBytes));
    latestBytes = offsetBytes;
    take(offsetBytes, bytes);
    const checksum = digest?.of(bytes);
    return {
      offsetBytes,
      bytes,
      ...(checksum !== undefined && { checksum }),
      ...(!isCompared && { isUncompared: true }),
    };
  };

  const hashTo = async (bytes: number) => {
    if (first.bytes() >= bytes) return;
    await readBetween(first.bytes(), bytes, (part) => {
      take(first.bytes(), part);
      first.letGo(first.bytes());
    });
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
      if (bytes < first.bytes()) throw new RangeError('a prefix is hashed before anything beyond it');
      await hashTo(bytes);
      return first.all();
    },
    checkpoint: first.atMost,
    allRead: first.all,
    sha256: async () => {
      await settled();
      await hashTo(source.sizeBytes() ?? first.bytes());
      return first.all().sha256;
    },
    beginning: () => beginning,
    forgetBuffers: () => {
      buffers = [new Uint8Array(0), new Uint8Array(0)];
    },
  };
}
