import { exitCodes } from '../../errors.ts';
import { countOf } from '../format.ts';
import type { Paint } from '../paint.ts';
import { reasonsOf } from './reasons.ts';
import type { VerifyReport } from './report.ts';

/** The last line: what the exit code says, and what could not be proven. */
export function verdictLine(report: VerifyReport, paint: Paint): string {
  const { word, color } = verdictWord(report.exitCode);
  return `${paint[color](`${word}:`)} ${[...clauses(report), ...unverified(report)].join('; ')}`;
}

interface Word {
  readonly word: string;
  readonly color: keyof Paint;
}

const words: Readonly<Record<number, Word>> = {
  0: { word: 'conformant', color: 'good' },
  [exitCodes.verdict]: { word: 'not conformant', color: 'bad' },
  [exitCodes.incomplete]: { word: 'incomplete', color: 'warn' },
  [exitCodes.bug]: { word: 'no verdict', color: 'bad' },
};

/** Every other code is that of a signal. */
function verdictWord(exitCode: number): Word {
  return words[exitCode] ?? { word: 'interrupted', color: 'warn' };
}

/** Whether a signal ended the run: then its code is that of none of the verdicts. */
export function isInterrupted({ exitCode }: VerifyReport): boolean {
  return words[exitCode] === undefined;
}

function clauses(report: VerifyReport): readonly string[] {
  const { counts, strict, staleExpectations } = report;
  const broken = [
    ...(counts.fail > 0 ? [`${countOf(counts.fail, 'requirement')} broken`] : []),
    ...(strict && counts.warn > 0 ? [`${countOf(counts.warn, 'recommendation')} broken (--strict)`] : []),
    ...(staleExpectations.length > 0 ? [countOf(staleExpectations.length, 'stale expected failure')] : []),
  ];
  return [
    ...(broken.length > 0 ? broken : [nothingBroken(report)]),
    ...(counts.error > 0 ? [`${countOf(counts.error, 'check')} ended by a mistake of pulse-upload`] : []),
    ...(counts.blocked > 0 ? [`${countOf(counts.blocked, 'check')} could not run${mainReason(report)}`] : []),
  ];
}

function nothingBroken(report: VerifyReport): string {
  const { pass, note, warn, expected } = report.counts;
  if (pass + note + warn + expected === 0) return `no requirement could be tried${whySkipped(report)}`;
  if (warn > 0) return `no requirement broken, ${countOf(warn, 'warning')}`;
  return expected > 0 ? 'nothing broken but what was expected' : 'nothing that was tried is broken';
}

/** Where one cause explains most, the last line names it. */
function mainReason(report: VerifyReport): string {
  const { results, counts } = report;
  const [first] = reasonsOf(results.filter(({ verdict }) => verdict === 'blocked'));
  if (first === undefined || isInterrupted(report)) return '';
  return `, ${first.ids.length === counts.blocked ? 'because' : 'mostly because'} ${first.reason}`;
}

/** Where all was skipped, for want of a flag above all: what is blocked has a reason of its own. */
function whySkipped(report: VerifyReport): string {
  const { results, counts } = report;
  const [first] = reasonsOf(results.filter(({ verdict }) => verdict === 'skip'));
  if (first === undefined || counts.blocked + counts.error > 0 || isInterrupted(report)) return '';
  return ` (${first.ids.length === counts.skip ? '' : 'mostly: '}${first.reason})`;
}

function unverified({ target }: VerifyReport): readonly string[] {
  return target.contentComparedBy === undefined ? ['content not verified'] : [];
}
