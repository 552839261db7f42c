import type { Parts } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { steadyNowMs } from '../store/steady-time.ts';
import { isComplete } from '../store/upload.ts';

export interface JoinedPartsTimes {
  /** How long the parts of a joined upload stay. */
  readonly keptMs: number;
  readonly sweepEveryMs: number;
  readonly nowMs: () => number;
}

/** A client whose answer was lost asks for the same join once more, and may join the parts in another way, too. */
const standardTimes: JoinedPartsTimes = {
  keptMs: 60 * 60_000,
  sweepEveryMs: 10 * 60_000,
  nowMs: steadyNowMs,
};

/**
 * Removes the parts that a joined upload was made of, some time after that: they hold all of its bytes once more.
 * A server may remove parts, and clients must not rely on them (tus 1.0, Concatenation). Returns what ends the work.
 */
export function removeJoinedParts(parts: Parts, times: Partial<JoinedPartsTimes> = {}): () => void {
  const { keptMs, sweepEveryMs, nowMs } = { ...standardTimes, ...times };
  const sweep = async () => {
    const doneWithMs = await partsOfWholes(parts);
    for (const [id, joinedMs] of doneWithMs) {
      const part = parts.isClosing() ? undefined : await parts.uploads.find(id);
      if (part?.info.concat?.kind !== 'partial' || part.hold !== undefined) continue;
      if (nowMs() - Math.max(joinedMs, part.touchedMs) >= keptMs)
        await parts.uploads.remove(part, async () => {});
    }
  };
  let isSweeping = false;
  const timer = setInterval(async () => {
    if (isSweeping) return;
    isSweeping = true;
    await sweep().catch(() => {}); // what was in the way is tried again the next time
    isSweeping = false;
  }, sweepEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** The parts of uploads that are whole and safe, and of no upload that still waits for them, with the time of the last join. */
async function partsOfWholes(parts: Parts): Promise<ReadonlyMap<string, number>> {
  const joined = new Map<string, number>();
  const awaited = new Set<string>();
  for (const id of await parts.store.ids()) {
    if (parts.isClosing()) return new Map();
    const upload = await parts.uploads.find(id);
    if (upload?.info.concat?.kind !== 'final') continue;
    const isSafe = await isWholeAndSafe(upload, parts);
    for (const partId of upload.info.concat.partIds) {
      if (!isSafe) awaited.add(partId);
      else joined.set(partId, Math.max(upload.touchedMs, joined.get(partId) ?? 0));
    }
  }
  for (const id of awaited) joined.delete(id);
  return joined;
}

/** Synced once more where nothing was moved yet: after a crash nobody knows whether the join had come so far. */
async function isWholeAndSafe(upload: LiveUpload, { store }: Parts): Promise<boolean> {
  if (!isComplete(upload) || upload.joining !== undefined) return false;
  if (upload.finished === undefined) await store.sync(upload.info.id);
  return true;
}
