import type { ReportedResult, VerifyReport } from './report.ts';

/** The results of one area of the requirements, by the first word of their ids. */
export interface Group {
  readonly title: string;
  readonly results: readonly ReportedResult[];
}

/** `core.head`, `data.disconnect`, …: the first two words of an id, in the order of the suite. */
export function groupsOf({ results }: VerifyReport): readonly Group[] {
  const groups = new Map<string, ReportedResult[]>();
  for (const result of results) {
    const title = result.id.split('.').slice(0, 2).join('.');
    groups.set(title, [...(groups.get(title) ?? []), result]);
  }
  return [...groups].map(([title, members]) => ({ title, results: members }));
}

/** What came of a check in one line; empty where there is nothing to say. */
export function outcomeText({ violation, remark, expectedFailure, verdict }: ReportedResult): string {
  if (expectedFailure !== undefined) return `expected to fail: ${expectedFailure}`;
  if (violation) return `expected ${violation.expected}, came ${violation.actual}`;
  return remark ?? (verdict === 'pass' ? '' : verdict);
}
