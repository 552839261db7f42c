import type { VerifyReport } from '../report.ts';

export type ReportWriter = (report: VerifyReport) => string;

/** Every format of `--report <format>=<path>`; one more is one more line here, and one more file. */
export const reportWriters = {
  json: async () => (await import('./json.ts')).jsonReport,
  junit: async () => (await import('./junit.ts')).junitReport,
  html: async () => (await import('./html.ts')).htmlReport,
  markdown: async () => (await import('./markdown.ts')).markdownReport,
} as const satisfies Readonly<Record<string, () => Promise<ReportWriter>>>;

export type ReportFormat = keyof typeof reportWriters;
