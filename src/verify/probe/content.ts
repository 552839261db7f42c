import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { parseByteCount, parseSha256 } from '../../protocol/headers.ts';
import { cameOf, isSuccess, jsonOf } from '../answers.ts';
import { dialects } from '../dialect.ts';
import type { Attempt } from '../guess-stored-runs.ts';
import type { Payload, PayloadRecord } from '../payload.ts';
import type { Exchange } from '../recording.ts';
import { type Run, runsOf } from '../stored-runs.ts';
import type { Oracle, Target } from '../target.ts';
import type { ReadBack } from './read-back.ts';
import type { Upload, Uploads } from './uploads.ts';

/** What the server holds, by the word of the content oracle, next to what was sent. */
export interface Content {
  readonly by: Oracle | 'none';
  readonly expected: { readonly payload: PayloadRecord; readonly sizeBytes: number; readonly sha256: string };
  /** What was sent to this upload, in order: from which a wrong digest is explained. */
  readonly attempts: readonly Attempt[];
  readonly exchange?: Exchange;
  readonly stored?: { readonly sizeBytes?: number; readonly sha256: string };
  /** How the stored bytes differ, where they could be read. */
  readonly runs?: readonly Run[];
  /** Why nothing is known, in words. */
  readonly unknown?: string;
}

export type ReadContent = (upload: Upload, payload: Payload) => Promise<Content>;

export interface ContentTools {
  readonly uploads: Uploads;
  readonly target: Target;
  readonly exchanges: readonly Exchange[];
  /** GET whose whole body is handed out, beside the exchange that records it. */
  readonly download: (url: string, mostBytes: number) => Promise<{ exchange: Exchange; bytes?: Uint8Array }>;
  readonly pause: (ms: number) => Promise<void>;
  readonly readBack?: ReadBack;
}

type Finding = Pick<Content, 'exchange' | 'stored' | 'runs' | 'unknown'> & Partial<Pick<Content, 'by'>>;

const LARGE_BYTES = 1024 * 1024 * 1024;
/** What a slow disk gives. */
const FINALIZED_BYTES_PER_SECOND = 17 * 1024 * 1024;
const READY_TRIES = 12;
const READY_PAUSE_MS = 250;
/** What is read back is held in memory. */
const MOST_READ_BYTES = 512 * 1024 * 1024;

/** Asks the content oracle. Finalize consumes the upload: it is the last question to ask about it. */
export function createContent(tools: ContentTools): ReadContent {
  return async (upload, payload) => {
    const by = tools.target.oracle ?? 'none';
    const { record, sizeBytes } = payload;
    const expected = { payload: record, sizeBytes, sha256: payload.sha256() };
    const attempts = attemptsAt(upload, payload, tools.exchanges);
    return { by, expected, attempts, ...(await oracles[by](upload, payload, tools)) };
  };
}

const oracles: Readonly<
  Record<Oracle | 'none', (upload: Upload, payload: Payload, tools: ContentTools) => Promise<Finding>>
> = {
  finalize: async (upload, payload, tools) => {
    const isLarge = upload.sizeBytes > LARGE_BYTES;
    // A server hashes the whole file before it answers.
    const patience = { timeoutMs: (1000 * upload.sizeBytes) / FINALIZED_BYTES_PER_SECOND };
    const exchange = await tools.uploads.finalize(upload, isLarge ? patience : {});
    const json = jsonOf(exchange);
    const sha256 = parseSha256(json?.checksum);
    if (!isSuccess(exchange)) return { exchange, unknown: cameOf('finalize', exchange) };
    if (sha256 === undefined) return { exchange, unknown: "finalize's answer has no SHA-256" };
    const sizeBytes = parseByteCount(String(json?.size));
    const answered = { exchange, stored: { sha256, ...(sizeBytes !== undefined && { sizeBytes }) } };
    const isRight = sha256 === payload.sha256() && (sizeBytes ?? payload.sizeBytes) === payload.sizeBytes;
    if (tools.readBack === undefined || !isRight || payload.sizeBytes > MOST_READ_BYTES) return answered;
    // A server may answer with the checksum of what came, and hold something else.
    return { by: 'read-back', exchange, ...(await oracles['read-back'](upload, payload, tools)) };
  },
  get: async (upload, payload, { download, target, pause }) => {
    if (payload.sizeBytes > MOST_READ_BYTES) {
      return { by: 'none', unknown: 'content not verified: the file is too large to be read back by GET' };
    }
    const url = dialects[target.protocol].contentUrl(target, upload);
    const read = () => download(url, 2 * payload.sizeBytes + 64 * 1024);
    // After a lost answer nobody knows whether the server is still making it ready.
    const { exchange, bytes } = await whenReady(read, ({ exchange: got }) => got, target, pause);
    if (!isSuccess(exchange) || bytes === undefined) {
      return { exchange, unknown: cameOf('GET', exchange) };
    }
    return { exchange, ...found(bytes, payload) };
  },
  'read-back': async ({ url, id, filename }, payload, { readBack }) => {
    const bytes = await readBack?.({ url, id, filename });
    if (bytes instanceof Uint8Array) return found(bytes, payload);
    return { unknown: `the read-back command failed: ${bytes?.failed ?? 'there is none'}` };
  },
  none: async () => ({ unknown: 'content not verified: nothing reads back what was stored' }),
};

/** An artifact may be served a moment after its last byte was acknowledged (protocol v1, 6.1). */
export async function whenReady<T>(
  read: () => Promise<T>,
  exchangeOf: (got: T) => Exchange,
  { artifactsUrl }: Target,
  pause: (ms: number) => Promise<void>,
): Promise<T> {
  let got = await read();
  for (
    let tries = 0;
    artifactsUrl && exchangeOf(got).answer?.status === 404 && tries < READY_TRIES;
    tries++
  ) {
    await pause(READY_PAUSE_MS);
    got = await read();
  }
  return got;
}

/** The runs of the payload that were handed to the network for this upload. */
function attemptsAt(upload: Upload, { record }: Payload, exchanges: readonly Exchange[]): readonly Attempt[] {
  return exchanges
    .filter(({ url, sent }) => url === upload.url && sent.method === 'PATCH')
    .flatMap((exchange) =>
      (exchange.sent.body.parts ?? [])
        .filter((part) => isDeepStrictEqual(part.payload, record))
        .map(({ from, to, atBytes }) => ({
          from,
          to: Math.min(to, from + Math.max(0, exchange.sent.writtenBytes - atBytes)),
          acknowledged: isSuccess(exchange),
        })),
    )
    .filter(({ from, to }) => to > from);
}

function found(bytes: Uint8Array, payload: Payload): Finding {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const stored = { sizeBytes: bytes.length, sha256 };
  return sha256 === payload.sha256() ? { stored } : { stored, runs: runsOf(bytes, payload) };
}
