import type { Verdict } from '../../verify/judge.ts';
import { countOf, formatBytes, formatDuration, groupDigits } from '../format.ts';
import { harmless } from '../text.ts';
import { againCommand } from './finding.ts';
import { findingsOf } from './findings-of.ts';
import { byFrequency, reasonsOf } from './reasons.ts';
import type { VerifyReport } from './report.ts';
import { staleWords } from './stale.ts';
import { isInterrupted } from './verdict-line.ts';
import { copyable, fact, type VerifyView } from './view.ts';

/** How often each verdict was given, in words; verdicts that nobody got are left out. */
export function countWords(counts: VerifyReport['counts']): string {
  return countOrder
    .filter(([verdict]) => counts[verdict] > 0)
    .map(([verdict, words]) => words(counts[verdict]))
    .join(', ');
}

const countOrder: readonly (readonly [Verdict | 'expected', (count: number) => string])[] = [
  ['pass', (count) => `${groupDigits(count)} passed`],
  ['fail', (count) => `${groupDigits(count)} failed`],
  ['warn', (count) => countOf(count, 'warning')],
  ['note', (count) => countOf(count, 'note')],
  ['expected', (count) => countOf(count, 'expected failure')],
  ['blocked', (count) => `${groupDigits(count)} could not run`],
  ['error', (count) => countOf(count, 'mistake of ours', 'mistakes of ours')],
  ['skip', (count) => `${groupDigits(count)} skipped`],
];

const MORE = '-v shows whole exchanges; pulse-upload verify --explain <id> says what a check asks';

/** Reasons that are named, and what one flag would let run; the others are counted. */
const SHOWN_REASONS = 4;
const isOptIn = ({ reason }: { readonly reason: string }) => reason.startsWith('only with --');

/** The last facts before the verdict: counts, why checks were skipped, what was sent and what is left behind. */
export function summaryLines(report: VerifyReport, view: VerifyView): readonly string[] {
  const { target, results, counts, elapsedMs, requests, sentBytes } = report;
  return [
    ...fact(
      'counts',
      `${countOf(results.length, 'check')} in ${formatDuration(elapsedMs)}: ${countWords(counts)}`,
      view,
    ),
    ...(counts.skip === 0 ? [] : fact('skipped', skippedWords(report, view.verbose), view)),
    ...fact(
      'sent',
      `${countOf(requests, 'request')}, ${formatBytes(sentBytes)}; ${leftoverWords(report)}`,
      view,
    ),
    ...report.staleExpectations.flatMap((entry) => fact('stale', `${entry.id} ${staleWords(entry)}`, view)),
    ...(report.endedEarly === undefined ? [] : fact('ended', `early: ${report.endedEarly}`, view)),
    ...writtenLines(view),
    ...(view.verbose ? [] : moreLines(report, view)),
    ...gistLines(report, view),
    ...(target.advice === undefined ? [] : fact('next', target.advice, view)),
  ];
}

function writtenLines(view: VerifyView): readonly string[] {
  const files = view.written ?? [];
  return files.flatMap((path, index) => copyable(index === 0 ? 'files' : '', harmless(path), view));
}

/** What the run knows and does not show. */
function moreLines(report: VerifyReport, view: VerifyView): readonly string[] {
  const { fail, warn, note } = report.counts;
  const hasBlocked = report.results.some(
    ({ verdict, evidence }) => verdict === 'blocked' && evidence.length > 0,
  );
  if (fail + warn > 0 || (hasBlocked && !isInterrupted(report))) return fact('more', MORE, view);
  return note > 0 ? fact('more', '-v shows the notes', view) : [];
}

/** More findings than these fill a screen: below them stands what the worst of them come to, and where to begin. */
const FEW_FINDINGS = 5;

/** Consequences that are named; a server with more has the first of them to think about. */
const SHOWN_CONSEQUENCES = 3;

/** One mistake of a server breaks many requirements: what most of the worst come to, and the first of those to look at. */
function gistLines(report: VerifyReport, view: VerifyView): readonly string[] {
  const found = findingsOf(report);
  const total = found.reduce((count, { results }) => count + results.length, 0);
  if (total <= FEW_FINDINGS) return [];
  const shown = byFrequency(found[0]?.results ?? [], ({ violation }) => violation?.matters ?? '').slice(
    0,
    SHOWN_CONSEQUENCES,
  );
  const others = total - shown.reduce((count, [, results]) => count + results.length, 0);
  const lines = [
    ...shown.map(([matters, results]) => `${countOf(results.length, 'finding')}: ${matters}`),
    ...(others > 0 ? [`${countOf(others, 'other finding')} above`] : []),
  ];
  // A warning may stand among the worst, and is nothing to begin with while something fails.
  const inOrder = [...shown.flatMap(([, results]) => results), ...found.flatMap(({ results }) => results)];
  const first = inOrder.find(({ verdict }) => verdict === 'fail') ?? inOrder[0];
  return [
    ...lines.flatMap((line, index) => fact(index === 0 ? 'matters' : '', line, view)),
    ...(first && report.target.advice === undefined
      ? copyable('begin', againCommand(first, report), view)
      : []),
  ];
}

function skippedWords({ results }: VerifyReport, all: boolean): string {
  const reasons = reasonsOf(results.filter(({ verdict }) => verdict === 'skip'));
  const shown = reasons.filter((each, index) => all || index < SHOWN_REASONS || isOptIn(each));
  const rest = reasons.reduce((left, each) => left + (shown.includes(each) ? 0 : each.ids.length), 0);
  return [
    ...shown.map(({ reason, ids }) => `${reason} (${ids.length})`),
    ...(rest > 0 ? [`other reasons (${rest})`] : []),
  ].join('; ');
}

function leftoverWords({ leftovers: { created, removed, unheard = 0 }, runId }: VerifyReport): string {
  const left = created - removed;
  const name = `pulse-verify-${runId}-…`;
  const known =
    created === 0
      ? 'no upload was created'
      : left === 0
        ? `${countOf(created, 'upload')} created and removed again`
        : `${countOf(created, 'upload')} created, ${groupDigits(left)} left there; Upload-Metadata names them ${name}`;
  if (unheard === 0) return known;
  return `${known}; up to ${groupDigits(unheard)} more may be there${left === 0 ? ` as ${name}` : ''}: nobody heard the answer to the creation`;
}
