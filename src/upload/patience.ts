import { errorOf, type Fault } from './faults.ts';
import type { Tools, UploadSettings } from './settings.ts';

/** A lock of a dead connection is waited for this long (client fault C05). */
const LOCK_WAIT_MS = 60_000;

/** A server that asks for a longer pause than this is better asked again by a later run. */
const LONGEST_PAUSE_MS = 10 * 60_000;

interface Waiting {
  readonly file: string;
  readonly settings: UploadSettings;
  readonly tools: Tools;
  /** Told before each pause. */
  readonly onRetry: () => void;
}

/** The budget of tries: attempts in a row without durable progress. */
export interface Patience {
  /** Waits before the next try; throws the fault as an error when the budget is spent or trying cannot help. */
  readonly spend: (fault: Fault) => Promise<void>;
  /** The server advanced: the budget is whole again. */
  readonly refill: () => void;
}

export function createPatience({ file, settings, tools, onRetry }: Waiting): Patience {
  let spent = 0;
  let waits = 0;
  let waitedForLockMs = 0;

  const pauseMs = (fault: Fault): number | undefined => {
    if (fault.remedy === 'wait') {
      if (waitedForLockMs >= LOCK_WAIT_MS) return undefined;
      // Growing pauses with jitter: several clients that wait for one lock must not knock in step.
      const grownMs = Math.min(10_000, settings.retryDelayMs + waitedForLockMs / 2);
      const ms = Math.max(fault.retryAfterMs ?? 0, grownMs * (0.75 + tools.random() / 2));
      waitedForLockMs += ms;
      waits += 1;
      return ms;
    }
    spent += 1;
    if (spent > settings.retries) return undefined;
    return fault.retryAfterMs ?? settings.retryDelayMs;
  };

  return {
    spend: async (fault) => {
      if (fault.remedy === 'stop' || fault.remedy === 'gone') throw errorOf(fault);
      const delayMs = pauseMs(fault);
      if (delayMs === undefined || delayMs > LONGEST_PAUSE_MS) throw errorOf(fault);
      onRetry();
      const attempt = fault.remedy === 'wait' ? waits : spent;
      tools.report({
        type: 'upload.retry',
        file,
        attempt,
        delayMs: Math.round(delayMs),
        reason: fault.reason,
      });
      await tools.clock.sleep(delayMs, tools.signal);
    },
    refill: () => {
      spent = 0;
      waits = 0;
      waitedForLockMs = 0;
    },
  };
}
