import { PulseError } from '../../errors.ts';
import type { Clock } from '../settings.ts';

/** A server that asks for a longer pause than this is better asked again by a later run. */
export const LONGEST_PAUSE_MS = 10 * 60_000;

/** How far apart, at most, those who waited for the same pause come back. */
const SPREAD_MS = 2_000;

/** The time for which a server asked to be left alone: kept by everything that goes there, not by one file (fault C21). */
export interface HostPause {
  /** From now on for so long; a longer pause that was asked for earlier still holds. */
  readonly extend: (ms: number) => void;
  /**
   * Undefined where requests may go out now, which costs a request nothing; else resolves when they may.
   * Rejects with `temporary` where that is too far away, and with the signal's reason.
   */
  readonly over: (signal?: AbortSignal) => Promise<void> | undefined;
  /** How long it still lasts; 0 where there is none. */
  readonly leftMs: () => number;
  /** It ends too late to be waited for. */
  readonly isTooLong: () => boolean;
}

interface Waiting {
  readonly clock: Clock;
  readonly random: () => number;
}

export function createHostPause({ clock, random }: Waiting, longestMs: number): HostPause {
  let untilMs = 0;
  const left = () => (untilMs === 0 ? 0 : Math.max(0, untilMs - clock.nowMs()));
  const wait = async (signal?: AbortSignal) => {
    for (let leftMs = left(); leftMs > 0; leftMs = left()) {
      if (leftMs > longestMs) throw tooLong(leftMs);
      // Whoever met the pause is back first, and may meet the next one: the others must not all be there by then.
      await clock.sleep(leftMs + random() * Math.min(SPREAD_MS, leftMs / 2), signal);
    }
  };
  return {
    extend: (ms) => {
      untilMs = Math.max(untilMs, clock.nowMs() + ms);
    },
    over: (signal) => (untilMs === 0 || clock.nowMs() >= untilMs ? undefined : wait(signal)),
    leftMs: left,
    isTooLong: () => left() > longestMs,
  };
}

function tooLong(leftMs: number): PulseError {
  return new PulseError(
    'temporary',
    `the server asks to be left alone for another ${Math.ceil(leftMs / 1000)} s (Retry-After); no request was sent`,
    { hint: 'run the same command again later' },
  );
}
