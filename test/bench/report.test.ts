import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { UploadRun } from '../../bench/contenders.ts';
import { type Figures, judge } from '../../bench/goals.ts';
import { parsePlan, parts } from '../../bench/options.ts';
import { type Result, renderPart, renderResult, resultJson, withMeasurements } from '../../bench/report.ts';

const run = (elapsedMs: number): UploadRun => ({
  elapsedMs,
  transferMs: elapsedMs / 2,
  userMs: 100,
  systemMs: 50,
  peakRssBytes: 60e6,
});

function resultOf(figures: Figures, argv: string[] = []): Result {
  const plan = parsePlan(argv);
  if (plan === 'help') throw new Error('help was not asked for');
  const machine = {
    cores: 2,
    cpuModel: 'Model',
    memoryBytes: 4 * 1024 ** 3,
    system: 'linux 6',
    node: 'v20.19.0',
    loadAverage: 0.5,
  };
  return { time: '2025-01-02T03:04:05.000Z', machine, plan, figures, goals: judge(figures) };
}

const figures: Figures = {
  transfer: {
    floor: [run(100), run(110)],
    'floor, SHA-256': [run(120), run(130)],
    peer: [run(400), run(420)],
    ours: [run(150), run(170)],
  },
};

test('the table says goal, measured, and by how much a goal is missed', () => {
  const text = renderResult(resultOf(figures));
  expect(text).toMatch(
    /^\| elapsed, over the bare socket +\| ≤ 1\.5 × +\| 1\.52 \(1\.50 to 1\.55\) +\| missed by 2 % +\|$/m,
  );
  expect(text).toMatch(
    /^\| elapsed, over tus-js-client +\| ≤ 0\.5 × +\| 0\.39 \(0\.38 to 0\.40\) +\| met +\|$/m,
  );
  expect(text).toMatch(/^\| ours +\| 0\.16 \(0\.15 to 0\.17\) +\| 0\.08 \(0\.07 to 0\.09\) +\| 0\.15 /m);
  expect(text).toContain('2 cores; Model, 4 GiB of memory; load average 0.50');
});

test('figures of other conditions carry a caution, those of the goals do not', () => {
  expect(renderResult(resultOf(figures, ['--quick']))).toContain('Not the conditions');
  expect(renderResult(resultOf(figures))).not.toContain('Not the conditions');
});

test('figures of a busy machine carry a caution, those of a quiet one do not', () => {
  const { machine, ...result } = resultOf(figures);
  const measuredAt = (loadAverage: number) =>
    renderResult({ ...result, machine: { ...machine, loadAverage } });
  expect(measuredAt(1.1)).toContain('was busy');
  expect(measuredAt(1)).not.toContain('was busy');
});

test('the JSON holds every single measurement and each verdict', () => {
  const json = JSON.parse(resultJson(resultOf(figures)));
  expect(json.figures.transfer.ours).toEqual([run(150), run(170)]);
  expect(json.goals[0]).toMatchObject({ id: 'elapsed-floor', limit: 1.5, verdict: 'missed' });
  expect(json.judgesGoals).toBe(true);
});

const begin = (part: string) => `<!-- bench:begin ${part}, written by npm run bench -- --write-docs -->`;
const end = (part: string) => `<!-- bench:end ${part} -->`;

test('only what stands between the markers of the part is replaced', () => {
  const others = `before\n${begin('memory')}\nold\n${end('memory')}\nbetween\n`;
  const page = (text: string) => `${others}${begin('line')}\n${text}\n${end('line')}\nafter\n`;
  expect(withMeasurements(page('old'), 'line', 'new\n')).toBe(page('new'));
});

test.each([
  'no markers',
  begin('line'),
  `${end('line')}${begin('line')}`,
  `${begin('memory')}${end('memory')}`,
])('a page with "%s" is left alone', (page) => {
  expect(() => withMeasurements(page, 'line', 'new')).toThrow('has no');
});

test.each(parts)('the page of the docs has a place for %s', (part) => {
  expect(withMeasurements(readFileSync('docs/performance.md', 'utf8'), part, 'new')).toContain('\nnew<!--');
});

const seen = (elapsedMs: number, payloadBytes: number, patches: number) => ({
  ...run(elapsedMs),
  payloadBytes,
  patches,
});

test('a goal that asks for the most says so, and by how much it is missed', () => {
  const runs = {
    floor: [seen(5449, 67_108_864, 1)],
    floorChunks: [seen(1, 1, 1)],
    chunks: [seen(11_000, 67_108_864, 64)],
  };
  const line = { ...runs, auto: [seen(10_000, 100e6, 12)], jobs: [seen(9000, 100e6, 96)] };
  const text = renderPart(resultOf({ line }, ['--only', 'line']), 'line');
  expect(text).toMatch(/auto`, of the line +\| ≥ 90 % +\| 80\.0 \(80\.0 to 80\.0\) +\| missed by 11 % +\|$/m);
  expect(text).toMatch(/^\| ours, several files, `--jobs 4` +\| 9\.00 .+ \| 88\.9 .+ \| 90\.2 .+ \| 96 /m);
});

test('what has no goal is shown without one', () => {
  const points = [{ amount: 10, runs: [seen(500, 102_400, 10)] }];
  const text = renderPart(
    resultOf({ growth: { size: points, files: points } }, ['--only', 'growth']),
    'growth',
  );
  expect(text).toMatch(/^\| files \| elapsed s/m);
  expect(text).toMatch(/^\| 10 +\| 0\.50 .+\| 50\.00 \(50\.00 to 50\.00\) \|$/m);
  expect(text).not.toContain('verdict');
});
