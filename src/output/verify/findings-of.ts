import type { Impact } from '../../verify/check.ts';
import { impacts } from './impacts.ts';
import type { ReportedResult, VerifyReport } from './report.ts';

export interface Findings {
  readonly impact: Impact;
  /** Failures before warnings, each in the order of the suite. */
  readonly results: readonly ReportedResult[];
}

/** Failures and warnings that nobody expected, by what they mean for a video, worst first. */
export function findingsOf(report: VerifyReport): readonly Findings[] {
  return impacts
    .map((impact) => ({
      impact,
      results: ['fail', 'warn'].flatMap((verdict) => unexpected(report, impact, verdict)),
    }))
    .filter(({ results }) => results.length > 0);
}

function unexpected({ results }: VerifyReport, impact: Impact, verdict: string): readonly ReportedResult[] {
  const found = results.filter(
    (result) =>
      result.impact === impact && result.verdict === verdict && result.expectedFailure === undefined,
  );
  // What was seen to happen to a file explains the refusals that were missing, not the other way round.
  const aboutFiles = found.filter(({ id }) => id.startsWith('data.'));
  return [...aboutFiles, ...found.filter((result) => !aboutFiles.includes(result))];
}
