/** What a soak part is told. */
export interface SoakConditions {
  /** Every random choice follows from it. */
  readonly seed: number;
  /** How often random things are repeated; absent: as often as the part's page says. */
  readonly rounds?: number;
  /** Of a failure: the way to the case that failed, below its seed. */
  readonly path?: string;
  /** A line for whoever watches. */
  readonly report: (line: string) => void;
}

export interface SoakOutcome {
  /** What did not hold, one line each; empty where everything did. */
  readonly failures: readonly string[];
  /** What was done and seen, as Markdown below a title. */
  readonly page: string;
  /** One line of it for docs/faults.md, where the part is about what the uploader survives. */
  readonly figures?: string;
}

/** One long run: too much for every change, so it is done now and then, and its page is committed. */
export interface SoakPart {
  readonly id: string;
  /** The title of its page. */
  readonly title: string;
  readonly run: (conditions: SoakConditions) => Promise<SoakOutcome>;
}
