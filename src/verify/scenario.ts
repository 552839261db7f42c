import type { Probe } from './probe/probe.ts';
import type { Exchange } from './recording.ts';
import type { Need } from './target.ts';

/**
 * A piece of I/O that is done once and recorded; any number of checks read what it returns.
 * What it returns is plain JSON and exchanges of its own probe, so that it can be stored and judged again.
 */
export interface Scenario<Seen = unknown> {
  /** Stable name, kebab-case. */
  readonly id: string;
  /** What is sent, one sentence, for `--explain`. */
  readonly does: string;
  readonly needs?: readonly Need[];
  /** Runs while nothing else talks to the server: for timing, exhaustion and what may take it down. */
  readonly alone?: true;
  /** Payload sent, where it is more than 64 KiB: summed up before a run against somebody else's server. */
  readonly sendsBytes?: number;
  /** It may wait for a deadline that the server states: as long as the run allows, beside its own time. */
  readonly awaitsDeadline?: true;
  /** It asks nothing of uploads that the user's own credential creates: it shows something where all of them are refused. */
  readonly needsNoUpload?: true;
  /** The time it may take, where that is more than the run's usual limit. */
  readonly timeoutMs?: number;
  /** Throws Blocked where the server refuses the set-up; every other behaviour of the server is something seen. */
  readonly run: (probe: Probe) => Promise<Seen>;
}

/** The name of what the checks of the whole run read. */
export const WHOLE_RUN = 'whole-run';

/** Everything the run has seen: judged after the last scenario. */
export interface WholeRun {
  readonly id: typeof WHOLE_RUN;
  readonly does: string;
  /** Scenarios that are run for it in any case, so that there is something to see. */
  readonly atLeast: readonly Scenario[];
}

export interface SeenInRun {
  readonly exchanges: readonly (Exchange & { readonly scenario: string })[];
}

/** What a check reads. */
export type Reading<Seen> = Scenario<Seen> | (WholeRun & { readonly gives?: Seen });

/** A reading of every exchange of the run, whichever scenario made it. */
export function wholeRun(...atLeast: readonly Scenario[]): Reading<SeenInRun> {
  return { id: WHOLE_RUN, does: 'looks at every exchange of the run', atLeast };
}

/** Lets the compiler infer what the scenario's checks are given. */
export function scenario<Seen>(value: Scenario<Seen>): Scenario<Seen> {
  return value;
}
