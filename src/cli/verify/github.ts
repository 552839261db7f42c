import { appendFileSync } from 'node:fs';
import { githubAnnotations } from '../../output/verify/github.ts';
import { harmlessValue } from '../../output/verify/harmless-value.ts';
import type { VerifyReport } from '../../output/verify/report.ts';
import { markdownReport } from '../../output/verify/reports/markdown.ts';
import type { Environment } from '../options/option-table.ts';

/** Inside a GitHub workflow: annotations, and the summary of the step. */
export function tellGithub(raw: VerifyReport, environment: Environment, write: (text: string) => void): void {
  if (environment.GITHUB_ACTIONS !== 'true') return;
  const report = harmlessValue(raw);
  write(
    githubAnnotations(report)
      .map((line) => `${line}\n`)
      .join(''),
  );
  const path = environment.GITHUB_STEP_SUMMARY ?? '';
  if (path === '') return;
  try {
    appendFileSync(path, `${markdownReport(report)}\n`);
  } catch (error) {
    write(`::warning::the step summary could not be written (${(error as NodeJS.ErrnoException).code})\n`);
  }
}
