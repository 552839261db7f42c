import type { Exchange } from '../../verify/recording.ts';
import { countOf } from '../format.ts';
import { findingLines, findingTitle, lastExchanges } from './finding.ts';
import { type Findings, findingsOf } from './findings-of.ts';
import { harmlessValue } from './harmless-value.ts';
import { impactTitles } from './impacts.ts';
import { reasonsOf } from './reasons.ts';
import type { ReportedResult, VerifyReport } from './report.ts';
import { summaryLines } from './summary.ts';
import { isInterrupted, verdictLine } from './verdict-line.ts';
import { fact, roomOf, type VerifyView } from './view.ts';
import { wrap } from './wrap.ts';

/** A finished run for a person: what deserves attention by what it means for a video, the counts, and the verdict last. */
export function reportLines(raw: VerifyReport, view: VerifyView): readonly string[] {
  const report = harmlessValue(raw);
  // Whoever stops a run knows why the rest of it did not happen.
  const blocked = isInterrupted(report) && !view.verbose ? [] : blockedLines(report, view);
  const findings = findingsOf(report).flatMap((found) => impactLines(found, report, view));
  // What kept most checks from running explains the findings, too.
  const { blocked: untried, skip } = report.counts;
  const isCause = untried > (report.results.length - skip) / 2;
  return [
    ...(view.verbose ? quietLines(report, view) : []),
    ...(isCause ? [...blocked, ...findings] : [...findings, ...blocked]),
    ...errorLines(report, view),
    ...summaryLines(report, view),
    verdictLine(report, view.paint),
  ];
}

function impactLines(
  { impact, results }: Findings,
  report: VerifyReport,
  view: VerifyView,
): readonly string[] {
  const title = view.paint.strong(impactTitles[impact].toUpperCase());
  return [title, '', ...results.flatMap((result) => [...findingLines(result, report, view), ''])];
}

const SHOWN_IDS = 5;

function blockedLines({ results }: VerifyReport, view: VerifyView): readonly string[] {
  const blocked = results.filter(({ verdict }) => verdict === 'blocked');
  const reasons = reasonsOf(blocked);
  if (reasons.length === 0) return [];
  const lines = reasons.flatMap(({ reason, ids }) => {
    const shown = view.verbose ? ids : ids.slice(0, SHOWN_IDS);
    const more = ids.length - shown.length;
    const listed = [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
    return [
      ...wrap(`${countOf(ids.length, 'check')}: ${reason}`, roomOf(view) - 2).map((line) => `  ${line}`),
      ...wrap(listed, roomOf(view) - 4).map((line) => `    ${view.paint.faint(line)}`),
      ...(view.verbose ? lastExchanges(exampleOf(ids, blocked), view) : []),
    ];
  });
  return [view.paint.strong('COULD NOT BE TRIED'), '', ...lines, ''];
}

/** What one of those with the same reason saw. */
function exampleOf(ids: readonly string[], blocked: readonly ReportedResult[]): readonly Exchange[] {
  return blocked.find(({ id, evidence }) => ids.includes(id) && evidence.length > 0)?.evidence ?? [];
}

function errorLines({ results }: VerifyReport, view: VerifyView): readonly string[] {
  const errors = results.filter(({ verdict }) => verdict === 'error');
  if (errors.length === 0) return [];
  return [
    view.paint.strong('MISTAKES OF PULSE-UPLOAD, PLEASE REPORT THEM'),
    '',
    ...errors.flatMap((result) => [findingTitle(result, view), ...fact('remark', result.remark ?? '', view)]),
    '',
  ];
}

/** With --verbose: what needs no attention, and what there is to say about it. */
function quietLines(report: VerifyReport, view: VerifyView): readonly string[] {
  const lines = report.results.flatMap((result) => {
    if (result.expectedFailure !== undefined) return [...findingLines(result, report, view), ''];
    if (needsAttention.has(result.verdict)) return [];
    const remark = result.remark === undefined ? [] : fact('remark', result.remark, view);
    return [findingTitle(result, view), ...fact('says', result.says, view), ...remark];
  });
  return lines.length === 0 ? [] : [...lines, ''];
}

const needsAttention: ReadonlySet<ReportedResult['verdict']> = new Set(['fail', 'warn', 'blocked', 'error']);

/** With --quiet: nothing where all is well, else the ids of what is not, and the verdict. */
export function quietReportLines(raw: VerifyReport, view: VerifyView): readonly string[] {
  const report = harmlessValue(raw);
  if (report.exitCode === 0) return [];
  const { pass, fail, warn, note, expected, error } = report.counts;
  // Where nothing could be tried, the verdict names the one cause.
  if (pass + fail + warn + note + expected + error === 0) return [verdictLine(report, view.paint)];
  const wrong = report.results.filter(
    (result) => needsAttention.has(result.verdict) && result.expectedFailure === undefined,
  );
  const stale = report.staleExpectations.map(
    ({ id }) => `stale ${id}: take it out of the expect-failures file`,
  );
  return [...wrong.map((result) => findingTitle(result, view)), ...stale, verdictLine(report, view.paint)];
}
