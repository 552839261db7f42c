import XMLBuilder from 'fast-xml-builder';
import { withTexts } from '../../../protocol/json.ts';
import { exchangeBlock } from '../exchange.ts';
import { againCommand } from '../finding.ts';
import { type Group, groupsOf, outcomeText } from '../groups.ts';
import type { ReportedResult, VerifyReport } from '../report.ts';
import { staleWords } from '../stale.ts';

/**
 * JUnit XML as Jenkins, GitLab and GitHub's reporters read it: one suite for each group of the requirements, a real
 * `<failure>`, `<error>` or `<skipped>` inside its test case, and the exchanges as its text.
 * A warning passes, and says so in `system-out`; with --strict it is a failure.
 */
export function junitReport(report: VerifyReport): string {
  const groups = groupsOf(report);
  const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', format: true });
  const document = {
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      '@name': `pulse-upload verify ${report.target.server}`,
      ...countAttributes(report.results, report),
      '@time': seconds(report.elapsedMs),
      testsuite: groups.map((group) => suiteElement(group, report)),
    },
  };
  // Every text is made printable before it is escaped.
  return printable(builder.build(withTexts(document, printable)));
}

function suiteElement({ title, results }: Group, report: VerifyReport): object {
  return {
    '@name': title,
    ...countAttributes(results, report),
    // Only here: Jenkins and JUnit itself know no such attribute on <testsuites>.
    '@skipped': countOutcomes('skipped', results, report),
    '@time': seconds(results.reduce((total, { elapsedMs }) => total + elapsedMs, 0)),
    '@timestamp': report.started.replace(/\.\d+Z$/, ''),
    testcase: results.map((result) => caseElement(result, title, report)),
  };
}

function caseElement(result: ReportedResult, title: string, report: VerifyReport): object {
  return {
    '@classname': title,
    '@name': result.id,
    '@time': seconds(result.elapsedMs),
    ...outcomeElement(result, report),
  };
}

function outcomeElement(result: ReportedResult, report: VerifyReport): object {
  const message = staleMessage(result, report) ?? outcomeText(result);
  switch (outcomeOf(result, report)) {
    case 'failure':
      return {
        failure: {
          '@message': message,
          '@type': result.level ?? result.verdict,
          '#text': details(result, report),
        },
      };
    case 'error':
      return { error: { '@message': message, '@type': result.verdict, '#text': details(result, report) } };
    case 'skipped':
      return { skipped: { '@message': message } };
    case 'passed':
      return message === '' ? {} : { 'system-out': `${result.verdict}: ${message}` };
  }
}

type JUnitOutcome = 'failure' | 'error' | 'skipped' | 'passed';

/** Blocked and error are errors: nothing is known about the server, and the run must not look green. */
function outcomeOf(result: ReportedResult, report: VerifyReport): JUnitOutcome {
  const { verdict, expectedFailure } = result;
  const { strict } = report;
  if (staleMessage(result, report) !== undefined) return 'failure';
  if (expectedFailure !== undefined) return 'skipped';
  const outcomes = {
    pass: 'passed',
    note: 'passed',
    warn: strict ? 'failure' : 'passed',
    fail: 'failure',
    skip: 'skipped',
    blocked: 'error',
    error: 'error',
  } as const satisfies Record<ReportedResult['verdict'], JUnitOutcome>;
  return outcomes[verdict];
}

/** What was expected to fail and does not fails the run: whoever reads only this must find out why. */
function staleMessage({ id }: ReportedResult, { staleExpectations }: VerifyReport): string | undefined {
  const stale = staleExpectations.find((entry) => entry.id === id);
  return stale && staleWords(stale);
}

function countAttributes(results: readonly ReportedResult[], report: VerifyReport): object {
  return {
    '@tests': results.length,
    '@failures': countOutcomes('failure', results, report),
    '@errors': countOutcomes('error', results, report),
  };
}

function countOutcomes(
  wanted: JUnitOutcome,
  results: readonly ReportedResult[],
  report: VerifyReport,
): number {
  return results.filter((result) => outcomeOf(result, report) === wanted).length;
}

function details(result: ReportedResult, report: VerifyReport): string {
  const { says, spec, violation, evidence, curl = [] } = result;
  const facts = violation
    ? [`expected: ${violation.expected}`, `came: ${violation.actual}`, `matters: ${violation.matters}`]
    : [];
  return [
    says,
    `written: ${spec.section} ${spec.url}`,
    ...facts,
    `again: ${againCommand(result, report)}`,
    ...curl,
    '',
    ...evidence.flatMap((exchange) => [...exchangeBlock(exchange), '']),
  ].join('\n');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** XML has no way to write control characters, lone surrogates and two more: they become U+FFFD. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML 1.0 forbids
  return text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
}
