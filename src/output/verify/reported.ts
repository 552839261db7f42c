import type { CheckResult } from '../../verify/judge.ts';
import type { Exchange } from '../../verify/recording.ts';
import type { VerifyRun } from '../../verify/verify.ts';
import { curlSteps } from './curl-steps.ts';
import type { ReportedResult, RunFacts } from './report.ts';
import { storyOf } from './story.ts';

/** A result with everything that the rest of the run knows about it. */
export function reported(result: CheckResult, run: VerifyRun, facts: RunFacts): ReportedResult {
  const does = facts.scenarios.get(result.scenario);
  const expectedFailure = run.matched.expected.has(result.id) ? facts.reasons.get(result.id) : undefined;
  return {
    ...result,
    ...(does !== undefined && { does }),
    ...(result.violation === undefined ? { evidence: evidenceOf(result) } : shownBy(result, run)),
    ...(expectedFailure !== undefined && { expectedFailure }),
  };
}

/** What passed or was skipped shows no exchanges: `--record` keeps them all. */
export function evidenceOf({
  verdict,
  evidence,
}: Pick<CheckResult, 'verdict' | 'evidence'>): readonly Exchange[] {
  return verdict === 'pass' || verdict === 'skip' ? [] : evidence;
}

/**
 * The evidence of a violation, with what was done to the same upload before, and how to ask again with curl. The last
 * exchange of the evidence is the one that shows it; checks of the whole run note whose scenario it belongs to.
 */
function shownBy(
  { scenario, evidence }: CheckResult,
  { recordings, results }: VerifyRun,
): Pick<ReportedResult, 'evidence' | 'curl' | 'seenBy'> {
  const decisive: (Exchange & { readonly scenario?: string }) | undefined = evidence.at(-1);
  const recording = recordings.find((candidate) => candidate.scenario === (decisive?.scenario ?? scenario));
  if (recording === undefined) return { evidence };
  if (decisive === undefined) return { evidence: recording.exchanges };
  const story = storyOf(recording.exchanges, decisive);
  const before =
    story === undefined ? [] : [story.created, ...story.changes, ...story.refused, ...story.asked];
  const missing = before.filter(({ n }) => evidence.every((exchange) => exchange.n !== n));
  const curl = curlSteps(recording.exchanges, decisive);
  const seenBy =
    recording.scenario === scenario
      ? undefined
      : results.find((other) => other.scenario === recording.scenario && other.verdict !== 'skip')?.id;
  return {
    evidence: [...missing, ...evidence].toSorted((a, b) => a.n - b.n),
    ...(curl.length > 0 && { curl }),
    ...(seenBy !== undefined && { seenBy }),
  };
}
