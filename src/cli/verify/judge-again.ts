import { PulseError } from '../../errors.ts';
import type { RecordingsHead } from '../../output/verify/recordings.ts';
import { type RunFacts, type VerifyReport, verifyReport } from '../../output/verify/report.ts';
import { suiteDigest } from '../../output/verify/suite-digest.ts';
import type { Check } from '../../verify/check.ts';
import { type CheckResult, judge, unjudged, wholeRecording } from '../../verify/judge.ts';
import type { Recording } from '../../verify/recording.ts';
import { NOTHING_SEEN } from '../../verify/run-checks.ts';
import type { WholeRun } from '../../verify/scenario.ts';
import { suite } from '../../verify/suite.ts';
import type { Target } from '../../verify/target.ts';
import { allChecks, concluded } from '../../verify/verify.ts';
import { packageVersion } from '../version.ts';

const NOT_RECORDED = 'its scenario was not recorded';
const OTHERWISE_RECORDED = 'its scenario was recorded by another version of the suite';

/** The report that today's checks give for the recordings of an earlier run. */
export function judgedAgain(path: string, text: string): VerifyReport {
  const { head, recordings } = recordingsOf(path, text);
  const { target, run, expectedFailures = [] } = head;
  const selected = new Set(head.checks);
  const digest = suiteDigest(suite);
  const isOfOtherSuite = run.tool.suite !== digest;
  const checks = allChecks(suite).filter(({ id }) => selected.has(id));
  const results = checks.map((check) => {
    const untried = head.notTried[check.id];
    if (untried !== undefined) return unjudged(check, 'skip', untried, target);
    const result = judgedBy(check, recordings, target, run.endedEarly);
    // What an earlier scenario did not look at is no mistake of today's check; what it failed by itself was one.
    return result.verdict === 'error' && isOfOtherSuite && !hadError(check, recordings)
      ? unjudged(check, 'blocked', OTHERWISE_RECORDED, target)
      : result;
  });
  const facts: RunFacts = {
    toolVersion: packageVersion(),
    suite: digest,
    command: run.command,
    wholeCommand: run.wholeCommand,
    seed: run.seed,
    runId: run.runId,
    strict: run.strict,
    started: new Date(run.started),
    scenarios: new Map(checks.map(({ reads }) => [reads.id, reads.does])),
    reasons: new Map(expectedFailures.map(({ id, reason }) => [id, reason])),
  };
  const { strict, leftovers, elapsedMs, endedEarly } = run;
  const again = concluded(
    { expectedFailures, strict },
    { target, results, recordings, leftovers, elapsedMs, ...(endedEarly !== undefined && { endedEarly }) },
  );
  return verifyReport(again, facts);
}

function judgedBy(
  check: Check,
  recordings: readonly Recording[],
  target: Target,
  endedEarly: string | undefined,
): CheckResult {
  if (target.elsewhere !== undefined) return unjudged(check, 'blocked', target.elsewhere, target);
  if ('atLeast' in check.reads) {
    if (sawNothing(check.reads, recordings, endedEarly)) {
      return unjudged(check, 'blocked', endedEarly ?? NOTHING_SEEN, target);
    }
    return judge(check, wholeRecording(recordings), target);
  }
  const recording = recordings.find(({ scenario }) => scenario === check.reads.id);
  // The run had the check, by another scenario perhaps: that it was broken there is not known any more.
  return recording === undefined
    ? unjudged(check, 'blocked', endedEarly ?? NOT_RECORDED, target)
    : judge(check, recording, target);
}

function hadError({ reads }: Check, recordings: readonly Recording[]): boolean {
  return recordings.some(({ scenario, outcome }) => scenario === reads.id && outcome.kind === 'error');
}

/** None of its scenarios came to its end, though one was tried or would have been. */
function sawNothing(
  { atLeast }: WholeRun,
  recordings: readonly Recording[],
  endedEarly: string | undefined,
): boolean {
  const ids = new Set(atLeast.map(({ id }) => id));
  const tried = recordings.filter(({ scenario }) => ids.has(scenario));
  const isTried = tried.length > 0 || (ids.size > 0 && endedEarly !== undefined);
  return isTried && !tried.some(({ outcome }) => outcome.kind === 'seen');
}

function recordingsOf(
  path: string,
  text: string,
): { head: RecordingsHead; recordings: readonly Recording[] } {
  try {
    const [head, ...rest] = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    if (head?.format === 'pulse-upload-verify-recordings' && head.formatVersion === 1) {
      return { head, recordings: rest };
    }
  } catch {
    // said below: a torn line is no recording either
  }
  throw new PulseError(
    'input',
    `${path} holds no recordings of pulse-upload verify that this version reads`,
    {
      hint: 'make them with: pulse-upload verify <url> --record recordings.ndjson',
    },
  );
}
