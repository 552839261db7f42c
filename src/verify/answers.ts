import { parseByteCount, parseRetryAfterMs } from '../protocol/headers.ts';
import { jsonObject } from '../protocol/json.ts';
import { type PayloadRecord, payloadOf } from './payload.ts';
import type { AnswerRecord, Exchange, HeadRecord } from './recording.ts';

/** Words for reading what was recorded; scenarios decide with them, judges judge with them. */

/** The values of every header of that name, in order. */
export function headerValues(head: Pick<HeadRecord, 'headers'> | undefined, name: string): readonly string[] {
  const wanted = name.toLowerCase();
  return (head?.headers ?? []).flatMap(([candidate, value]) =>
    candidate.toLowerCase() === wanted ? [value] : [],
  );
}

/** The value of a header, repeated lines joined (RFC 9110, 5.3); undefined where it is absent. */
export function headerOf(exchange: Exchange | undefined, name: string): string | undefined {
  const values = headerValues(exchange?.answer, name);
  return values.length === 0 ? undefined : values.join(', ');
}

/** The comma-separated members of a header, trimmed; empty where it is absent. */
export function headerMembers(exchange: Exchange | undefined, name: string): readonly string[] {
  const value = headerOf(exchange, name);
  return value === undefined ? [] : value.split(',').map((member) => member.trim());
}

/** Upload-Offset as a number; undefined where it is absent or no plain integer. */
export function offsetOf(exchange: Exchange | undefined): number | undefined {
  return parseByteCount(headerOf(exchange, 'Upload-Offset'));
}

export function isSuccess(exchange: Exchange | undefined): boolean {
  const status = exchange?.answer?.status;
  return status !== undefined && status >= 200 && status < 300;
}

/** The server ended the connection instead of answering. */
export function wasClosed({ broken }: Exchange): boolean {
  return broken?.cause === 'closed' || broken?.cause === 'reset';
}

/** As a connection ends that was idle for too long: before the server has seen the request. */
export function endedMeanwhile(exchange: Exchange): boolean {
  return wasClosed(exchange) && exchange.broken?.received === undefined;
}

/** The server knows the upload no more. */
export function isGone(exchange: Exchange | undefined): boolean {
  const status = exchange?.answer?.status;
  return status === 404 || status === 410;
}

/** Another request of the same scenario was under way at the same time. */
export function overlapsAnother(
  { n, startedMs, endedMs = Number.POSITIVE_INFINITY }: Exchange,
  exchanges: readonly Exchange[],
): boolean {
  return exchanges.some(
    (other) =>
      other.n !== n && other.startedMs < endedMs && (other.endedMs ?? Number.POSITIVE_INFINITY) > startedMs,
  );
}

/** The server says that it will do it later: the upload is locked, or it has too much to do. */
export function isBusy(exchange: Exchange | undefined): boolean {
  const status = exchange?.answer?.status;
  return status === 423 || status === 429 || status === 503;
}

/** The chunk came while the server was busy, or at an offset that it had just left: it says nothing of the bytes. */
export function isOutOfTurn(exchange: Exchange): boolean {
  return isBusy(exchange) || exchange.answer?.status === 409;
}

/** The answer names a time at which it will be another one. */
function namesLater(exchange: Exchange | undefined): boolean {
  return parseRetryAfterMs(headerOf(exchange, 'Retry-After'), 0) !== undefined;
}

/** 503 says so only with a time to come back at: alone it is what a proxy answers for a server that is gone. */
export function isPutOff(exchange: Exchange): boolean {
  const status = exchange.answer?.status;
  return status === 429 || (status === 503 && namesLater(exchange));
}

/** Served, if only by a redirect, which is not followed. */
export function isServed(exchange: Exchange | undefined): boolean {
  const status = exchange?.answer?.status;
  return status !== undefined && status >= 200 && status < 400;
}

/** The JSON object in an answer's body; undefined for anything else. */
export function jsonOf(exchange: Exchange | undefined): Readonly<Record<string, unknown>> | undefined {
  return jsonObject(exchange?.answer?.body.text ?? '');
}

/** The answer's body begins as the payload does. */
export function beginsAs({ body }: AnswerRecord, payload: PayloadRecord): boolean {
  const begins = Buffer.from(body.base64 ?? '', 'base64');
  return begins.length > 0 && begins.equals(payloadOf(payload).bytes(0, begins.length));
}

/** What came of a request, in a few words: `409 Conflict`, `no answer came within 500 ms`. */
export function outcomeOf(exchange: Exchange): string {
  const { answer, broken, sent } = exchange;
  if (answer) return `${answer.status}${answer.reason === '' ? '' : ` ${answer.reason}`}`;
  if (broken) return broken.detail;
  return sent.cut ? 'the connection was cut by the tester' : 'nobody waited for an answer';
}

/** The same as a sentence: `finalize answered 409 Conflict`, `finalize: no answer came within 500 ms`. */
export function cameOf(what: string, exchange: Exchange): string {
  return `${what}${exchange.answer ? ' answered' : ':'} ${outcomeOf(exchange)}`;
}
