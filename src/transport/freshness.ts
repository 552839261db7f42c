/**
 * When to trust kept-alive connections. Servers and proxies close them without a word, and the request that meets such
 * an end is lost: then the next requests go on connections of their own, twice as many after each further loss.
 */
export interface Freshness {
  /** Whether the request that is about to be sent should have a connection of its own; asked once for each. */
  readonly isWanted: () => boolean;
  readonly answered: (onReused: boolean) => void;
  /** A request on a kept-alive connection got no answer. */
  readonly broken: () => void;
}

/** HEAD, and the chunk after it: otherwise the chunk would meet the same end again and again. */
const FIRST_SPAN = 2;
const LONGEST_SPAN = 256;

export function createFreshness(): Freshness {
  let span = FIRST_SPAN;
  let left = 0;
  return {
    isWanted: () => {
      if (left === 0) return false;
      left -= 1;
      return true;
    },
    answered: (onReused) => {
      if (onReused) span = FIRST_SPAN;
    },
    broken: () => {
      left = span;
      span = Math.min(LONGEST_SPAN, span * 2);
    },
  };
}
