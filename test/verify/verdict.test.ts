import { describe, expect, it } from 'vitest';
import { PulseError } from '../../src/errors.ts';
import { matchExpected, parseExpectedFailures } from '../../src/verify/expect-failures.ts';
import type { CheckResult, Verdict } from '../../src/verify/judge.ts';
import { counted, exitCodeOf } from '../../src/verify/verdict.ts';

const result = (id: string, verdict: Verdict): CheckResult => ({
  id,
  impact: 'data',
  verdict,
  says: '',
  spec: { url: '', section: '' },
  scenario: 's',
  evidence: [],
  elapsedMs: 0,
});
const results = (...verdicts: readonly Verdict[]) =>
  verdicts.map((verdict, index) => result(`c${index}`, verdict));
const code = (verdicts: readonly Verdict[], expected: readonly string[] = [], strict = false) => {
  const all = results(...verdicts);
  return exitCodeOf(
    all,
    matchExpected(
      expected.map((id) => ({ id, reason: 'known' })),
      all,
    ),
    { strict },
  );
};

describe('the exit code', () => {
  const cases: readonly [readonly Verdict[], number][] = [
    [['pass'], 0],
    [['note'], 0],
    [['warn'], 0],
    [['pass', 'skip', 'note', 'warn'], 0],
    [['pass', 'fail'], 1],
    [['fail', 'error', 'blocked'], 1],
    [['pass', 'error', 'blocked'], 70],
    [['pass', 'blocked'], 9],
    [['skip'], 9],
    [['skip', 'skip'], 9],
    [[], 9],
    [['error'], 70],
    [['blocked'], 9],
  ];
  it.each(cases)('of %j is %i', (verdicts, expected) => expect(code(verdicts)).toBe(expected));

  it('counts a warning as a failure when asked to be strict', () => {
    expect(code(['pass', 'warn'], [], true)).toBe(1);
    expect(code(['pass', 'note'], [], true)).toBe(0);
  });

  it('forgives a failure that was expected, and only that one', () => {
    expect(code(['fail', 'pass'], ['c0'])).toBe(0);
    expect(code(['fail', 'fail'], ['c0'])).toBe(1);
    expect(code(['warn', 'pass'], ['c0'], true)).toBe(0);
    expect(code(['fail'], ['c0'])).toBe(0);
  });

  it('is 1 when something that was expected to fail did not', () => {
    expect(code(['pass', 'pass'], ['c0'])).toBe(1);
    expect(code(['note'], ['c0'])).toBe(1);
  });

  it.each(['skip', 'blocked', 'error'] as const)(
    'leaves an entry alone whose check could not be judged: %s',
    (verdict) => {
      expect(matchExpected([{ id: 'c0', reason: 'r' }], results(verdict)).stale).toEqual([]);
    },
  );

  it('leaves an entry alone whose check was not selected', () => {
    expect(matchExpected([{ id: 'other', reason: 'r' }], results('pass'))).toEqual({
      expected: new Set(),
      stale: [],
    });
  });
});

it('counts every verdict, and what was expected apart', () => {
  const counts = counted(results('pass', 'pass', 'fail', 'fail', 'skip'), new Set(['c3']));
  expect(counts).toEqual({ pass: 2, fail: 1, warn: 0, note: 0, skip: 1, blocked: 0, error: 0, expected: 1 });
});

describe('an expect-failures file', () => {
  const parse = (text: string) => parseExpectedFailures(text, ['a.b', 'a.c']);

  it('names one check a line with its reason, between comments and empty lines', () => {
    expect(parse('# known\n\n  a.b   no disk yet  \r\na.c until #12 is done\n')).toEqual([
      { id: 'a.b', reason: 'no disk yet' },
      { id: 'a.c', reason: 'until #12 is done' },
    ]);
    expect(parse('')).toEqual([]);
  });

  it.each([
    ['a.x because', 'line 1: there is no check a.x'],
    ['a.b', 'line 1: a.b has no reason'],
    ['a.b   ', 'line 1: a.b has no reason'],
    ['a.b one\n# x\na.b two', 'line 3: a.b stands there twice'],
  ])('is refused: %j', (text, message) => {
    expect(() => parse(text)).toThrow(PulseError);
    expect(() => parse(text)).toThrow(message);
  });
});
