import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Check, Level, Levels, Section } from '../../src/verify/check.ts';
import type { Scenario } from '../../src/verify/scenario.ts';
import { suite } from '../../src/verify/suite.ts';
import { allChecks } from '../../src/verify/verify.ts';

interface Row {
  readonly id: string;
  readonly section: number;
  readonly level: Level;
}

const rows: readonly Row[] = JSON.parse(readFileSync(new URL('requirements.json', import.meta.url), 'utf8'));
const checks = allChecks(suite);
const untestable = Object.assign({}, ...suite.map((section) => section.untestable));
const relevelled = Object.assign({}, ...suite.map((section) => section.relevelled ?? {}));

/** Checks that stand in no requirement: ours. */
const ours = new Set(['data.canary']);
/** Demanded, but missing in so many good servers that it only warns. */
const commonlyMissing = new Set(['core.version.unsupported.tus-version', 'core.version.head-unsupported']);
/** What the Pulse facade does not promise. */
const notPromised = new Set([1, 4, 5, 8]);

describe('the suite and the requirements', () => {
  const begun = new Set(
    suite.filter((section) => section.checks.length > 0).map((section) => section.number),
  );

  it.each([...begun])('section %i is complete: every row is a check, or says why it is none', (number) => {
    const known = new Set([...checks.map(({ id }) => id), ...Object.keys(untestable)]);
    const missing = rows.filter(({ section, id }) => section === number && !known.has(id));
    expect(missing.map(({ id }) => id)).toEqual([]);
  });

  it('holds no check or excuse that stands in no requirement of its section', () => {
    const inSection = ({ number, checks: own, untestable: excuses }: Section) =>
      [...own.map(({ id }) => id), ...Object.keys(excuses)].filter(
        (id) => !ours.has(id) && !rows.some((row) => row.id === id && row.section === number),
      );
    expect(suite.flatMap(inSection)).toEqual([]);
  });

  it('gives each check the level of its requirement, unless it says why not', () => {
    const wrong = checks.flatMap(({ id, level }) => {
      const row = rows.find((candidate) => candidate.id === id);
      if (row === undefined || id in relevelled) return [];
      const expected = levelsOf(row);
      return JSON.stringify(sorted(level)) === JSON.stringify(sorted(expected))
        ? []
        : [`${id}: ${JSON.stringify(level)} instead of ${JSON.stringify(expected)}`];
    });
    expect(wrong).toEqual([]);
  });

  it('excuses only what is no check, and relevels only what is one', () => {
    const ids = new Set(checks.map(({ id }) => id));
    expect(Object.keys(untestable).filter((id) => ids.has(id))).toEqual([]);
    expect(Object.keys(relevelled).filter((id) => !ids.has(id))).toEqual([]);
  });
});

describe('the values of the suite', () => {
  it('have names of their own', () => {
    const ids = checks.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    const scenarios = [...new Set(checks.flatMap(scenariosOf))];
    const names = scenarios.map(({ id }) => id);
    expect(names.filter((id, index) => names.indexOf(id) !== index)).toEqual([]);
    expect(names.filter((id) => !/^[a-z0-9.]+(-[a-z0-9.]+)*$/.test(id))).toEqual([]);
  });

  it('say what they are about, in sentences', () => {
    const wrong = checks.flatMap((check) => textFaults(check).map((fault) => `${check.id}: ${fault}`));
    expect(wrong).toEqual([]);
  });

  it('name their source by a link', () => {
    expect(checks.filter(({ spec }) => !/^https:\/\/\S+$/.test(spec.url) || spec.section === '')).toEqual([]);
  });

  it('keep what reads the whole run from passing without evidence', () => {
    const careless = checks.filter(({ reads }) => 'atLeast' in reads && reads.atLeast.length === 0);
    expect(careless.map(({ id }) => id)).toEqual([]);
  });
});

/** The levels of a row in each protocol, by the rules of the design. */
function levelsOf({ id, section, level }: Row): Levels {
  if (id.startsWith('pulse.')) return { pulse: level };
  if (id.startsWith('v1.')) return { 'pulse-v1': level };
  if (commonlyMissing.has(id)) return { pulse: 'SHOULD', tus: 'SHOULD', 'pulse-v1': 'SHOULD' };
  const isBinding = level === 'MUST' || level === 'safety';
  return { pulse: notPromised.has(section) && isBinding ? 'SHOULD' : level, tus: level, 'pulse-v1': level };
}

function sorted(levels: Levels): readonly unknown[] {
  return Object.entries(levels).sort();
}

function scenariosOf({ reads }: Check): readonly Scenario[] {
  return 'atLeast' in reads ? reads.atLeast : [reads];
}

function textFaults({ says, passes, fails, matters, reads }: Check): readonly string[] {
  return [
    ...(/^\S.*\.$/s.test(says) ? [] : [`says: ${says}`]),
    ...Object.entries({ passes, fails, matters, does: reads.does })
      .filter(([, text]) => text.trim() === '' || text.endsWith('.'))
      .map(([field, text]) => `${field}: ${text}`),
  ];
}
