import { expect, test } from 'vitest';
import { parseCount, parsePort } from '../../src/input/count.ts';
import { errorOf } from '../cli/usage-errors.ts';

test('counts are whole numbers from zero', () => {
  expect(parseCount('0', '--retries')).toBe(0);
  expect(parseCount('1000000', '--retries')).toBe(1_000_000);
});

test.each(['-1', '1.5', '', 'three', '1000001', '1e3'])("'%s' is no count", (text) => {
  const { message } = errorOf(() => parseCount(text, '--retries'));
  expect(message).toBe(`--retries is '${text}', expected a whole number from 0 to 1000000`);
});

test('ports go from 0 to 65535', () => {
  expect(parsePort('0', '--port')).toBe(0);
  expect(parsePort('65535', '--port')).toBe(65_535);
});

test.each(['65536', '-1', '', 'http', '80.5'])("'%s' is no port", (text) => {
  const { message } = errorOf(() => parsePort(text, '--port'));
  expect(message).toBe(`--port is '${text}', expected a port from 0 to 65535`);
});
