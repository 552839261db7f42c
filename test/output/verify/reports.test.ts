import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { githubAnnotations } from '../../../src/output/verify/github.ts';
import type { VerifyReport } from '../../../src/output/verify/report.ts';
import { htmlReport } from '../../../src/output/verify/reports/html.ts';
import { junitReport } from '../../../src/output/verify/reports/junit.ts';
import { markdownReport } from '../../../src/output/verify/reports/markdown.ts';
import { report } from './made-up.ts';

const allVerdicts = report();

const hostile = '</failure>]]><script>alert(1)</script>\u0000\u001b[31m | `x`\r\n::error::no %';

/** Every text that a server decides is hostile. */
const spoiled: VerifyReport = {
  ...allVerdicts,
  results: allVerdicts.results.map((result) => ({
    ...result,
    ...(result.violation && { violation: { ...result.violation, actual: hostile } }),
    ...(result.remark !== undefined && { remark: hostile }),
  })),
};

const read = (xml: string) =>
  new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    isArray: (name) => name === 'testcase' || name === 'testsuite',
  }).parse(xml, true);

describe('JUnit', () => {
  it('has a case for every result, and each verdict where consumers look for it', () => {
    const { testsuites } = read(junitReport(allVerdicts));
    const cases = testsuites.testsuite.flatMap((suite: { testcase: unknown[] }) => suite.testcase);
    expect(cases.map(({ name }: { name: string }) => name).sort()).toEqual(
      allVerdicts.results.map(({ id }) => id).sort(),
    );
    for (const result of allVerdicts.results) {
      const element = cases.find(({ name }: { name: string }) => name === result.id);
      const expected = result.expectedFailure !== undefined ? 'skip' : result.verdict;
      expect([result.verdict, 'failure' in element, 'error' in element, 'skipped' in element]).toEqual([
        result.verdict,
        expected === 'fail' || (expected === 'warn' && allVerdicts.strict),
        expected === 'blocked' || expected === 'error',
        expected === 'skip',
      ]);
    }
    const sum = (key: string) =>
      testsuites.testsuite.reduce(
        (total: number, suite: Record<string, string>) => total + Number(suite[key]),
        0,
      );
    for (const key of ['tests', 'failures', 'errors']) expect(sum(key)).toBe(Number(testsuites[key]));
    expect(Number(testsuites.failures)).toBeGreaterThan(0);
  });

  it('has a failure for what was expected to fail and does not, since that fails the run', () => {
    const [passed] = allVerdicts.results.filter(({ verdict }) => verdict === 'pass');
    const staleExpectations = [{ id: passed?.id ?? '', reason: 'issue 12' }];
    const { testsuites } = read(junitReport({ ...allVerdicts, staleExpectations }));
    const usual = read(junitReport(allVerdicts)).testsuites;
    expect(Number(testsuites.failures)).toBe(Number(usual.failures) + 1);
    const cases = testsuites.testsuite.flatMap(({ testcase }: { testcase: unknown[] }) => testcase);
    expect(cases.find(({ name }: { name: string }) => name === passed?.id).failure.message).toBe(
      'does not fail any more: take it out of the expect-failures file (issue 12)',
    );
  });

  it('counts warnings as failures with --strict', () => {
    const failures = (report: VerifyReport) => Number(read(junitReport(report)).testsuites.failures);
    const warnings = allVerdicts.results.filter(
      ({ verdict, expectedFailure }) => verdict === 'warn' && expectedFailure === undefined,
    );
    expect(warnings.length).toBeGreaterThan(0);
    expect(failures({ ...allVerdicts, strict: true })).toBe(
      failures({ ...allVerdicts, strict: false }) + warnings.length,
    );
  });

  it('stays well-formed whatever a server says', () => {
    const xml = junitReport(spoiled);
    expect(JSON.stringify(read(xml))).toContain('alert(1)');
    expect(xml).not.toContain('<script>');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
  });
});

describe('HTML', () => {
  it('needs no network and runs nothing that a server said', () => {
    const html = htmlReport(spoiled);
    expect(html).not.toContain('<script>alert');
    expect(html).not.toMatch(/<(link|img|iframe|script src|object)\b|@import|url\(/i);
    expect(html).toContain("default-src 'none'");
  });

  it('of a results file that somebody wrote by hand runs nothing either', () => {
    const forged = JSON.parse(JSON.stringify(allVerdicts));
    forged.seed = hostile;
    for (const result of forged.results) result.verdict = hostile;
    expect(htmlReport(forged)).not.toContain('<script>alert');
  });

  it('shows every result, findings twice', () => {
    const html = htmlReport(allVerdicts);
    for (const { id } of allVerdicts.results) expect(html).toContain(`<code>${id}</code>`);
    const finding = allVerdicts.results.find(
      ({ verdict, expectedFailure }) => verdict === 'fail' && expectedFailure === undefined,
    );
    expect(html.split(`<code>${finding?.id}</code>`)).toHaveLength(3);
  });
});

describe('Markdown', () => {
  it('has a row for each finding, and no cell that a server ends', () => {
    const rows = markdownReport(spoiled)
      .split('\n')
      .filter((line) => /^\| (fail|warn) /.test(line));
    const findings = allVerdicts.results.filter(
      ({ verdict, expectedFailure }) => /fail|warn/.test(verdict) && expectedFailure === undefined,
    );
    expect(rows).toHaveLength(findings.length);
    for (const row of rows) {
      expect(row.split('|')).toHaveLength(6);
      expect(row).not.toContain('<script>');
    }
  });
});

describe('the command in Markdown', () => {
  const lastLines = (wholeCommand: string) =>
    markdownReport({ ...allVerdicts, wholeCommand }).split('See it again:')[1];

  it.each([
    ['pulse-upload verify x', ' `pulse-upload verify x`\n'],
    ["verify --read-back 'cat `a`'", " `` verify --read-back 'cat `a`' ``\n"],
    ['verify ``', ' ``` verify `` ```\n'],
    ["verify 'a\n\nb'", "\n\n```\nverify 'a\n\nb'\n```\n"],
    ["verify 'a\n```'", "\n\n````\nverify 'a\n```'\n````\n"],
  ])('%j stays whole', (command, shown) => {
    expect(lastLines(command)).toBe(shown);
  });
});

describe('GitHub annotations', () => {
  it('are one line each, whatever a server says', () => {
    const lines = githubAnnotations(spoiled);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(line).toMatch(/^::(error|warning) title=[^:,\r\n]+::[^\r\n]*$/);
      expect(line).not.toContain('\n::error::');
    }
  });
});

describe('an entry that is out of date', () => {
  it.each([
    ['GitHub', (report: VerifyReport) => githubAnnotations(report).join('\n')],
    ['HTML', htmlReport],
    ['Markdown', markdownReport],
  ])('is named by %s', (_, rendered) => {
    const staleExpectations = [{ id: 'core.head.200', reason: 'issue 12' }];
    const words = 'does not fail any more: take it out of the expect-failures file (issue 12)';
    expect(rendered({ ...allVerdicts, staleExpectations })).toContain(words);
    expect(rendered(allVerdicts)).not.toContain('expect-failures');
  });
});
