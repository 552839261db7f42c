import { expect, test } from 'vitest';
import type { UploadRun } from '../../bench/contenders.ts';
import { type Figures, type JudgedGoal, judge } from '../../bench/goals.ts';
import { type LineFigures, sequentialMs } from '../../bench/line-runs.ts';
import type { SeenRun } from '../../bench/uploader-run.ts';
import type { VerifyRun } from '../../bench/verify-runs.ts';

function run(figures: Partial<UploadRun>): UploadRun {
  return { elapsedMs: 1000, transferMs: 900, userMs: 400, systemMs: 600, peakRssBytes: 50e6, ...figures };
}

function goalOf(figures: Figures, id: string): JudgedGoal {
  const judged = judge(figures).find(({ goal }) => goal.id === id);
  if (judged === undefined) throw new Error(`there is no goal ${id}`);
  return judged;
}

const verified = (figures: Partial<VerifyRun>): VerifyRun => ({
  elapsedMs: 1000,
  sentBytes: 1e6,
  requests: 1000,
  ...figures,
});

const raced = (ours: Partial<UploadRun>): Figures => ({
  transfer: { floor: [run({})], 'floor, SHA-256': [run({})], peer: [run({})], ours: [run(ours)] },
});

const seen = (elapsedMs: number): SeenRun => ({ ...run({ elapsedMs }), payloadBytes: 64e6, patches: 62 });

/** Every run takes for ever but this one. */
const crossed = (changes: Partial<Record<keyof LineFigures, SeenRun>>): Figures => {
  const never = seen(1e9);
  const { floor = never, chunks = never, auto = never, jobs = never } = changes;
  return { line: { floor: [floor], floorChunks: [never], chunks: [chunks], auto: [auto], jobs: [jobs] } };
};

test.each([
  ['elapsed-floor', raced({ elapsedMs: 1500 }), raced({ elapsedMs: 1501 })],
  ['elapsed-peer', raced({ elapsedMs: 500 }), raced({ elapsedMs: 501 })],
  ['cpu-peer', raced({ userMs: 300, systemMs: 400 }), raced({ userMs: 300, systemMs: 401 })],
  ['peak-memory', raced({ peakRssBytes: 120e6 }), raced({ peakRssBytes: 120e6 + 1 })],
  [
    'large-file-memory',
    { memory: { usual: [run({ peakRssBytes: 100e6 })], large: [run({ peakRssBytes: 110e6 })] } },
    { memory: { usual: [run({ peakRssBytes: 100e6 })], large: [run({ peakRssBytes: 111e6 })] } },
  ],
  [
    'verify-elapsed',
    { verify: { near: [verified({ elapsedMs: 6000 })], distant: [verified({ elapsedMs: 90_000 })] } },
    { verify: { near: [verified({ elapsedMs: 6001 })], distant: [verified({})] } },
  ],
  [
    'verify-sent',
    { verify: { near: [verified({ sentBytes: 40e6 })], distant: [verified({ sentBytes: 40e6 })] } },
    { verify: { near: [verified({ sentBytes: 40e6 })], distant: [verified({ sentBytes: 40.1e6 })] } },
  ],
  [
    'verify-distant',
    { verify: { near: [verified({ elapsedMs: 99_000 })], distant: [verified({ elapsedMs: 90_000 })] } },
    { verify: { near: [verified({})], distant: [verified({ elapsedMs: 90_001 })] } },
  ],
  ['line-default', crossed({ chunks: seen(1.05 * sequentialMs(64e6)) }), crossed({ chunks: seen(11_300) })],
  ['line-auto', crossed({ auto: seen(64e6 / 12_500 / 0.9) }), crossed({ auto: seen(64e6 / 12_500 / 0.899) })],
  ['line-jobs', crossed({ jobs: seen(64e6 / 12_500 / 0.9) }), crossed({ jobs: seen(64e6 / 12_500 / 0.899) })],
  [
    'files-peer',
    { files: { peer: [seen(1000)], ours: [seen(500)], ledger: [seen(900)] } },
    { files: { peer: [seen(1000)], ours: [seen(501)], ledger: [seen(1)] } },
  ],
  ['startup', { startup: { oursMs: [75], nodeMs: [50] } }, { startup: { oursMs: [76], nodeMs: [50] } }],
] satisfies [string, Figures, Figures][])('%s is met at its limit and missed beyond it', (id, at, beyond) => {
  expect(goalOf(at, id).verdict).toBe('met');
  expect(goalOf(beyond, id).verdict).toBe('missed');
});

test('a part that was left out is not measured, rather than met', () => {
  const judged = goalOf({ startup: { oursMs: [1], nodeMs: [1] } }, 'elapsed-floor');
  expect(judged.verdict).toBe('not measured');
  expect(judged.measured).toBeUndefined();
});

test('the peak of memory counts the runs of both parts', () => {
  const memory = { usual: [run({ peakRssBytes: 300e6 })], large: [run({})] };
  expect(goalOf({ ...raced({ peakRssBytes: 100e6 }), memory }, 'peak-memory').measured).toEqual({
    median: 200,
    min: 100,
    max: 300,
  });
});

test('figures without a single measurement are an error', () => {
  expect(() => judge({})).toThrow('nothing was measured');
});

test('a part with no runs is an error, not a goal that is met', () => {
  expect(() => judge({ transfer: { floor: [], 'floor, SHA-256': [], peer: [], ours: [] } })).toThrow(
    'nothing was measured',
  );
});
