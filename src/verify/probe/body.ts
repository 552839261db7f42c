import { createHash } from 'node:crypto';
import type { Redact } from '../../protocol/redaction.ts';
import type { Part } from '../payload.ts';
import {
  type BodyRecord,
  KEPT_BINARY_BYTES,
  KEPT_JSON_BYTES,
  KEPT_TEXT_BYTES,
  type PartRecord,
} from '../recording.ts';

/** What a body is made of: bytes, text (UTF-8), parts of a payload, or several of these one behind another. */
export type Body = Piece | readonly Piece[];
type Piece = Uint8Array | string | Part;

export interface MadeBody {
  readonly bytes: Buffer;
  readonly parts: readonly PartRecord[];
}

export function madeBody(body: Body | undefined): MadeBody {
  const pieces = body === undefined ? [] : isPiece(body) ? [body] : body;
  const parts: PartRecord[] = [];
  let atBytes = 0;
  const buffers = pieces.map((piece) => {
    const bytes = bytesOf(piece);
    if (isPart(piece)) parts.push({ payload: piece.payload, from: piece.from, to: piece.to, atBytes });
    atBytes += bytes.length;
    return bytes;
  });
  return { bytes: buffers.length === 1 && buffers[0] ? buffers[0] : Buffer.concat(buffers), parts };
}

/** The body in chunks of these sizes, the last size again and again, with the closing chunk and trailers (RFC 9112, 7.1). */
export function chunkedBody(
  { bytes, parts }: MadeBody,
  sizes: readonly number[],
  trailers: readonly (readonly [string, string])[] = [],
): MadeBody {
  const out: Buffer[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = Math.max(1, sizes[Math.min(index, sizes.length - 1)] ?? bytes.length);
    const chunk = bytes.subarray(at, at + size);
    out.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
    at += chunk.length;
  }
  const end = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return { bytes: Buffer.concat([...out, Buffer.from(`0\r\n${end}\r\n`)]), parts };
}

/** A body as it is recorded. */
export function bodyRecord({ bytes, parts }: MadeBody, redact: Redact): BodyRecord {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const size = { sizeBytes: bytes.length, sha256 };
  if (parts.length > 0) return { ...size, parts };
  if (bytes.length === 0) return size;
  const text = textOf(
    bytes.subarray(0, /^\s*[{[]/.test(bytes.toString('latin1', 0, 64)) ? KEPT_JSON_BYTES : KEPT_TEXT_BYTES),
  );
  return text === undefined
    ? { ...size, base64: bytes.subarray(0, KEPT_BINARY_BYTES).toString('base64') }
    : { ...size, text: redact(text) };
}

/** UTF-8 text; undefined where the bytes are something else. A character cut off at the end does not count. */
function textOf(bytes: Buffer): string | undefined {
  const text = new TextDecoder('utf-8').decode(bytes, { stream: true });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells data from text
  return /[\u0000-\u0008\u000e-\u001a\ufffd]/.test(text) ? undefined : text;
}

function isPiece(body: Body): body is Piece {
  return !Array.isArray(body);
}

function isPart(piece: Piece): piece is Part {
  return typeof piece === 'object' && 'payload' in piece;
}

function bytesOf(piece: Piece): Buffer {
  if (typeof piece === 'string') return Buffer.from(piece, 'utf8');
  const bytes = isPart(piece) ? piece.bytes : piece;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
