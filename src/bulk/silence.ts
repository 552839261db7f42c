import type { PulseError } from '../errors.ts';
import type { Outcome } from '../protocol/wire.ts';
import { isUnreachable } from '../upload/faults.ts';

/** What a proxy answers while nobody is behind it: an outage like any other. */
const NOBODY_BEHIND: readonly number[] = [502, 503, 504];

/** The files that spent their tries since the server last answered any request of the run. */
export interface Silence {
  /** To be told of every outcome; true where it is the server's own answer. */
  readonly saw: (outcome: Outcome) => boolean;
  /** One more file, told apart by its identity; how many there are now. */
  readonly met: (file: object) => number;
  readonly files: () => number;
}

export function createSilence(): Silence {
  const files = new Set<object>();
  return {
    saw: (outcome) => {
      const isAnswer = outcome.kind === 'answer' && !NOBODY_BEHIND.includes(outcome.status);
      if (isAnswer) files.clear();
      return isAnswer;
    },
    met: (file) => files.add(file).size,
    files: () => files.size,
  };
}

export function isNobodyBehind(error: PulseError, last: Outcome | undefined): boolean {
  return error.kind === 'temporary' && last?.kind === 'answer' && NOBODY_BEHIND.includes(last.status);
}

/**
 * Somebody accepts connections and resets them, or says nothing: a tunnel or a balancer whose other end is gone, or a
 * server that hangs. Other than nobody at all, it is not waited for by the request itself.
 */
export function isSilence(error: PulseError, last: Outcome | undefined): boolean {
  return error.kind === 'temporary' && last?.kind === 'break' && !isUnreachable(last);
}
