import { expect, test } from 'vitest';
import { parseDurationMs } from '../../src/input/duration.ts';
import { errorOf } from '../cli/usage-errors.ts';

test.each([
  ['100ms', 100],
  ['2s', 2_000],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['30', 30_000],
  ['1.5s', 1_500],
  ['24h', 86_400_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDurationMs(text, '--timeout')).toBe(ms);
});

test.each(['0', '0s', '-1s', '', ' ', 's', '1 s', 'abc', '1e3', 'NaN', 'Infinity', '0.0001ms', '1000h'])(
  "'%s' is no duration",
  (text) => {
    const { message, hint } = errorOf(() => parseDurationMs(text, '--timeout'));
    expect(message).toBe(`--timeout is '${text}', expected a time above zero, and at most 24 days`);
    expect(hint).toBe('write for example 500ms, 30s, 5m or 1h');
  },
);

test.each(['1d', '5min', '10sec', '2H', '5constructor'])("'%s' is told which units there are", (text) => {
  const { message, hint } = errorOf(() => parseDurationMs(text, '--timeout'));
  expect(message).toBe(`--timeout is '${text}', expected the unit ms, s, m or h, or none for seconds`);
  expect(hint).toBe('write for example 500ms, 30s, 5m or 1h');
});
