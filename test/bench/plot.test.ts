import { describe, expect, test } from 'vitest';
import { growthPlot, ticksFor } from '../../bench/plot.ts';

const run = (elapsedMs: number) => ({
  elapsedMs,
  userMs: elapsedMs / 2,
  systemMs: 1,
  peakRssBytes: 80e6,
  payloadBytes: 1000,
  patches: 1,
});
const point = (amount: number, ...elapsedMs: number[]) => ({ amount, runs: elapsedMs.map(run) });

describe('the axis', () => {
  test.each([
    [0.31, 13.7, [0.2, 0.5, 1, 2, 5, 10, 20]],
    [0.35, 30, [0.1, 1, 10, 100]],
    [1, 1, [0.5, 1, 2]],
    [0.3, 4000, [0.1, 1, 10, 100, 1000, 10_000]],
  ])('from %d to %d holds both ends', (least, most, ticks) => {
    const found = ticksFor(least, most);
    expect(found).toEqual(ticks);
    expect(found[0]).toBeLessThan(least);
    expect(found.at(-1)).toBeGreaterThan(most);
    expect(found.length).toBeLessThanOrEqual(7);
  });

  test.each([
    [0, 1],
    [2, 1],
    [Number.NaN, 1],
  ])('from %d to %d is an error', (least, most) => {
    expect(() => ticksFor(least, most)).toThrow('no axis');
  });
});

describe('the picture', () => {
  const GiB = 1024 ** 3;
  const size = [point(GiB, 1000), point(8 * GiB, 8000)];
  const files = [point(10, 300), point(10_000, 30_000)];

  test('has a line for each figure, through the medians', () => {
    const svg = growthPlot({ size: [point(GiB, 1, 1000, 5000), point(8 * GiB, 8000)], files });
    expect(svg.match(/<polyline/g)).toHaveLength(6);
    expect(svg).toBe(growthPlot({ size, files }));
    for (const text of ['1 GiB', '8 GiB', '10,000']) expect(svg).toContain(`>${text}</text>`);
  });

  test('shows what grew more as higher', () => {
    const heights = (svg: string) =>
      [...svg.matchAll(/<circle class="dot-a" cx="394" cy="([\d.]+)"/g)].map(([, y]) => Number(y));
    const [slow = 0] = heights(growthPlot({ size, files }));
    const [fast = 0] = heights(growthPlot({ size: [point(GiB, 1000), point(8 * GiB, 6000)], files }));
    expect(slow).toBeGreaterThan(0);
    expect(slow).toBeLessThan(fast);
  });

  test('of nothing is an error, not an empty picture', () => {
    expect(() => growthPlot({ size: [], files })).toThrow();
    expect(() => growthPlot({ size: [{ amount: 1, runs: [] }], files })).toThrow('nothing was measured');
  });
});
