import type { Leftovers } from '../../verify/clean-up.ts';
import type { CheckResult } from '../../verify/judge.ts';
import type { Oracle } from '../../verify/target.ts';
import type { Counts } from '../../verify/verdict.ts';
import type { VerifyRun } from '../../verify/verify.ts';
import { comparedBy } from './compared-by.ts';
import { reported } from './reported.ts';

/**
 * A finished run as plain JSON: what every report is rendered from, and what `--report json` writes
 * (docs/reports.md). Fields may be added; a change that breaks readers raises `formatVersion`.
 */
export interface VerifyReport {
  readonly format: 'pulse-upload-verify-report';
  readonly formatVersion: 1;
  readonly tool: {
    readonly name: 'pulse-upload';
    readonly version: string;
    /** Changes whenever a requirement is added, removed or worded otherwise. */
    readonly suite: string;
  };
  readonly target: {
    readonly server: string;
    readonly protocol: string;
    /** What was concluded about the server, and from what. */
    readonly assumptions: readonly string[];
    /** What to do first, where the server refuses every upload. */
    readonly advice?: string;
    /** How stored bytes were compared with what was sent; absent where no check could compare any. */
    readonly contentComparedBy?: Oracle;
  };
  /** The command of this run without selection, reports and secrets; ` --only <id>` behind it shows one check again. */
  readonly command: string;
  /** The same with its selection and what judged it, which runs the same checks again; absent in earlier reports. */
  readonly wholeCommand?: string;
  readonly seed: number;
  /** Stands in the names of all files that the run left behind: `pulse-verify-<runId>-…`. */
  readonly runId: string;
  /** A broken SHOULD counted as a failure. */
  readonly strict: boolean;
  /** ISO 8601. */
  readonly started: string;
  readonly elapsedMs: number;
  readonly requests: number;
  readonly sentBytes: number;
  readonly counts: Counts;
  readonly exitCode: number;
  /** Why the run ended before all of its checks were done. */
  readonly endedEarly?: string;
  readonly leftovers: Leftovers;
  /** Entries of the expect-failures file whose check does not fail any more: each of them fails the run. */
  readonly staleExpectations: readonly { readonly id: string; readonly reason: string }[];
  /** One for each selected check, in the order of the suite. */
  readonly results: readonly ReportedResult[];
}

export interface ReportedResult extends CheckResult {
  /** What the scenario does, in words. */
  readonly does?: string;
  /** Why this failure was expected and does not count; absent where it does. */
  readonly expectedFailure?: string;
  /** The check whose scenario made the requests, where this one looks at the whole run. */
  readonly seenBy?: string;
  /** Shell commands that ask the same again, one behind another; absent where curl cannot. */
  readonly curl?: readonly string[];
}

/** What the run does not know about itself. */
export interface RunFacts {
  readonly toolVersion: string;
  readonly suite: string;
  readonly command: string;
  readonly wholeCommand?: string | undefined;
  readonly seed: number;
  readonly runId: string;
  readonly strict: boolean;
  readonly started: Date;
  /** What each scenario does, by its id. */
  readonly scenarios: ReadonlyMap<string, string>;
  /** Why each expected failure was expected, by check id. */
  readonly reasons: ReadonlyMap<string, string>;
  /** The exit code of a signal that ended the run. */
  readonly interruptedBy?: number;
}

export function verifyReport(run: VerifyRun, facts: RunFacts): VerifyReport {
  const { target, matched } = run;
  const contentComparedBy = comparedBy(run);
  return {
    format: 'pulse-upload-verify-report',
    formatVersion: 1,
    tool: { name: 'pulse-upload', version: facts.toolVersion, suite: facts.suite },
    target: {
      server: target.server,
      protocol: target.protocol,
      assumptions: target.assumptions,
      ...(target.advice !== undefined && { advice: target.advice }),
      ...(contentComparedBy && { contentComparedBy }),
    },
    command: facts.command,
    ...(facts.wholeCommand !== undefined && { wholeCommand: facts.wholeCommand }),
    seed: facts.seed,
    runId: facts.runId,
    strict: facts.strict,
    started: facts.started.toISOString(),
    elapsedMs: run.elapsedMs,
    requests: run.requests,
    sentBytes: run.sentBytes,
    counts: run.counts,
    exitCode: facts.interruptedBy ?? run.exitCode,
    ...(run.endedEarly !== undefined && { endedEarly: run.endedEarly }),
    leftovers: run.leftovers,
    staleExpectations: matched.stale,
    results: run.results.map((result) => reported(result, run, facts)),
  };
}
