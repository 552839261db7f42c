import { expect, test } from 'vitest';
import {
  countOf,
  formatBytes,
  formatDuration,
  formatExactBytes,
  formatRate,
  percentOf,
} from '../../src/output/format.ts';

test.each([
  [0, '0 B'],
  [1, '1 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1024 * 1023.9, '1023.9 KiB'],
  [1024 * 1024 - 1, '1.0 MiB'],
  [4_204_671, '4.0 MiB'],
  [5 * 1024 ** 3, '5.0 GiB'],
  [3 * 1024 ** 4, '3.0 TiB'],
  [2 ** 53, '8.0 PiB'],
])('%d bytes are shown as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('exact sizes have grouped digits and know the singular', () => {
  expect(formatExactBytes(4_204_671)).toBe('4,204,671 bytes');
  expect(formatExactBytes(999)).toBe('999 bytes');
  expect(formatExactBytes(1)).toBe('1 byte');
});

test('a rate is a size for each second', () => {
  expect(formatRate(1_258_291.2)).toBe('1.2 MiB/s');
});

test.each([
  [0, '0.0 s'],
  [420, '0.4 s'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
  [59_400, '59 s'],
  [59_600, '1m 00s'],
  [125_000, '2m 05s'],
  [3_599_400, '59m 59s'],
  [3_600_000, '1h 00m'],
  [3_780_000, '1h 03m'],
  [86_400_000 * 2 + 3_600_000 * 4, '2d 04h'],
])('%d ms are shown as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('100 percent are shown only when nothing is missing, and nothing of nothing is all of it', () => {
  expect(percentOf(999_999, 1_000_000)).toBe(99);
  expect(percentOf(1_000_000, 1_000_000)).toBe(100);
  expect(percentOf(2, 1)).toBe(100);
  expect(percentOf(0, 0)).toBe(100);
  expect(percentOf(0, 1)).toBe(0);
});

test('counts know their plural', () => {
  expect(countOf(1, 'file')).toBe('1 file');
  expect(countOf(1200, 'file')).toBe('1,200 files');
  expect(countOf(2, 'retry', 'retries')).toBe('2 retries');
});
