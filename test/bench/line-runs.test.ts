import { expect, test } from 'vitest';
import { assertGrown, lineShare, sequentialMs } from '../../bench/line-runs.ts';

const MiB = 1024 ** 2;

test('sequential chunks cost a round trip each, the bytes on the line, and four round trips besides', () => {
  // 64 chunks: 68 round trips of 80 ms, and 64 MiB at 12.5 million bytes a second.
  expect(sequentialMs(64 * MiB)).toBeCloseTo(68 * 80 + 5368.709, 2);
  expect(sequentialMs(MiB + 1)).toBeCloseTo(6 * 80 + 83.886, 2);
});

test('a run that took twice as long as the bytes need used half of the line', () => {
  const run = {
    elapsedMs: 2000,
    userMs: 1,
    systemMs: 1,
    peakRssBytes: 1,
    payloadBytes: 12_500_000,
    patches: 1,
  };
  expect(lineShare(run)).toBe(0.5);
});

test.each([
  ['as many as without growing', 256],
  ['fewer than the largest allow', 7],
])('chunks that are %s are no measurement of growing ones', (_, patches) => {
  expect(() => assertGrown({ patches, payloadBytes: 256 * MiB })).toThrow('expected 8 to 255');
  expect(() => assertGrown({ patches: 18, payloadBytes: 256 * MiB })).not.toThrow();
});
