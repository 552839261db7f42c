import { setTimeout as wait } from 'node:timers/promises';
import type { Pace, Send } from '../protocol/wire.ts';

/** A tenth of a second's worth goes out at a time: smooth enough for a shared line, rare enough to cost nothing. */
const SLICES_PER_SECOND = 10;
const SLICE_BYTES = { min: 1024, max: 512 * 1024 } as const;

interface Time {
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

const systemTime: Time = { nowMs: () => performance.now(), sleep: (ms) => wait(ms) };

/** At most so many bytes a second, in the order in which they are asked for. Nothing is saved up while nobody sends. */
export function createPace(bytesPerSecond: number, time: Time = systemTime): Pace {
  const sliceBytes = Math.floor(bytesPerSecond / SLICES_PER_SECOND);
  let freeAtMs = 0;
  return {
    sliceBytes: Math.min(SLICE_BYTES.max, Math.max(SLICE_BYTES.min, sliceBytes)),
    turn: async (bytes) => {
      const nowMs = time.nowMs();
      const turnMs = Math.max(nowMs, freeAtMs);
      freeAtMs = turnMs + (bytes * 1000) / bytesPerSecond;
      if (turnMs > nowMs) await time.sleep(turnMs - nowMs);
    },
  };
}

/** A transport whose requests share a pace. */
export function pacedSend(send: Send, pace: Pace): Send {
  return (request, conditions) => send(request, { ...conditions, pace });
}
