import { expect, test } from 'vitest';
import type { UploadRun } from '../../bench/contenders.ts';
import { type Figures, judge } from '../../bench/goals.ts';
import { parsePlan } from '../../bench/options.ts';
import { type Result, renderResult, resultJson, withMeasurements } from '../../bench/report.ts';

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
  transfer: { floor: [run(100), run(110)], peer: [run(400), run(420)], ours: [run(150), run(170)] },
};

test('the table says goal, measured, and by how much a goal is missed', () => {
  const text = renderResult(resultOf(figures));
  expect(text).toMatch(
    /^\| elapsed, over the bare socket +\| ≤ 1\.5 × +\| 1\.52 \(1\.50 to 1\.55\) +\| missed by 2 % +\|$/m,
  );
  expect(text).toMatch(
    /^\| elapsed, over tus-js-client +\| ≤ 0\.5 × +\| 0\.39 \(0\.38 to 0\.40\) +\| met +\|$/m,
  );
  expect(text).toMatch(/^\| `--version`, over `node -e 0` +\| ≤ 1\.5 × +\| +\| not measured +\|$/m);
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

const begin = '<!-- bench:begin, written by npm run bench -- --write-docs -->';

test('only what stands between the markers of the page is replaced', () => {
  const page = `before\n${begin}\nold\n<!-- bench:end -->\nafter\n`;
  expect(withMeasurements(page, 'new\n')).toBe(`before\n${begin}\nnew\n<!-- bench:end -->\nafter\n`);
});

test.each(['no markers', begin, `<!-- bench:end -->${begin}`])('a page with "%s" is left alone', (page) => {
  expect(() => withMeasurements(page, 'new')).toThrow('has no');
});
