/** How long a run waits for a server that is busy: a lock outlives a dead connection by a lease. */
export interface Patience {
  /** For one wait, in all. */
  readonly busyMs: () => number;
  /** A wait led nowhere: nothing more is waited for, or a server that is busy for ever would make the run endless. */
  readonly exhaust: () => void;
  /** Takes so much time for asking again whoever limits requests; false where the run has no more of it. */
  readonly spend: (ms: number) => boolean;
  /** To ask again led nowhere. */
  readonly spendNoMore: () => void;
}

/** All pauses of a run before requests that were put off: beside each other, they are over sooner. */
const PUT_OFF_MS = 5 * 60_000;
/** The longest leases; what is locked for longer is locked for ever to whoever waits in front of it. */
const BUSY_MS = 60_000;

export function createPatience(busyMs = BUSY_MS): Patience {
  let leftMs = busyMs;
  let putOffMs = PUT_OFF_MS;
  return {
    busyMs: () => leftMs,
    exhaust: () => {
      leftMs = 0;
    },
    spend: (ms) => {
      if (ms > putOffMs) return false;
      putOffMs -= ms;
      return true;
    },
    spendNoMore: () => {
      putOffMs = 0;
    },
  };
}

/** Work beside the scenario's own time, which stands still meanwhile: for what waits within limits of its own. */
export type Aside = <T>(work: () => Promise<T>) => Promise<T>;

/** What waiting needs. */
export interface WaitTools {
  readonly pause: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
  readonly patience: Patience;
  readonly aside: Aside;
}

export interface Stopwatch {
  readonly aside: Aside;
  readonly stop: () => void;
}

/** What is longer between two looks at the clock is a standstill of this whole process (a busy machine). */
const LONGEST_COUNTED_MS = 200;

/** Calls back when so much time has passed, what was aside and what nobody was there for not counted. */
export function startStopwatch(limitMs: number, onEnd: () => void): Stopwatch {
  let leftMs = limitMs;
  let sinceMs = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waits = 0;
  let isStopped = false;
  const go = () => {
    if (leftMs <= 0) return onEnd();
    sinceMs = performance.now();
    timer = setTimeout(
      () => {
        hold();
        go();
      },
      Math.min(leftMs, LONGEST_COUNTED_MS),
    );
  };
  const hold = () => {
    clearTimeout(timer);
    leftMs -= Math.min(performance.now() - sinceMs, LONGEST_COUNTED_MS);
  };
  go();
  return {
    aside: async (work) => {
      if (waits++ === 0) hold();
      try {
        return await work();
      } finally {
        if (--waits === 0 && !isStopped) go();
      }
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
