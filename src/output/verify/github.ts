import { findingsOf } from './findings-of.ts';
import { outcomeText } from './groups.ts';
import type { ReportedResult, VerifyReport } from './report.ts';
import { staleWords } from './stale.ts';

/** GitHub shows ten annotations of a kind for a step and drops the rest. */
const MOST_OF_A_KIND = 10;

/** Workflow commands that make failures and warnings visible on a run's page. */
export function githubAnnotations(report: VerifyReport): readonly string[] {
  const results = findingsOf(report).flatMap((findings) => findings.results);
  const blocked = report.results.filter(({ verdict }) => verdict === 'blocked' || verdict === 'error');
  return [
    ...annotations('error', [
      ...results.filter(({ verdict }) => verdict === 'fail').map(titled),
      ...blocked.map(titled),
      ...report.staleExpectations.map((entry) => [entry.id, staleWords(entry)] as const),
    ]),
    ...annotations('warning', results.filter(({ verdict }) => verdict === 'warn').map(titled)),
  ];
}

type Titled = readonly [title: string, words: string];

function titled(result: ReportedResult): Titled {
  return [result.id, `${result.says} ${outcomeText(result)}`];
}

function annotations(kind: 'error' | 'warning', all: readonly Titled[]): readonly string[] {
  return all
    .slice(0, MOST_OF_A_KIND)
    .map(([title, words]) => `::${kind} title=${property(title)}::${data(words)}`);
}

/** The escapes of workflow commands: a server's text must not end the command, or begin another one. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
