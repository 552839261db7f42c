import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { parse, type TestCase } from 'junit2json';
import { describe, expect, it } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import type { VerifyReport } from '../../../src/output/verify/report.ts';
import { junitReport } from '../../../src/output/verify/reports/junit.ts';
import { report } from './made-up.ts';

/** What others make of our JUnit: a schema validator, and readers that CI tools use. */

const schema = readFileSync(new URL('../../../fixtures/junit/junit.xsd', import.meta.url), 'utf8');

const everything = report();
const hostile = '</failure>]]><failure/>\u0000\u001b[31m\r\n"\'&amp; \ud800';
const spoiled: VerifyReport = {
  ...everything,
  results: everything.results.map((result) => ({
    ...result,
    ...(result.violation && { violation: { ...result.violation, actual: hostile } }),
    ...(result.remark !== undefined && { remark: hostile }),
  })),
};
const reports: readonly (readonly [string, VerifyReport])[] = [
  ['every verdict', everything],
  ['every verdict with --strict', { ...everything, strict: true }],
  ['a hostile server', spoiled],
  ['no result', { ...everything, results: [] }],
];

const objections = async (xml: string) => {
  const { errors } = await validateXML({
    xml: [{ fileName: 'verify.xml', contents: xml }],
    schema: [{ fileName: 'junit.xsd', contents: schema }],
  });
  return errors.map(({ message }) => message);
};

/** What a reader should find, as it is counted on the screen. */
function outcomes({ results, strict }: VerifyReport) {
  const open = results.filter(({ expectedFailure }) => expectedFailure === undefined);
  const having = (...verdicts: readonly string[]) =>
    open.filter(({ verdict }) => verdicts.includes(verdict)).length;
  return {
    failures: having('fail') + (strict ? having('warn') : 0),
    errors: having('blocked', 'error'),
    skipped: having('skip') + results.length - open.length,
  };
}

describe.each(reports)('JUnit with %s', (_, value) => {
  it('is valid by the schema', async () => {
    expect(await objections(junitReport(value))).toEqual([]);
  });

  it('is read by junit2json as it was meant', async () => {
    const read = await parse(junitReport(value));
    const suites = read && 'testsuite' in read ? (read.testsuite ?? []) : [];
    const cases: readonly TestCase[] = suites.flatMap(({ testcase }) => testcase ?? []);
    expect(cases.map(({ name }) => name).sort()).toEqual(value.results.map(({ id }) => id).sort());
    const having = (key: 'failure' | 'error' | 'skipped') => cases.filter((one) => one[key] !== undefined);
    expect({
      failures: having('failure').length,
      errors: having('error').length,
      skipped: having('skipped').length,
    }).toEqual(outcomes(value));
    for (const { failure } of having('failure')) {
      expect(failure?.[0]?.message).toBeTruthy();
      expect(failure?.[0]?.inner).toContain('written: ');
    }
  });
});

describe('the schema', () => {
  it.each([
    ['a number that is none', (xml: string) => xml.replace(/tests="\d+"/, 'tests="many"')],
    ['an element that nobody knows', (xml: string) => xml.replace('<failure', '<broken/><failure')],
    [
      'a case without a name',
      (xml: string) => xml.replace(/(<testcase classname="[^"]*") name="[^"]*"/, '$1'),
    ],
    ['what is no XML', (xml: string) => xml.replace('</testsuites>', '')],
  ])('refuses %s', async (_, spoil) => {
    const spoilt = spoil(junitReport(everything));
    expect(spoilt).not.toBe(junitReport(everything));
    expect(await objections(spoilt)).not.toEqual([]);
  });
});

const run = promisify(execFile);
const python = await run('python3', ['-c', 'import junitparser'])
  .then(() => true)
  .catch(() => false);
if (!python) console.log('skipped: Python has no junitparser here (pip install junitparser)');

it.skipIf(!python)('is read by Python’s junitparser, too', async () => {
  const program = [
    'import sys, junitparser',
    'xml = junitparser.JUnitXml.fromstring(sys.argv[1])',
    'xml.update_statistics()',
    'print(xml.tests, xml.failures, xml.errors, xml.skipped)',
  ].join('\n');
  const { stdout } = await run('python3', ['-c', program, junitReport(everything)]);
  const { failures, errors, skipped } = outcomes(everything);
  expect(stdout.trim()).toBe([everything.results.length, failures, errors, skipped].join(' '));
});
