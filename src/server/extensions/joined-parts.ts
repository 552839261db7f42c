import type { Parts } from '../parts.ts';
import { settleComplete } from '../requests/complete.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { steadyNowMs } from '../store/steady-time.ts';
import { isComplete } from '../store/upload.ts';

export interface JoinedPartsTimes {
  /** How long the parts of a joined upload stay. */
  readonly keptMs: number;
  readonly sweepEveryMs: number;
  readonly nowMs: () => number;
}

/** Puts the parts of a final upload together once all of them are complete; leaves it as it is otherwise. */
export type Join = (
  final: LiveUpload,
  partIds: readonly string[],
  parts: Parts,
  isStopped?: () => boolean,
) => Promise<void>;

/** A client whose answer was lost asks for the same join once more, and may join the parts in another way, too. */
const standardTimes: JoinedPartsTimes = {
  keptMs: 60 * 60_000,
  sweepEveryMs: 10 * 60_000,
  nowMs: steadyNowMs,
};

/**
 * Removes the parts that a joined upload was made of, some time after that: they hold all of its bytes once more.
 * A server may remove parts, and clients must not rely on them (tus 1.0, Concatenation). What is still to be joined is
 * joined, also where nobody asks for it any more, lest its parts are kept for ever. Returns what ends the work.
 */
export function removeJoinedParts(
  parts: Parts,
  join: Join,
  times: Partial<JoinedPartsTimes> = {},
): () => Promise<void> {
  const { keptMs, sweepEveryMs, nowMs } = { ...standardTimes, ...times };
  // What is older was begun by a server that is gone.
  const startedMs = steadyNowMs();
  const sweep = async () => {
    const doneWithMs = await partsOfWholes(parts, join, startedMs);
    for (const [id, joinedMs] of doneWithMs) {
      const part = parts.isClosing() ? undefined : await parts.uploads.find(id);
      if (part?.info.concat?.kind !== 'partial' || part.hold !== undefined) continue;
      if (nowMs() - Math.max(joinedMs, part.touchedMs) >= keptMs) await parts.uploads.remove(part);
    }
  };
  let sweeping: Promise<void> | undefined;
  const timer = setInterval(() => {
    // What was in the way is tried again the next time.
    sweeping ??= sweep()
      .catch(() => {})
      .finally(() => {
        sweeping = undefined;
      });
  }, sweepEveryMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await sweeping;
  };
}

/** The parts of uploads that are whole and safe, and of no upload that still waits for them, with the time of the last join. */
async function partsOfWholes(
  parts: Parts,
  join: Join,
  startedMs: number,
): Promise<ReadonlyMap<string, number>> {
  const { store, uploads, isClosing } = parts;
  const joined = new Map<string, number>();
  const awaited = new Set<string>();
  for (const id of await store.ids()) {
    if (isClosing()) return new Map();
    const upload = await uploads.find(id);
    if (upload?.info.concat?.kind !== 'final') continue;
    const { partIds } = upload.info.concat;
    // What is settled, or being settled, was asked for, and is told of, whatever a crash left unwritten before.
    const wasAsked = upload.finished !== undefined || upload.settled !== undefined;
    const untold = upload.info.concat.untold && !wasAsked;
    if (untold && upload.joining === undefined && upload.touchedMs < startedMs) {
      await uploads.remove(upload);
      continue;
    }
    if (!untold && !isComplete(upload)) await join(upload, partIds, parts, isClosing).catch(() => {});
    const isSafe = !untold && (await isWholeAndSafe(upload, parts));
    if (!isSafe && (await lacksPart(partIds, parts))) continue;
    for (const partId of partIds) {
      if (!isSafe) awaited.add(partId);
      else joined.set(partId, Math.max(upload.touchedMs, joined.get(partId) ?? 0));
    }
  }
  for (const id of awaited) joined.delete(id);
  return joined;
}

/** Settled where nothing was moved yet: after a crash nobody knows whether the join had come so far. */
async function isWholeAndSafe(upload: LiveUpload, parts: Parts): Promise<boolean> {
  if (!isComplete(upload) || upload.joining !== undefined) return false;
  return settleComplete(upload, parts).then(
    (refused) => refused === undefined,
    () => false,
  );
}

/** Such a final upload can never be joined, so it keeps no part from being removed. */
async function lacksPart(partIds: readonly string[], { uploads }: Parts): Promise<boolean> {
  for (const id of partIds) if ((await uploads.find(id)) === undefined) return true;
  return false;
}
