import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from './settings.ts';

/** The machine's own time; durations are measured on the monotonic clock, dates on the wall clock's origin. */
export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  sleep: async (ms, signal) => {
    signal?.throwIfAborted();
    try {
      await wait(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};
