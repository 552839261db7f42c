import { describe, expect, test } from 'vitest';
import { againCommand } from '../../../src/output/verify/finding.ts';
import { recordingLines } from '../../../src/output/verify/recordings.ts';
import { type RunFacts, verifyReport } from '../../../src/output/verify/report.ts';
import { jsonReport } from '../../../src/output/verify/reports/json.ts';
import type { CheckResult } from '../../../src/verify/judge.ts';
import type { Exchange, Recording } from '../../../src/verify/recording.ts';
import { counted } from '../../../src/verify/verdict.ts';
import type { VerifyRun } from '../../../src/verify/verify.ts';
import { chunk, created, cutAndRefused, cutChunk, finalized, head, lost, result, server } from './made-up.ts';

const content = { by: 'finalize', expected: { sha256: 'a' }, stored: { sha256: 'b' } };

function recording(scenario: string, seen: unknown, exchanges: readonly Exchange[] = []): Recording {
  const outcome = { kind: 'seen', seen } as const;
  return { scenario, startedMs: 0, elapsedMs: 5, sentBytes: 10, exchanges, outcome };
}

function run(
  results: readonly CheckResult[],
  recordings: readonly Recording[],
  rest: Partial<VerifyRun> = {},
) {
  return {
    target: {
      protocol: 'pulse',
      server,
      createUrl: `${server}/uploads`,
      aliveUrl: `${server}/health`,
      extensions: [],
      oracle: 'finalize',
      assumptions: ['pulse, as you said'],
    },
    results,
    recordings,
    counts: counted(results),
    expectedFailures: [],
    matched: { expected: new Set<string>(), stale: [] },
    exitCode: 1,
    leftovers: { created: 1, removed: 0 },
    requests: 5,
    sentBytes: 10,
    elapsedMs: 20,
    ...rest,
  } satisfies VerifyRun;
}

const facts: RunFacts = {
  toolVersion: '1.2.3',
  suite: '0123456789ab',
  command: `pulse-upload verify ${server} --seed 7`,
  seed: 7,
  runId: 'a1b2c3',
  strict: false,
  started: new Date('2026-01-31T12:00:00Z'),
  scenarios: new Map([['cut-in-mid-chunk', 'cuts a chunk']]),
  reasons: new Map([['core.head.status', 'ticket 12']]),
};

const { does: _, ...failed } = { ...lost, evidence: [finalized] };
const story = [created, cutChunk, head, chunk, finalized];

