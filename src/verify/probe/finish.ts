import { cameOf, isBusy, isSuccess, offsetOf, outcomeOf } from '../answers.ts';
import { Skip } from '../check.ts';
import { smallerChunk } from '../chunk-size.ts';
import type { Part, Payload } from '../payload.ts';
import type { Exchange } from '../recording.ts';
import { count } from '../stored-runs.ts';
import { type Target, whyNoChunks } from '../target.ts';
import type { Body } from './body.ts';
import { chunkForm } from './form.ts';
import type { Offsets } from './offsets.ts';
import type { WaitTools } from './patience.ts';
import type { RequestOptions } from './request.ts';
import type { Upload, Uploads } from './uploads.ts';

/** How sending the rest of a file went. */
export interface Finish {
  /** Where the server says the upload stands at the end; absent where it does not say. */
  readonly offset?: number;
  readonly complete: boolean;
  readonly exchanges: readonly Exchange[];
  /** Why it was given up, in words. */
  readonly trouble?: string;
}

export interface FinishOptions {
  /** Where to begin; asked from the server where absent. */
  readonly from?: number;
  /** The exchanges that said so: what shows where an upload stands that cannot be sent any further. */
  readonly saidBy?: readonly Exchange[];
  /** The most to send at a time, unless the server takes less. */
  readonly chunkBytes?: number;
  /** Where to stop; the end of the file where absent. */
  readonly to?: number;
  readonly patch?: RequestOptions;
  /** In forms: whoever loses bytes of forms loses them again. */
  readonly asForms?: boolean;
}

export type FinishUpload = (upload: Upload, payload: Payload, options?: FinishOptions) => Promise<Finish>;

/** The chunk of the Pulse Cam app. */
export const CHUNK_BYTES = 1024 * 1024;
/** Files of gigabytes are not sent in small pieces, nor to a server that takes crumbs of what it is sent. */
const MOST_CHUNKS = 400;
const MOST_TROUBLES = 5;
/** Where no chunk was taken so far, none is waited for. */
const MOST_WITHOUT_CHUNKS = 1;
/** All waits for the locks of one upload: one that is locked before every chunk would make the run endless. */
const ALL_BUSY_MS = 10 * 60_000;
const RETRY_PAUSES_MS = [50, 250, 1000, 1000, 1000];

/**
 * Sends what is missing, as a client would: from where the server says, chunk by chunk, on trouble asking again,
 * and waiting for as long as a lock may last.
 * Whether the bytes are right in the end is a question to the content oracle.
 */
export function createFinish(
  uploads: Uploads,
  offsets: Offsets,
  { pause, nowMs, patience, aside }: WaitTools,
  target: Target,
): FinishUpload {
  const waitsForChunks = whyNoChunks(target) === undefined;
  const mostTroubles = waitsForChunks ? MOST_TROUBLES : MOST_WITHOUT_CHUNKS;
  return async (upload, payload, options = {}) => {
    const { from, saidBy = [], to = payload.sizeBytes } = options;
    let { chunkBytes = CHUNK_BYTES } = options;
    const exchanges: Exchange[] = [...saidBy];
    const ask = async (how: 'currentOffset' | 'settle') => {
      const known = await offsets[how](upload);
      exchanges.push(...known.exchanges);
      return known.bytes;
    };
    let offset =
      from ?? (await ask('currentOffset')) ?? offsets.acknowledged(upload) ?? (await ask('settle'));
    const fromBytes = offset ?? 0;
    let chunks = 0;
    let troubles = 0;
    let waits = 0;
    let busySinceMs: number | undefined;
    let leftMs = ALL_BUSY_MS;
    const isLeft = (sinceMs: number) => nowMs() - sinceMs < Math.min(patience.busyMs(), leftMs);
    while (offset === undefined || offset < to) {
      if (offset === undefined) {
        return { complete: false, exchanges, trouble: 'the server does not say where the upload stands' };
      }
      if (chunks === MOST_CHUNKS) {
        const trouble = `of ${MOST_CHUNKS} chunks it took ${count(offset - fromBytes)} bytes in all`;
        return { complete: false, offset, exchanges, trouble };
      }
      const end = Math.min(offset + chunkBytes, to);
      const chunk = chunkOf(payload.part(offset, end), options);
      const stood: number = offset;
      const send = () => uploads.patch(upload, stood, ...chunk);
      // Before a lock, the answer may be waited for as well.
      const exchange = await (busySinceMs === undefined ? send() : aside(send));
      exchanges.push(exchange);
      const accepted = isSuccess(exchange) ? offsetOf(exchange) : undefined;
      if (accepted !== undefined && accepted > offset) {
        offset = accepted;
        chunks += 1;
        if (busySinceMs !== undefined) leftMs -= nowMs() - busySinceMs;
        busySinceMs = undefined;
        continue;
      }
      const smaller = smallerChunk(exchange, target, exchanges);
      if (smaller !== undefined) {
        if (to - offset > MOST_CHUNKS * smaller)
          throw new Skip(`needs larger chunks than the server takes: ${outcomeOf(exchange)}`);
        chunkBytes = smaller;
        // A server may have kept the beginning.
        offset = (await ask('settle')) ?? offset;
        continue;
      }
      // Some servers let whoever asks wait in silence.
      const isUnanswered = exchange.broken?.cause === 'timeout';
      const putOff = waitsForChunks && (isBusy(exchange) || isUnanswered);
      if (putOff) busySinceMs ??= nowMs();
      const isWaiting = putOff && isLeft(busySinceMs ?? 0);
      if (!isWaiting && (troubles === mostTroubles || isUnanswered)) {
        if (busySinceMs !== undefined) patience.exhaust();
        const trouble = cameOf(`PATCH at ${offset}`, exchange);
        return { complete: false, offset, exchanges, trouble };
      }
      const askAgain = async () => {
        await pause(RETRY_PAUSES_MS[isWaiting ? waits++ : troubles++] ?? 1000);
        // A chunk that was put off was not stored.
        const told = isWaiting && !isUnanswered && target.headless !== undefined ? stood : undefined;
        return toldWithoutHead(exchange, stood, target) ?? told ?? (await ask('settle'));
      };
      offset = await (isWaiting ? aside(askAgain) : askAgain());
    }
    return { complete: offset === to, offset, exchanges };
  };
}

function chunkOf(part: Part, { patch, asForms = false }: FinishOptions): [Body, RequestOptions | undefined] {
  if (!asForms) return [part, patch];
  const { body, type } = chunkForm(part);
  return [body, { ...patch, headers: { ...patch?.headers, 'Content-Type': type } }];
}

/** Where a 409 says that the upload stands: without HEAD a client has nothing else, unless empty chunks are taken. */
function toldWithoutHead(refused: Exchange, offset: number, { headless }: Target): number | undefined {
  const told = refused.answer?.status === 409 ? offsetOf(refused) : undefined;
  return headless === undefined || told === offset ? undefined : told;
}
