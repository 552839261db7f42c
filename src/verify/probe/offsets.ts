import { isBusy, isGone, isSuccess, offsetOf } from '../answers.ts';
import type { Exchange } from '../recording.ts';
import type { Target } from '../target.ts';
import type { WaitTools } from './patience.ts';
import type { Upload, Uploads } from './uploads.ts';

/** Where an upload stands by the server's own word. */
export interface KnownOffset {
  /** Absent where the server gave no answer that says it. */
  readonly bytes?: number;
  /** HEAD, or without HEAD an empty PATCH: taken, it is at the offset; refused with 409, elsewhere. */
  readonly by: 'head' | 'empty-patch';
  readonly exchanges: readonly Exchange[];
}

export interface Offsets {
  /** The offset at this moment. */
  readonly currentOffset: (upload: Upload) => Promise<KnownOffset>;
  /** The offset once it has come to rest: servers may still be storing, or waiting for a lock, after a cut. */
  readonly settle: (upload: Upload, sent?: SentBytes) => Promise<KnownOffset>;
  /** What the server acknowledged last, where there is no HEAD and nothing else says it: a client would go on from there. */
  readonly acknowledged: (upload: Upload) => number | undefined;
}

/** Bytes that were sent to an upload: while its offset has not moved, they may still be on their way. */
export interface SentBytes {
  readonly from: number;
  readonly bytes: number;
}

/** First asked often, then seldom: most servers have come to rest at once. */
const SETTLE_PAUSES_MS = [30, 60, 120, 250];
const SETTLE_MS = 10_000;
/** A server that is busy is asked less and less often. */
const BUSY_PAUSES_MS = [250, 500, 1000, 2000];
/** An offset that has not moved for this long after bytes were sent will not move: nothing of them is kept. */
const MOVE_MS = 2000;
/** Of an answer that takes longer nobody knows whether the server was at work meanwhile, or the machine was busy. */
const MOST_COUNTED_MS = 250;
/** Where nobody listens any more, somebody who does not come back within this time has gone. */
const RETURN_MS = 4000;
/** How many places an upload without HEAD is looked for at. */
const MOST_GUESSES = 8;

export function createOffsets(
  uploads: Uploads,
  target: Target,
  exchanges: readonly Exchange[],
  { pause, nowMs, patience, aside }: WaitTools,
): Offsets {
  const byHead = async (upload: Upload): Promise<KnownOffset> => {
    const asked = await uploads.head(upload);
    if (!isSuccess(asked)) {
      const isMovedAway = target.goneWhenComplete && isGone(asked) && wasSentWhole(exchanges, upload);
      return { by: 'head', exchanges: [asked], ...(isMovedAway && { bytes: upload.sizeBytes }) };
    }
    const bytes = offsetOf(asked);
    if (bytes !== undefined) return { by: 'head', exchanges: [asked], bytes };
    // A HEAD that forgets the offset is a finding of its own; what builds on the offset goes on without it.
    const other = await byEmptyPatch(upload);
    return { ...other, exchanges: [asked, ...other.exchanges] };
  };

  const byEmptyPatch = async (upload: Upload): Promise<KnownOffset> => {
    const asked: Exchange[] = [];
    for (const guess of placesToLook(exchanges, upload).slice(0, MOST_GUESSES)) {
      const exchange = await uploads.patch(upload, guess, '');
      asked.push(exchange);
      const bytes = isSuccess(exchange) ? (offsetOf(exchange) ?? guess) : undefined;
      const hint = bytes ?? (exchange.answer?.status === 409 ? offsetOf(exchange) : undefined);
      if (hint !== undefined) return { by: 'empty-patch', exchanges: asked, bytes: hint };
      if (exchange.answer?.status !== 409) break;
    }
    return { by: 'empty-patch', exchanges: asked };
  };

  const currentOffset = target.headless === undefined ? byHead : byEmptyPatch;

  const settle = async (upload: Upload, sent?: SentBytes): Promise<KnownOffset> => {
    const startMs = nowMs();
    let countedMs = 0;
    let before: KnownOffset | undefined;
    const asked: Exchange[] = [];
    let busyRounds = 0;
    for (let round = 0; ; round++) {
      const isWaiting = before !== undefined && isLate(before);
      const pauseMs = isWaiting ? at(BUSY_PAUSES_MS, busyRounds++) : at(SETTLE_PAUSES_MS, round);
      const ask = async () => {
        await pause(pauseMs);
        return currentOffset(upload);
      };
      const askedMs = nowMs();
      const now = await (isWaiting ? aside(ask) : ask());
      asked.push(...now.exchanges);
      const passedMs = nowMs() - startMs;
      countedMs += Math.min(nowMs() - askedMs, pauseMs + MOST_COUNTED_MS);
      const isAwaited = sent !== undefined && sent.bytes > 0 && countedMs < MOVE_MS;
      const isUnmoved = isAwaited && now.bytes === sent.from;
      const isAtRest = now.bytes !== undefined && now.bytes === before?.bytes && !isUnmoved;
      const isOver = passedMs > (isLate(now) ? Math.max(SETTLE_MS, patience.busyMs()) : patienceMs(now));
      if (isOver && isLate(now)) patience.exhaust();
      if (isAtRest || isLost(now) || isOver) return { ...now, exchanges: asked };
      before = now;
    }
  };

  const acknowledged = (upload: Upload) =>
    target.headless === undefined ? undefined : (acknowledgedIn(patchesOf(exchanges, upload)).at(-1) ?? 0);

  return { currentOffset, settle, acknowledged };
}