describe('the report of a run', () => {
  const made = verifyReport(run([failed], [recording('cut-in-mid-chunk', {}, story)]), facts);

  test('shows a violation with what was done to its upload before, and where HEAD said to go on', () => {
    expect(made.results[0]?.evidence.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
    expect(made.results[0]?.does).toBe('cuts a chunk');
  });

  test('shows what was refused before: the server may have acted on it all the same', () => {
    const refused = { ...chunk, answer: { ...chunk.answer, status: 409 } } as Exchange;
    const seen = [created, refused, finalized];
    const { results } = verifyReport(run([failed], [recording('cut-in-mid-chunk', {}, seen)]), facts);
    expect(results[0]?.evidence.map(({ n }) => n)).toEqual([1, 4, 5]);
  });

  test('shows of many HEADs after a cut the last, and none that followed no cut', () => {
    const at = (n: number, { n: _n, ...made }: Exchange): Exchange => ({ n, ...made });
    const exchanges = [created, at(2, head), at(3, cutChunk), at(4, head), at(5, head), at(6, chunk)];
    const all = [...exchanges, at(7, head), at(8, finalized)];
    const late = { ...failed, evidence: [at(8, finalized)] };
    const { results } = verifyReport(run([late], [recording('cut-in-mid-chunk', {}, all)]), facts);
    expect(results[0]?.evidence.map(({ n }) => n)).toEqual([1, 3, 5, 6, 8]);
  });

  test('shows a cut request that the server refused: it may have kept what had come', () => {
    const exchanges = [created, cutAndRefused, head, chunk, finalized];
    const { results } = verifyReport(run([failed], [recording('cut-in-mid-chunk', {}, exchanges)]), facts);
    expect(results[0]?.evidence.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
  });

  test('says how to ask again with curl where curl can', () => {
    expect(made.results[0]).not.toHaveProperty('curl');
    const uncut = verifyReport(
      run([failed], [recording('cut-in-mid-chunk', {}, [created, chunk, finalized])]),
      facts,
    );
    expect(uncut.results[0]?.curl).toHaveLength(3);
  });

  test('finds the recording of evidence that a check of the whole run took from another scenario', () => {
    const evidence = [{ ...finalized, scenario: 'cut-in-mid-chunk' }];
    const ofAll = { ...failed, scenario: 'whole-run', evidence };
    const askedIt = result({ id: 'a', verdict: 'pass', scenario: 'cut-in-mid-chunk' });
    const left = result({ id: 'b', verdict: 'skip', scenario: 'cut-in-mid-chunk' });
    const seen = run([ofAll, left, askedIt], [recording('cut-in-mid-chunk', {}, story)]);
    const report = verifyReport(seen, facts);
    const [first] = report.results;
    expect(first?.evidence.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
    // On its own it would look at requests that nobody makes.
    expect(first && againCommand(first, report)).toBe(`${report.command} --only ${ofAll.id},a`);
    expect(made.results[0]).not.toHaveProperty('seenBy');
  });

  test('shows all of a scenario where the judge named no exchange', () => {
    const { results } = verifyReport(
      run([{ ...failed, evidence: [] }], [recording('cut-in-mid-chunk', {}, story)]),
      facts,
    );
    expect(results[0]?.evidence).toHaveLength(5);
  });

  test('leaves out the exchanges of what passed or was skipped', () => {
    const quiet = [
      result({ id: 'a', verdict: 'pass', evidence: story }),
      result({ id: 'b', verdict: 'skip', evidence: story }),
      result({ id: 'c', verdict: 'note', evidence: story }),
    ];
    const { results } = verifyReport(run(quiet, []), facts);
    expect(results.map(({ evidence }) => evidence.length)).toEqual([0, 0, 5]);
  });

  test('gives the reason of an expected failure, and of no other', () => {
    const both = [failed, { ...failed, id: 'core.head.status' }];
    const matched = { expected: new Set(['core.head.status']), stale: [] };
    const { results } = verifyReport(run(both, [], { matched }), facts);
    expect(results.map(({ expectedFailure }) => expectedFailure)).toEqual([undefined, 'ticket 12']);
  });

  test('takes the exit code of a signal that ended the run', () => {
    expect(verifyReport(run([failed], []), { ...facts, interruptedBy: 143 }).exitCode).toBe(143);
    expect(verifyReport(run([failed], []), facts).exitCode).toBe(1);
  });

  test('is plain JSON: nothing is lost on the way through a file', () => {
    expect(JSON.parse(jsonReport(made))).toEqual(made);
  });
});

describe('content counts as compared', () => {
  const seen = { rounds: [{ content }] };
  const comparedBy = (results: readonly CheckResult[], recordings: readonly Recording[]) =>
    verifyReport(run(results, recordings), facts).target.contentComparedBy;

  test('where a judged check read a recording in which something stored was read', () => {
    expect(comparedBy([failed], [recording('cut-in-mid-chunk', seen)])).toBe('finalize');
  });

  test.each<[string, CheckResult, Recording]>([
    ['the check was skipped', { ...failed, verdict: 'skip' }, recording('cut-in-mid-chunk', seen)],
    ['the check was blocked', { ...failed, verdict: 'blocked' }, recording('cut-in-mid-chunk', seen)],
    ['no check read that recording', failed, recording('canary', seen)],
    [
      'finalize gave no checksum',
      failed,
      recording('cut-in-mid-chunk', { content: { by: 'finalize', expected: {}, unknown: 'no SHA-256' } }),
    ],
  ])('not where %s', (_name, check, taken) => {
    expect(comparedBy([check], [taken])).toBeUndefined();
  });
});

describe('recordings', () => {
  test('are one line each, behind a line with all that judging them again needs', () => {
    const ran = run([failed], [recording('discovery', {}), recording('cut-in-mid-chunk', {}, story)]);
    const lines = recordingLines(verifyReport(ran, facts), ran).trimEnd().split('\n');
    const [first, ...rest] = lines.map((line) => JSON.parse(line));
    expect(first).toMatchObject({
      type: 'run',
      format: 'pulse-upload-verify-recordings',
      formatVersion: 1,
      target: ran.target,
      checks: ['data.disconnect.mid-chunk'],
      run: { seed: 7, runId: 'a1b2c3', leftovers: { created: 1, removed: 0 } },
    });
    expect(rest).toEqual(ran.recordings.map((taken) => ({ type: 'recording', ...taken })));
  });
});
