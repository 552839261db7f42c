import { describe, expect, it } from 'vitest';
import { defects } from '../../src/server/defects.ts';
import { variations } from '../../src/server/variations.ts';
import { suite } from '../../src/verify/suite.ts';
import { allChecks } from '../../src/verify/verify.ts';
import { allSpoils } from './spoil.ts';

const checks = allChecks(suite);
const ids = new Set(checks.map(({ id }) => id));

describe('the proof has no gap', () => {
  it('every check is broken by a defect', () => {
    const broken = new Set(defects.flatMap(({ breaks }) => breaks));
    expect([...ids].filter((id) => !broken.has(id))).toEqual([]);
  });

  it('every defect names checks that exist, and some', () => {
    const unknown = defects.flatMap(({ id, breaks }) =>
      breaks.filter((check) => !ids.has(check)).map((check) => `${id} breaks ${check}`),
    );
    expect(unknown).toEqual([]);
    expect(defects.filter(({ breaks }) => breaks.length === 0)).toEqual([]);
  });

  it('every defect and every variation has a name of its own', () => {
    const names = [...defects, ...variations].map(({ id }) => id);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
  });

  it('every spoil is of a check that exists and reads what the check reads', () => {
    const wrong = allSpoils.filter(
      ({ check, reads }) => checks.find(({ id }) => id === check)?.reads.id !== reads.id,
    );
    expect(wrong.map(({ check }) => check)).toEqual([]);
  });
});
