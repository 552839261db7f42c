import type { VerifyReport } from '../report.ts';

/** The report itself, indented so that two of them can be compared line by line. */
export function jsonReport(report: VerifyReport): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
