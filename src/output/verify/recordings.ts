import type { ExpectedFailure } from '../../verify/expect-failures.ts';
import type { Target } from '../../verify/target.ts';
import type { VerifyRun } from '../../verify/verify.ts';
import type { VerifyReport } from './report.ts';

/** What judging does not give of a run's report. */
const ofRun = [
  'tool',
  'command',
  'wholeCommand',
  'seed',
  'runId',
  'strict',
  'started',
  'elapsedMs',
  'leftovers',
  'endedEarly',
] as const satisfies readonly (keyof VerifyReport)[];

/** The first line of a file of recordings: everything beside them that judging them again needs. */
export interface RecordingsHead {
  readonly type: 'run';
  readonly format: 'pulse-upload-verify-recordings';
  readonly formatVersion: 1;
  readonly target: Target;
  /** The ids of the selected checks. */
  readonly checks: readonly string[];
  /** Check id to the reason why it was not tried: what the user did not allow or give is not in the recordings. */
  readonly notTried: Readonly<Record<string, string>>;
  /** What was expected to fail; absent in recordings of earlier versions. */
  readonly expectedFailures?: readonly ExpectedFailure[];
  /** The run's report without what judging gives. */
  readonly run: Pick<VerifyReport, (typeof ofRun)[number]>;
}

/** What was sent and received, as NDJSON: the run, then one scenario a line. */
export function recordingLines(
  report: VerifyReport,
  { target, recordings, expectedFailures }: VerifyRun,
): string {
  const { results } = report;
  const head: RecordingsHead = {
    type: 'run',
    format: 'pulse-upload-verify-recordings',
    formatVersion: 1,
    target,
    checks: results.map(({ id }) => id),
    notTried: Object.fromEntries(results.filter(isUntried).map(({ id, remark }) => [id, remark ?? ''])),
    ...(expectedFailures.length > 0 && { expectedFailures }),
    run: Object.fromEntries(ofRun.map((key) => [key, report[key]])) as RecordingsHead['run'],
  };
  const lines = [head, ...recordings.map((recording) => ({ type: 'recording', ...recording }))];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Skipped by the plan, not by a judge: no time was spent on it. */
function isUntried({ verdict, elapsedMs }: VerifyReport['results'][number]): boolean {
  return verdict === 'skip' && elapsedMs === 0;
}
