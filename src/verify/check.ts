import type { Exchange } from './recording.ts';
import type { Reading } from './scenario.ts';
import type { Need, Target } from './target.ts';

/** How binding a requirement is; `safety` binds like MUST, and is demanded by us because bytes or secrets are lost without it. */
export type Level = 'MUST' | 'SHOULD' | 'MAY' | 'safety';

/** In the order in which reports name them. */
export const protocolIds = ['pulse', 'tus', 'pulse-v1'] as const;
export type ProtocolId = (typeof protocolIds)[number];

/** The level in each protocol; absent where the requirement is not part of that protocol. */
export type Levels = Readonly<Partial<Record<ProtocolId, Level>>>;

/** What a violation means for the user's video: the order in which reports speak of it. */
export type Impact = 'data' | 'resume' | 'security' | 'interoperability' | 'advice';

export interface Source {
  readonly url: string;
  /** Document and place, in words. */
  readonly section: string;
}

/**
 * One requirement, as a pure question to a recording.
 * It passes by returning, or by returning a remark (verdict `note`); it fails by throwing Violation,
 * is Blocked when a step it builds on was refused, and throws Skip where it cannot be decided.
 */
export interface Check<Seen = unknown> {
  /** Stable name; scripts and expect-failures files rely on it. */
  readonly id: string;
  readonly level: Levels;
  readonly impact: Impact;
  readonly spec: Source;
  /** The requirement, one sentence in our own words. */
  readonly says: string;
  /** What the judge accepts and what it does not, for `--explain`. */
  readonly passes: string;
  readonly fails: string;
  /** What happens to a client or its video where this is violated. */
  readonly matters: string;
  /** Beyond what the scenario needs. */
  readonly needs?: readonly Need[];
  /** It says that a right chunk is refused: where every one is, this finding stands for all that follows from it. */
  readonly saysChunksRefused?: true;
  readonly reads: Reading<Seen>;
  /** Written as a method, so that checks of different recordings fit into one list. */
  judge(seen: Seen, target: Target): string | undefined;
}

/** Lets the compiler infer what `judge` is given from what the check reads. */
export function check<Seen>(value: Check<Seen>): Check {
  return value;
}

/** The checks of one section of the requirements, and the rows of it that are no checks. */
export interface Section {
  /** Number and title, as in the requirements. */
  readonly number: number;
  readonly title: string;
  readonly checks: readonly Check[];
  /** Requirement id to the reason why it cannot be tested from outside. */
  readonly untestable: Readonly<Record<string, string>>;
  /** Check id to the reason why its level differs from the requirement's row. */
  readonly relevelled?: Readonly<Record<string, string>>;
}

export interface ViolationDetails {
  /** What was expected of this exchange; the check's `passes` where absent. */
  readonly expected?: string;
  readonly actual: string;
  /** Only where it differs from the check's own `matters`. */
  readonly matters?: string;
  /** The exchanges that show it; all of the scenario's where absent. */
  readonly evidence?: readonly (Exchange | undefined)[];
  /** A deviation that correct clients survive: never graded higher than this, whatever the level. */
  readonly atMost?: 'warn' | 'note';
  /** Bytes that the server took are not what it holds: graded as safety, whatever the level. */
  readonly isLoss?: true;
}

/** The requirement is not met. */
export class Violation extends Error {
  readonly details: ViolationDetails;

  constructor(details: ViolationDetails) {
    super(details.actual);
    this.details = details;
  }
}

/** The requirement applies, but a step that the question builds on was refused. */
export class Blocked extends Error {
  readonly evidence: readonly Exchange[];

  constructor(reason: string, evidence: readonly Exchange[] = []) {
    super(reason);
    this.evidence = evidence;
  }
}

/** The question does not apply or cannot be decided here; the reason is shown. */
export class Skip extends Error {}
