import { errorOf, type Fault, isPassing, isUnreachable } from '../faults.ts';
import type { Asker } from '../job.ts';
import { LONGEST_PAUSE_MS } from './host-pause.ts';

/** A lock of a dead connection is waited for this long (client fault C05). */
const LOCK_WAIT_MS = 60_000;

/** What is tried more slowly each time is still tried this often. */
const LONGEST_STEP_MS = 10_000;

/** The budget of tries: attempts in a row without durable progress. */
export interface Patience {
  /**
   * Waits before the next try; throws the fault as an error when the budget is spent or trying cannot help.
   * `slower` doubles the pause so many times.
   */
  readonly spend: (fault: Fault, slower?: number) => Promise<void>;
  /** The same, but answers whether there was a try left. */
  readonly lasts: (fault: Fault, slower?: number) => Promise<boolean>;
  /** The server advanced: the budget is whole again, but for what was waited for a lock that is still held. */
  readonly refill: (isStillLocked: boolean) => void;
}

/** What was spent since the last progress. */
interface Spent {
  readonly tries: number;
  readonly waits: number;
  readonly waitedForLockMs: number;
  /** Attempts in a row that found nobody. */
  readonly unreached: number;
}

/** A pause before try number `attempt`, and what will have been spent then. */
interface Pause {
  readonly attempt: number;
  readonly delayMs: number;
  readonly spent: Spent;
}

const nothing: Spent = { tries: 0, waits: 0, waitedForLockMs: 0, unreached: 0 };

export function createPatience(asker: Asker): Patience {
  const { source, settings, tools, tally } = asker;
  let spent = nothing;
  const longestMs = Math.max(LONGEST_PAUSE_MS, settings.maxOutageMs ?? 0);

  const lasts = async (fault: Fault, slower = 0) => {
    if (!isPassing(fault) && fault.remedy !== 'realign') return false;
    const pause = pauseFor(fault, spent, slower, asker);
    // Also by the last try: it is not this file alone that is to leave the server alone.
    if (fault.remedy === 'pause')
      tools.host.pause.extend(pause?.delayMs ?? fault.retryAfterMs ?? settings.retryDelayMs);
    if (pause === undefined || pause.delayMs > longestMs) return false;
    spent = pause.spent;
    tally.retries += 1;
    const { attempt, delayMs } = pause;
    const { reason } = fault;
    tools.report({ type: 'upload.retry', file: source.name, attempt, delayMs: Math.round(delayMs), reason });
    await tools.clock.sleep(delayMs, tools.signal);
    return true;
  };

  return {
    lasts,
    spend: async (fault, slower) => {
      if (!(await lasts(fault, slower))) throw errorOf(withOutage(fault, asker));
    },
    refill: (isStillLocked) => {
      const { waits, waitedForLockMs } = spent;
      spent = isStillLocked ? { ...nothing, waits, waitedForLockMs } : nothing;
    },
  };
}

/** The same fault; where nobody came back in time, that is said. */
function withOutage(fault: Fault, { settings, tools }: Asker): Fault {
  const { maxOutageMs = 0 } = settings;
  if (fault.broken === undefined || !isUnreachable(fault.broken) || !tools.host.outage.isOver()) return fault;
  return {
    ...fault,
    reason: `${fault.reason}; it did not come back within ${maxOutageMs / 1000} s (--max-outage)`,
  };
}

/** Undefined where the budget is spent. */
function pauseFor(fault: Fault, spent: Spent, slower: number, asker: Asker): Pause | undefined {
  if (fault.remedy === 'wait') return pauseForLock(fault, spent, asker);
  const { settings } = asker;
  if (fault.broken !== undefined && isUnreachable(fault.broken) && settings.maxOutageMs !== undefined)
    return pauseForOutage(fault, spent, asker);
  const tries = spent.tries + 1;
  if (tries > settings.retries) return undefined;
  const stepMs = Math.min(
    Math.max(LONGEST_STEP_MS, settings.retryDelayMs),
    settings.retryDelayMs * 2 ** slower,
  );
  return { attempt: tries, delayMs: fault.retryAfterMs ?? stepMs, spent: { ...spent, tries, unreached: 0 } };
}

function pauseForLock(fault: Fault, spent: Spent, { settings, tools }: Asker): Pause | undefined {
  if (spent.waitedForLockMs >= LOCK_WAIT_MS) return undefined;
  // Growing pauses with jitter: several clients that wait for one lock must not knock in step.
  const grownMs = Math.min(LONGEST_STEP_MS, settings.retryDelayMs + spent.waitedForLockMs / 2);
  const delayMs = Math.max(fault.retryAfterMs ?? 0, grownMs * (0.75 + tools.random() / 2));
  const waits = spent.waits + 1;
  return {
    attempt: waits,
    delayMs,
    spent: { ...spent, waits, waitedForLockMs: spent.waitedForLockMs + delayMs, unreached: 0 },
  };
}

/** First the ordinary tries; what finds nobody after them is an outage, which no file is to blame for. */
function pauseForOutage(fault: Fault, spent: Spent, { settings, tools }: Asker): Pause | undefined {
  const unreached = spent.unreached + 1;
  const delayMs =
    unreached <= settings.retries
      ? settings.retryDelayMs
      : tools.host.outage.pauseMs(fault.broken?.detail ?? fault.reason);
  return delayMs === undefined ? undefined : { attempt: unreached, delayMs, spent: { ...spent, unreached } };
}
