/** Codecs of the header values that the protocols share. Parsing is strict: what is not exactly right is undefined. */

import { parseDictionary } from './structured-dictionary.ts';

export const TUS_VERSION = '1.0.0';
export const OFFSET_OCTET_STREAM = 'application/offset+octet-stream';

/** A non-negative decimal integer without sign, exponent or leading zero (tus 1.0, Upload-Offset and Upload-Length). */
export function parseByteCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^(0|[1-9]\d{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Printable ASCII without space and comma (tus 1.0, Upload-Metadata). */
export const METADATA_KEY = /^[\x21-\x2b\x2d-\x7e]+$/;

/** Upload-Metadata: `key base64(utf-8 value)` pairs, comma-separated (tus 1.0, Creation). */
export function encodeMetadata(metadata: Readonly<Record<string, string>>): string {
  return Object.entries(metadata)
    .map(([key, value]) => (value === '' ? key : `${key} ${Buffer.from(value, 'utf8').toString('base64')}`))
    .join(',');
}

/** Reads Upload-Metadata; undefined where a key is empty, repeated, or a value is not base64. */
export function parseMetadata(text: string): Readonly<Record<string, Uint8Array>> | undefined {
  const pairs: Record<string, Uint8Array> = Object.create(null);
  if (text.trim() === '') return pairs;
  for (const item of text.split(',')) {
    const [key, value = '', ...rest] = item.trim().split(/ +/);
    if (key === undefined || key === '' || rest.length > 0 || key in pairs) return undefined;
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)) return undefined;
    pairs[key] = Buffer.from(value, 'base64');
  }
  return pairs;
}

/** Retry-After as milliseconds from `nowMs` (RFC 9110, 10.2.3: seconds or an HTTP date); never negative. */
export function parseRetryAfterMs(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const dateMs = parseHttpDateMs(text);
  return dateMs === undefined ? undefined : Math.max(0, dateMs - nowMs);
}

/** IMF-fixdate, and the two obsolete forms that recipients must take (RFC 9110, 5.6.7). */
const httpDates: readonly RegExp[] = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** `Date.parse` alone takes too much: it reads `1.5` and `-1` as days of the year 2001. */
function parseHttpDateMs(text: string): number | undefined {
  if (!httpDates.some((form) => form.test(text))) return undefined;
  // The form of asctime names no zone, and is in UTC like the others.
  const dateMs = Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`);
  return Number.isNaN(dateMs) ? undefined : dateMs;
}

/** The sha-256 of a Repr-Digest (RFC 9530, 3) as 64 lower-case hex digits; undefined where it holds none, or is malformed. */
export function parseReprSha256(text: string | undefined): string | undefined {
  const value = /^:([A-Za-z0-9+/]{43}=):$/.exec(parseDictionary(text ?? '')?.get('sha-256') ?? '')?.[1];
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('hex');
}

/** 64 lower-case hex digits out of `sha256:<hex>` or bare hex in any case; undefined for anything else. */
export function parseSha256(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const hex = text.trim().replace(/^sha-?256[:=]/i, '');
  return /^[0-9a-f]{64}$/i.test(hex) ? hex.toLowerCase() : undefined;
}
