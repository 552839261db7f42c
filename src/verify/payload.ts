import { createHash } from 'node:crypto';
import { endianness } from 'node:os';

/**
 * Payloads whose bytes tell their position: eight bytes at position p are a keyed permutation of p / 8, so that
 * any eight bytes of a file read back say where they belong, and no two places of a payload look alike.
 */
export type PayloadRecord =
  | {
      readonly kind: 'position';
      readonly seed: number;
      readonly sizeBytes: number;
      /** Its first two blocks are those of a video, for servers that look at what they are given. */
      readonly opening?: 'mp4';
    }
  /** Bytes whose look matters (text, framing, zeros), in full. */
  | { readonly kind: 'literal'; readonly base64: string; readonly sizeBytes: number };

export interface Payload {
  readonly record: PayloadRecord;
  readonly sizeBytes: number;
  readonly bytes: (from: number, to: number) => Uint8Array;
  /** The bytes with the knowledge where they come from, for request bodies. */
  readonly part: (from: number, to: number) => Part;
  readonly sha256: () => string;
}

export interface Part {
  readonly payload: PayloadRecord;
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

const BLOCK_BYTES = 8;
/** The box that begins an MP4 file (ISO/IEC 14496-12, 4.3): two blocks long, so that the third tells its position again. */
export const MP4_OPENING = Buffer.from('\0\0\0\x10ftypisom\0\0\x02\0', 'latin1');
/**
 * A file that is as small as files are where their content does not matter: with the whole opening, which servers that
 * look for it want to see, and a block behind it that tells its position.
 */
export const SMALL_FILE_BYTES = 24;
const DIGEST_STEP_BYTES = 1024 * 1024;

export function positionPayload(seed: number, sizeBytes: number, opening?: 'mp4'): Payload {
  return payloadOf({ kind: 'position', seed: seed >>> 0, sizeBytes, ...(opening && { opening }) });
}

export function literalPayload(bytes: Uint8Array): Payload {
  return payloadOf({
    kind: 'literal',
    base64: Buffer.from(bytes).toString('base64'),
    sizeBytes: bytes.length,
  });
}

/** The payload that a record describes. */
export function payloadOf(record: PayloadRecord): Payload {
  const bytes = record.kind === 'position' ? positionBytes(record) : literalBytes(record.base64);
  let digest: string | undefined;
  const sha256 = () => {
    digest ??= digestOf(bytes, record.sizeBytes);
    return digest;
  };
  const part = (from: number, to: number): Part => ({ payload: record, from, to, bytes: bytes(from, to) });
  return { record, sizeBytes: record.sizeBytes, bytes, part, sha256 };
}

/** Where in the payload the eight bytes at `at` belong; undefined where they belong nowhere. */
export function positionOf(
  record: PayloadRecord & { kind: 'position' },
  bytes: Buffer,
  at: number,
): number | undefined {
  if (at + BLOCK_BYTES > bytes.length) return undefined;
  if (
    record.opening !== undefined &&
    bytes.subarray(at, at + BLOCK_BYTES).equals(MP4_OPENING.subarray(0, BLOCK_BYTES))
  )
    return 0;
  const block = (unmix(bytes.readUInt32LE(at)) ^ record.seed) >>> 0;
  const position = block * BLOCK_BYTES;
  if (position + BLOCK_BYTES > record.sizeBytes) return undefined;
  return bytes.readUInt32LE(at + 4) === second(record.seed, block) ? position : undefined;
}

function positionBytes({ seed, sizeBytes, opening }: PayloadRecord & { kind: 'position' }) {
  return (from: number, to: number): Uint8Array => {
    const end = Math.min(to, sizeBytes);
    if (end <= from) return new Uint8Array();
    const firstBlock = Math.floor(from / BLOCK_BYTES);
    const blocks = Math.ceil(end / BLOCK_BYTES) - firstBlock;
    const words = new Uint32Array(2 * blocks);
    for (let index = 0; index < blocks; index++) {
      const block = firstBlock + index;
      words[2 * index] = mix((block ^ seed) >>> 0);
      words[2 * index + 1] = second(seed, block);
    }
    const buffer = Buffer.from(words.buffer);
    if (endianness() === 'BE') buffer.swap32();
    if (opening !== undefined && firstBlock * BLOCK_BYTES < MP4_OPENING.length)
      MP4_OPENING.copy(buffer, 0, firstBlock * BLOCK_BYTES);
    return buffer.subarray(from - firstBlock * BLOCK_BYTES, end - firstBlock * BLOCK_BYTES);
  };
}

function literalBytes(base64: string) {
  const all = Buffer.from(base64, 'base64');
  return (from: number, to: number): Uint8Array => all.subarray(from, to);
}

function digestOf(bytes: Payload['bytes'], sizeBytes: number): string {
  const hash = createHash('sha256');
  for (let at = 0; at < sizeBytes; at += DIGEST_STEP_BYTES) hash.update(bytes(at, at + DIGEST_STEP_BYTES));
  return hash.digest('hex');
}

/** The second word of a block confirms the first, so that foreign bytes are not taken for ours. */
function second(seed: number, block: number): number {
  return mix((block + Math.imul(seed | 1, 0x9e3779b1)) >>> 0);
}

/** The finalizer of MurmurHash3: a permutation of the 32-bit numbers that looks random. */
function mix(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The inverse of `mix`: the multipliers are the modular inverses of its own. */
function unmix(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x7ed1b41d);
  x = Math.imul(x ^ (x >>> 13) ^ (x >>> 26), 0xa5cb9243);
  return (x ^ (x >>> 16)) >>> 0;
}
