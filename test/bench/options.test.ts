import { describe, expect, test } from 'vitest';
import { judgesGoals, type Plan, parsePlan } from '../../bench/options.ts';

const MiB = 1024 ** 2;

function planOf(...argv: string[]): Plan {
  const plan = parsePlan(argv);
  if (plan === 'help') throw new Error('help was not asked for');
  return plan;
}

test('without options it is the plan that the goals are stated for', () => {
  const plan = planOf();
  expect(plan).toMatchObject({ sizeBytes: 512 * MiB, chunkBytes: MiB, rounds: 5, startupRounds: 20 });
  expect(plan.parts).toEqual(['transfer', 'memory', 'startup', 'verify', 'line', 'files', 'growth']);
  expect(plan.writeDocs).toBe(false);
  expect(judgesGoals(plan)).toBe(true);
});

test.each([
  ['1000', 1000],
  ['64KiB', 64 * 1024],
  ['3MiB', 3 * MiB],
  ['2GiB', 2048 * MiB],
])('--size %s is %i bytes', (text, bytes) => {
  expect(planOf('--size', text).sizeBytes).toBe(bytes);
});

test('parts are run in their own order, whatever the order of the flags', () => {
  expect(planOf('--only', 'startup', '--only', 'transfer').parts).toEqual(['transfer', 'startup']);
});

test('--quick is smaller, and what is named beside it still holds', () => {
  expect(planOf('--quick').sizeBytes).toBe(64 * MiB);
  expect(planOf('--quick', '--rounds', '9', '--size', '1MiB')).toMatchObject({ rounds: 9, sizeBytes: MiB });
});

test.each([[['--quick']], [['--size', '511MiB']], [['--size', '1GiB']], [['--rounds', '4']]])(
  '%j does not judge the goals',
  (argv) => {
    expect(judgesGoals(planOf(...argv))).toBe(false);
  },
);

test('more rounds than asked for judge the goals as well', () => {
  expect(judgesGoals(planOf('--rounds', '7'))).toBe(true);
});

test('docs are written from the conditions of the goals, also from a part alone', () => {
  expect(planOf('--only', 'startup', '--write-docs')).toMatchObject({ parts: ['startup'], writeDocs: true });
});

test('--json names the file', () => {
  expect(planOf('--json', 'out.json').jsonFile).toBe('out.json');
});

test('--help wins over everything else', () => {
  expect(parsePlan(['--quick', '--help'])).toBe('help');
});

describe('a usage error', () => {
  test.each([
    ['an unknown option', ['--bogus']],
    ['an operand', ['transfer']],
    ['an unknown part', ['--only', 'speed']],
    ['a size of zero', ['--size', '0']],
    ['a negative size', ['--size=-1MiB']],
    ['a fraction', ['--size', '1.5MiB']],
    ['an unknown unit', ['--size', '5MB']],
    ['no rounds', ['--rounds', '0']],
    ['rounds in words', ['--rounds', 'five']],
    ['docs written from a quick run', ['--quick', '--write-docs']],
    ['docs written from another size', ['--size', '1MiB', '--write-docs']],
  ])('is %s', (_, argv) => {
    expect(() => parsePlan(argv)).toThrow(expect.objectContaining({ name: 'UsageError' }));
  });
});
