import { canary, startCanary } from './canary.ts';
import type { Check } from './check.ts';
import { cleanUp } from './clean-up.ts';
import type { ReportVerify } from './events.ts';
import { type CheckResult, judge, unjudged, wholeRecording } from './judge.ts';
import { planOf, scenariosOf } from './plan.ts';
import type { ProbeSettings } from './probe/probe.ts';
import { seededRandom, seedOf } from './random.ts';
import type { Recording } from './recording.ts';
import { runPlan } from './run-plan.ts';
import type { Permissions, Target } from './target.ts';
import type { VerifyRun, VerifySettings, VerifyTools } from './verify.ts';

/** A run whose server is known. */
interface Begun {
  readonly target: Target;
  /** What discovery sent and received. */
  readonly discovery: Recording;
  readonly probes: ProbeSettings;
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly runStartMs: number;
}

/** Runs what the checks need and judges it, each check as soon as it can be; then removes what the run created. */
export async function runChecks(
  checks: readonly Check[],
  { target, discovery, probes, jobs, signal, runStartMs }: Begun,
  { seed, permissions, scenarioTimeoutMs }: VerifySettings,
  { sections, report }: VerifyTools,
): Promise<Pick<VerifyRun, 'results' | 'recordings' | 'leftovers' | 'endedEarly'>> {
  const results = new Map<Check, CheckResult>();
  const conclude = (check: Check, result: CheckResult) => {
    results.set(check, result);
    report(checkEnd(result));
    return result;
  };
  const recordings: Recording[] = [discovery];
  const { elsewhere, servesAtOnce } = target;
  if (elsewhere !== undefined) {
    const blocked = checks.map((check) => conclude(check, unjudged(check, 'blocked', elsewhere, target)));
    return { results: blocked, recordings, leftovers: { created: 0, removed: 0 } };
  }

  const random = seededRandom(seedOf(seed, 'order'));
  const plan = planOf(sections, checks, target, permissions, random, [canary]);
  for (const [check, reason] of plan.skipped) conclude(check, unjudged(check, 'skip', reason, target));
  const take = (taken: Recording) => {
    recordings.push(taken);
    for (const check of checks)
      if (check.reads.id === taken.scenario && !plan.skipped.has(check))
        conclude(check, judge(check, taken, target));
  };
  const watched = startCanary(probes, target, signal, runStartMs);
  // Beside the first scenario it would wait behind that.
  if (servesAtOnce !== undefined) await watched.visit('discovery');
  const endedEarly = await runPlan(plan, {
    target,
    probes,
    canary: watched,
    jobs,
    scenarioTimeoutMs,
    signal,
    runStartMs,
    onStart: ({ id }) => report({ type: 'scenario.start', scenario: id }),
    onRecording: ({ id }, taken) => {
      report({ type: 'scenario.end', scenario: id, elapsedMs: taken.elapsedMs });
      take(taken);
    },
  });
  take(await watched.end());
  const judged = checks.map(
    (check) =>
      results.get(check) ??
      conclude(check, judgedAtTheEnd(check, recordings, target, permissions, endedEarly)),
  );
  const leftovers = await cleanUp(recordings, target, probes, jobs);
  return { results: judged, recordings, leftovers, ...(endedEarly !== undefined && { endedEarly }) };
}

/** Why a check is blocked whose scenarios were all refused. */
export const NOTHING_SEEN = 'none of the scenarios that it looks at came to its end';

/** Checks of the whole run, and those whose scenario did not run any more. */
function judgedAtTheEnd(
  check: Check,
  recordings: readonly Recording[],
  target: Target,
  permissions: Permissions,
  endedEarly: string | undefined,
): CheckResult {
  const needed = new Set(scenariosOf(check, target, permissions).map(({ id }) => id));
  const ran = recordings.filter(({ scenario, outcome }) => needed.has(scenario) && outcome.kind === 'seen');
  if (!('atLeast' in check.reads) || (ran.length === 0 && needed.size > 0)) {
    const reason = endedEarly ?? NOTHING_SEEN;
    return unjudged(check, 'blocked', reason, target);
  }
  return judge(check, wholeRecording(recordings), target);
}

function checkEnd({ violation, evidence, scenario: _, ...result }: CheckResult): Parameters<ReportVerify>[0] {
  return { type: 'check.end', ...result, ...violation, exchanges: evidence };
}
