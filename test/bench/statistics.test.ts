import { describe, expect, test } from 'vitest';
import { ratio, summarize } from '../../bench/statistics.ts';

describe('summarize', () => {
  test('an odd number of values has its middle one as median, whatever the order', () => {
    expect(summarize([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
  });

  test('an even number of values has the mean of the two middle ones as median', () => {
    expect(summarize([10, 1, 2, 4])).toEqual({ median: 3, min: 1, max: 10 });
  });

  test('numbers are ordered as numbers, not as text', () => {
    expect(summarize([10, 9, 100]).median).toBe(10);
  });

  test('the values given are left as they were', () => {
    const values = [3, 1, 2];
    summarize(values);
    expect(values).toEqual([3, 1, 2]);
  });

  test('nothing measured is an error, not zero', () => {
    expect(() => summarize([])).toThrow('nothing was measured');
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%s is no measurement', (value) => {
    expect(() => summarize([1, value, 2])).toThrow('not a measurement');
  });
});

describe('ratio', () => {
  test('is that of the medians, with the extremes of the rounds', () => {
    expect(ratio([2, 6, 9], [1, 4, 2])).toEqual({ median: 3, min: 1.5, max: 4.5 });
  });

  test('series that were not run in turn cannot be compared', () => {
    expect(() => ratio([1, 2], [1])).toThrow('not run in turn');
  });

  test('a denominator of zero is no measurement', () => {
    expect(() => ratio([1], [0])).toThrow('not a measurement');
  });
});