function patienceMs({ exchanges }: KnownOffset): number {
  return exchanges.at(-1)?.broken?.cause === 'refused' ? RETURN_MS : SETTLE_MS;
}

function at(pausesMs: readonly number[], round: number): number {
  return pausesMs[Math.min(round, pausesMs.length - 1)] ?? 0;
}

/** A lock may make whoever asks wait as well, for longer than a request does. */
function isLate({ bytes, exchanges }: KnownOffset): boolean {
  const last = exchanges.at(-1);
  return bytes === undefined && (isBusy(last) || last?.broken?.cause === 'timeout');
}

/** An upload that is not there will not come to rest. */
function isLost({ exchanges }: KnownOffset): boolean {
  const status = exchanges.at(-1)?.answer?.status;
  return status === 404 || status === 410 || status === 403 || status === 401;
}

/**
 * Offsets at which an upload may stand: the last one acknowledged, the greatest (of requests at the same time another one
 * may have been the last), then the ends and starts of what was sent.
 */
function placesToLook(exchanges: readonly Exchange[], upload: Upload): readonly number[] {
  const patches = patchesOf(exchanges, upload);
  const acknowledged = acknowledgedIn(patches);
  const ends = patches.flatMap(({ sent }) => (sent.body.parts ?? []).map(({ to }) => to));
  const starts = patches.map(({ sent }) => startOf(sent.headers));
  const places = [
    acknowledged.at(-1) ?? 0,
    Math.max(0, ...acknowledged),
    ...ends.reverse(),
    ...starts.reverse(),
    0,
  ];
  return [
    ...new Set(places.filter((place) => place !== undefined && Number.isSafeInteger(place))),
  ] as number[];
}

function patchesOf(exchanges: readonly Exchange[], upload: Upload): readonly Exchange[] {
  return exchanges.filter(({ url, sent }) => url === upload.url && sent.method === 'PATCH');
}

/** A chunk with the last byte was acknowledged, or came whole and its answer was lost. */
function wasSentWhole(exchanges: readonly Exchange[], upload: Upload): boolean {
  return patchesOf(exchanges, upload).some((exchange) => {
    const { body, writtenBytes } = exchange.sent;
    const isAtEnd = (body.parts ?? []).some(
      ({ from, to, atBytes }) => Math.min(to, from + writtenBytes - atBytes) >= upload.sizeBytes,
    );
    return isAtEnd && (exchange.answer === undefined || offsetOf(exchange) === upload.sizeBytes);
  });
}

function acknowledgedIn(patches: readonly Exchange[]): readonly number[] {
  return patches.flatMap((exchange) => (isSuccess(exchange) ? [offsetOf(exchange) ?? 0] : []));
}

function startOf(headers: Exchange['sent']['headers']): number | undefined {
  const value = headers.find(([name]) => name.toLowerCase() === 'upload-offset')?.[1];
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}
