import { expect, test } from 'vitest';
import { checkedReport } from '../../bench/verify-runs.ts';

const good = { exitCode: 0, sentBytes: 38e6, requests: 1200, counts: { pass: 243 } };

test('a run that found the reference server good counts', () => {
  expect(checkedReport(good)).toBe(good);
});

test.each([
  ['found something', { exitCode: 1 }, 'exit code 1'],
  ['tried next to nothing', { counts: { pass: 3 } }, 'only 3 checks passed'],
  ['sent nothing', { sentBytes: 0 }, 'sent nothing'],
])('a run that %s is no measurement', (_, changes, fact) => {
  expect(() => checkedReport({ ...good, ...changes })).toThrow(fact);
});
