import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from './settings.ts';

/** The machine's own time: durations by the clock that nobody sets, dates by the one that people read. */
export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  dateMs: () => Date.now(),
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
