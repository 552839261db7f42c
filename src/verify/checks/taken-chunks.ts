import { OFFSET_OCTET_STREAM, parseByteCount } from '../../protocol/headers.ts';
import { uploadIdOf } from '../../protocol/urls.ts';
import { headerOf, isSuccess } from '../answers.ts';
import { Blocked } from '../check.ts';
import type { Exchange } from '../recording.ts';
import type { SeenInRun } from '../scenario.ts';

type Seen = SeenInRun['exchanges'][number];

/** Chunks as the app sends them that succeeded: raw bytes in front of the declared end, one request at a time. */
export function takenChunks({ exchanges }: SeenInRun): readonly Seen[] {
  const lengths = declaredLengths(exchanges);
  const chunks = exchanges.filter((exchange) => {
    const from = sentOffset(exchange);
    const length = lengths.get(`${exchange.scenario} ${uploadIdOf(new URL(exchange.url))}`);
    if (!isOrdinary(exchange) || from === undefined || length === undefined || from >= length) return false;
    return !exchanges.some((other) => other !== exchange && areSideBySide(other, exchange));
  });
  if (chunks.length === 0) throw new Blocked('no chunk was acknowledged');
  return chunks;
}

function isOrdinary(exchange: Seen): boolean {
  const { method, headers, body, writtenBytes, cut } = exchange.sent;
  const values = (name: string) => headers.filter(([given]) => given.toLowerCase() === name).map(last);
  return (
    method === 'PATCH' &&
    isSuccess(exchange) &&
    body.sizeBytes > 0 &&
    writtenBytes === body.sizeBytes &&
    cut === undefined &&
    values('content-type').join() === OFFSET_OCTET_STREAM &&
    values('content-length').join() === String(body.sizeBytes) &&
    values('x-http-method-override').length === 0
  );
}

const last = ([, value]: readonly [string, string]) => value;

export function sentOffset({ sent }: Exchange): number | undefined {
  const values = sent.headers.filter(([name]) => name.toLowerCase() === 'upload-offset').map(last);
  return values.length === 1 ? parseByteCount(values[0]) : undefined;
}

/** Sizes by scenario and upload, as they were declared with the creation. */
function declaredLengths(exchanges: SeenInRun['exchanges']): ReadonlyMap<string, number> {
  const known = exchanges.flatMap((exchange) => {
    const { method, headers } = exchange.sent;
    const location = headerOf(exchange, 'Location');
    const length = parseByteCount(headers.find(([name]) => name.toLowerCase() === 'upload-length')?.[1]);
    if (method !== 'POST' || length === undefined || !isSuccess(exchange)) return [];
    if (location === undefined || !URL.canParse(location, exchange.url)) return [];
    const id = uploadIdOf(new URL(location, exchange.url));
    return [[`${exchange.scenario} ${id}`, length] as const];
  });
  return new Map(known);
}

/** Whoever got no answer may still be at work on the server. */
function areSideBySide(other: Seen, exchange: Seen): boolean {
  const isSameUpload = other.url === exchange.url && other.scenario === exchange.scenario;
  const { startedMs, endedMs = startedMs } = exchange;
  return isSameUpload && other.startedMs < endedMs && (other.endedMs ?? Number.POSITIVE_INFINITY) > startedMs;
}
