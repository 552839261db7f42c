import { expect, it, onTestFinished } from 'vitest';
import { judgedAgain } from '../../src/cli/verify/judge-again.ts';
import { recordingLines } from '../../src/output/verify/recordings.ts';
import { verifyReport } from '../../src/output/verify/report.ts';
import { suiteDigest } from '../../src/output/verify/suite-digest.ts';
import { filtering } from '../../src/server/defects/changes.ts';
import { refusal } from '../../src/server/http/exchange.ts';
import type { VerifyEvent } from '../../src/verify/events.ts';
import { suite } from '../../src/verify/suite.ts';
import type { VerifyTools } from '../../src/verify/verify.ts';
import { type RunChanges, runAgainst, startReference } from '../proof/run.ts';
import { anExchange, verdictOf } from '../verify/made-up.ts';

/** What a run said of a server that fails with 500 where 409 is asked for, and what its recordings say. */
async function judgedTwice(changes: RunChanges, tools: Partial<VerifyTools> = {}, suiteName = '') {
  const behaviour = filtering(async (_, next) => {
    const reply = await next();
    return reply.status === 409 ? refusal(500, 'no') : reply;
  });
  const reference = await startReference({ protocol: 'tus', behaviour });
  onTestFinished(reference.stop);
  const run = await runAgainst(reference, changes, tools);
  const facts = {
    toolVersion: '0',
    suite: suiteName,
    command: '',
    seed: 1,
    runId: 'r',
    strict: false,
    started: new Date(0),
    scenarios: new Map(),
    reasons: new Map((changes.expectedFailures ?? []).map(({ id, reason }) => [id, reason])),
  };
  const live = verifyReport(run, facts);
  const again = judgedAgain('r.ndjson', recordingLines(live, run));
  const shown = ({ exitCode, counts, results, staleExpectations }: typeof live) => ({
    exitCode,
    counts,
    staleExpectations,
    results: results.map(({ id, verdict, remark, expectedFailure }) => ({
      id,
      verdict,
      remark,
      expectedFailure,
    })),
  });
  return { live: shown(live), again: shown(again), lines: recordingLines(live, run) };
}

it('a failure that was expected is expected when the recordings are judged again', async () => {
  const only = ['core.patch.mismatch-behind.409', 'core.patch.204', 'core.head.offset-after-patch'];
  const known = { id: 'core.patch.mismatch-behind.409', reason: 'known' };
  const forgiven = await judgedTwice({ only, expectedFailures: [known] });
  expect(forgiven.live).toMatchObject({ exitCode: 0, counts: { expected: 1 } });
  expect(forgiven.again).toEqual(forgiven.live);
  const stale = await judgedTwice({
    only,
    expectedFailures: [known, { id: 'core.patch.204', reason: 'old' }],
  });
  expect(stale.live).toMatchObject({ exitCode: 1, staleExpectations: [{ id: 'core.patch.204' }] });
  expect(stale.again).toEqual(stale.live);
});

it('what a run did not come to is blocked when the recordings are judged again, too', async () => {
  const only = [
    'core.patch.204',
    'core.head.offset-after-patch',
    'data.canary',
    'http.no-5xx',
    'http.error-leak',
  ];
  const interruption = new AbortController();
  const report = ({ type }: VerifyEvent) => {
    if (type === 'scenario.end') interruption.abort(new Error('interrupted'));
  };
  const { live, again } = await judgedTwice({ only, jobs: 1 }, { report, signal: interruption.signal });
  expect(live.results.filter(({ verdict }) => verdict === 'blocked').length).toBeGreaterThan(2);
  expect(again).toEqual(live);
});

const withoutSteps = (lines: string) =>
  lines.split('\n').filter((line) => line !== '' && !line.includes('"scenario":"patch-steps"'));

it('what is missing in the recordings of this suite was lost, and is blocked', async () => {
  const only = ['core.patch.204', 'http.expect-100.reject'];
  const { lines } = await judgedTwice({ only }, {}, suiteDigest(suite));
  const { results, exitCode } = judgedAgain('r.ndjson', withoutSteps(lines).join('\n'));
  expect(results.map(({ verdict }) => verdict)).toEqual(['blocked', 'fail']);
  expect(exitCode).toBe(1);
});

it('what an earlier version recorded otherwise, or not at all, is blocked, for it may have failed', async () => {
  const only = ['core.patch.204', 'http.expect-100.reject'];
  const { lines } = await judgedTwice({ only });
  const older = withoutSteps(lines)
    .map((line) => JSON.parse(line, (key, value) => (key === 'early' ? undefined : value)))
    .map((value) => JSON.stringify(value))
    .join('\n');
  const { results, exitCode } = judgedAgain('r.ndjson', older);
  expect(results.map(({ id, verdict, remark }) => [id, verdict, remark])).toEqual([
    ['core.patch.204', 'blocked', 'its scenario was not recorded'],
    ['http.expect-100.reject', 'blocked', 'its scenario was recorded by another version of the suite'],
  ]);
  expect(exitCode).toBe(9);
});

it('a mistake of the run that an earlier version recorded stays one', async () => {
  const only = ['core.patch.204'];
  const { lines } = await judgedTwice({ only });
  const broken = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map((value) =>
      value.scenario === 'patch-steps' ? { ...value, outcome: { kind: 'error', message: 'ours' } } : value,
    )
    .map((value) => JSON.stringify(value))
    .join('\n');
  const { results } = judgedAgain('r.ndjson', broken);
  expect(results.map(({ verdict, remark }) => [verdict, remark])).toEqual([['error', 'ours']]);
});

it('parts that an earlier version recorded without their sizes are not taken for unmodified', () => {
  const said = (offset: number) => anExchange({ status: 200, headers: { 'Upload-Offset': String(offset) } });
  const stored = { sizeBytes: 11, sha256: 'a'.repeat(64) };
  const expected = { ...stored, payload: { kind: 'position', seed: 1, sizeBytes: 11 } };
  const content = { by: 'finalize', expected, attempts: [], stored };
  const seen = (heads: readonly object[]) => ({ before: said(11), after: said(11), heads, content });
  const verdict = (...heads: readonly object[]) => verdictOf('concat.final.patch-unmodified', seen(heads));
  expect(verdict(said(4))).toBe('blocked');
  expect(verdict({ sizeBytes: 5, head: said(5) })).toBe('pass');
  expect(verdict({ sizeBytes: 5, head: said(4) })).toBe('fail');
});
