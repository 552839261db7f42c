import { describe, expect, it } from 'vitest';
import { PulseError } from '../../src/errors.ts';
import { selected } from '../../src/verify/select.ts';
import { aCheck } from './made-up.ts';

const checks = ['core.head.status', 'core.patch.204', 'core.patch.offset', 'data.canary'].map((id) =>
  aCheck({ id }),
);
const ids = (only: readonly string[], skip: readonly string[] = []) =>
  selected(checks, only, skip).map(({ id }) => id);

describe('a selection', () => {
  it('is everything where nothing is asked for', () => expect(ids([])).toHaveLength(4));

  it.each([
    [['core.patch.204'], ['core.patch.204']],
    [['core.*'], ['core.head.status', 'core.patch.204', 'core.patch.offset']],
    [
      ['*.offset', 'data*'],
      ['core.patch.offset', 'data.canary'],
    ],
    [['core.p*4'], ['core.patch.204']],
    [['*'], checks.map(({ id }) => id)],
  ])('of %j', (only, expected) => expect(ids(only)).toEqual(expected));

  it('leaves out what is skipped', () => {
    expect(ids([], ['core.*'])).toEqual(['data.canary']);
    expect(ids(['core.*'], ['*.204'])).toEqual(['core.head.status', 'core.patch.offset']);
  });

  it('takes every other character as it stands', () => {
    expect(() => ids(['core.patch.20.'])).toThrow('matches no check');
    expect(() => ids(['core?patch.204'])).toThrow('matches no check');
    expect(() => ids(['CORE.*'])).toThrow('matches no check');
  });

  it.each([
    [['nothing'], []],
    [['core'], []],
    [[], ['nothing']],
    [['core.*', 'nothing'], []],
  ])('with a pattern that matches nothing is a usage error: only %j, skip %j', (only, skip) => {
    expect(() => ids(only, skip)).toThrow(PulseError);
  });

  it('that leaves nothing is a usage error', () => {
    expect(() => ids(['data.*'], ['*'])).toThrow('no check is left');
  });
});
