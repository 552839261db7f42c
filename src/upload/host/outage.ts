import type { PulseEvent } from '../../events.ts';
import type { Outcome } from '../../protocol/wire.ts';
import { isUnreachable } from '../faults.ts';
import type { Tools, UploadSettings } from '../settings.ts';

/** Pauses grow up to this: short enough that nobody waits long for a server that is back. */
const LONGEST_STEP_MS = 30_000;

/** More than this between two attempts is no waiting of ours: the machine slept, and woke up (fault C44). */
const ASLEEP_AFTER_MS = 60_000;

/** Whether the server can be reached at all, as everything that goes there sees it. */
export interface Outage {
  /** To be told of every outcome. */
  readonly saw: (outcome: Outcome) => void;
  /**
   * How long to wait before the next attempt to reach the server; undefined where none is asked for, the limit has
   * passed, or its name was never known (then it is probably misspelt). The first call tells that waiting begins.
   */
  readonly pauseMs: (detail: string) => number | undefined;
  /** Whether it lasts for longer than it is waited for. */
  readonly isOver: () => boolean;
  /** How many outages have ended: an upload that lived through one may have expired meanwhile. */
  readonly ended: () => number;
}

interface Unreached {
  readonly sinceMs: number;
  lastMs: number;
  /** Without the time for which the machine slept. */
  awakeMs: number;
  steps: number;
  /** Whoever asks before this shares the latest step: several uploads at once are one that waits. */
  nextStepMs: number;
}

export function createOutage(
  { server, maxOutageMs, retryDelayMs, timeoutMs }: UploadSettings,
  { clock, random, report }: Pick<Tools, 'clock' | 'random' | 'report'>,
): Outage {
  let everReached = false;
  let nameUnknown = false;
  let current: Unreached | undefined;
  let ended = 0;

  const stepMs = (step: number) => Math.min(LONGEST_STEP_MS, retryDelayMs * 2 ** (step - 1));
  const unreached = () => {
    const nowMs = clock.nowMs();
    current ??= { sinceMs: nowMs, lastMs: nowMs, awakeMs: 0, steps: 0, nextStepMs: 0 };
    current.awakeMs += Math.min(nowMs - current.lastMs, ASLEEP_AFTER_MS + timeoutMs);
    current.lastMs = nowMs;
  };
  const reached = () => {
    everReached = true;
    if (current === undefined) return;
    if (current.steps > 0) {
      ended += 1;
      const elapsedMs = Math.round(clock.nowMs() - current.sinceMs);
      report({ type: 'outage.end', server: server.origin, elapsedMs });
    }
    current = undefined;
  };

  return {
    saw: (outcome) => {
      if (outcome.kind === 'answer') reached();
      else if (isUnreachable(outcome)) {
        nameUnknown = outcome.cause === 'unknown-host';
        unreached();
      }
    },
    pauseMs: (detail) => {
      if (maxOutageMs === undefined || current === undefined || (nameUnknown && !everReached))
        return undefined;
      const leftMs = maxOutageMs - current.awakeMs;
      if (leftMs <= 0) return undefined;
      if (current.steps === 0) report(started(server, detail, maxOutageMs));
      const nowMs = clock.nowMs();
      if (nowMs >= current.nextStepMs) {
        current.steps += 1;
        current.nextStepMs = nowMs + stepMs(current.steps) / 2;
      }
      // Jitter: whoever was cut off at the same moment must not come back in step.
      return Math.min(leftMs, stepMs(current.steps) * (0.75 + random() / 2));
    },
    isOver: () => maxOutageMs !== undefined && current !== undefined && current.awakeMs >= maxOutageMs,
    ended: () => ended,
  };
}

function started(server: URL, reason: string, maxOutageMs: number): PulseEvent {
  return { type: 'outage.start', server: server.origin, reason, maxOutageMs };
}
