import type { Source } from '../../verify/check.ts';
import type { Exchange } from '../../verify/recording.ts';
import { countOf } from '../format.ts';
import type { Paint } from '../paint.ts';
import { exchangeBlock, exchangeLine } from './exchange.ts';
import type { ReportedResult, VerifyReport } from './report.ts';
import { copyable, fact, roomOf, type VerifyView } from './view.ts';
import { wrap } from './wrap.ts';

/** Of a long story the end shows what went wrong. */
const SHOWN_EXCHANGES = 5;

const verdictPaint: Readonly<Record<ReportedResult['verdict'], keyof Paint>> = {
  pass: 'good',
  fail: 'bad',
  warn: 'warn',
  note: 'accent',
  skip: 'faint',
  blocked: 'warn',
  error: 'bad',
};

/** `fail  core.head.status  MUST`. */
export function findingTitle({ id, verdict, level }: ReportedResult, { paint }: VerifyView): string {
  const binding = level === undefined ? '' : `  ${paint.faint(level)}`;
  return `${paint[verdictPaint[verdict]](verdict)}  ${paint.strong(id)}${binding}`;
}

/** What is required and where that is written, what was sent, expected and answered, why it matters, how to see it again. */
export function findingLines(
  result: ReportedResult,
  report: VerifyReport,
  view: VerifyView,
): readonly string[] {
  const { says, spec, violation, remark, evidence, expectedFailure, does, curl = [] } = result;
  return [
    findingTitle(result, view),
    ...wrap(says, roomOf(view) - 2).map((line) => `  ${line}`),
    ...sourceLines(spec, view),
    ...(does === undefined ? [] : fact('scenario', does, view)),
    ...evidenceLines(evidence, view),
    ...(violation
      ? [
          ...fact('expected', violation.expected, view),
          ...fact('came', violation.actual, view),
          ...fact('matters', violation.matters, view),
        ]
      : []),
    ...(remark === undefined ? [] : fact('remark', remark, view)),
    ...(expectedFailure === undefined ? [] : fact('known', `expected to fail: ${expectedFailure}`, view)),
    ...copyable('again', againCommand(result, report), view),
    ...curl.flatMap((command, index) => copyable(index === 0 ? 'curl' : '', command, view)),
  ];
}

/** Document and place, and below them the link, which is never wrapped. */
export function sourceLines({ section, url }: Source, view: VerifyView): readonly string[] {
  return [...fact('written', section, view), ...copyable('', url, view)];
}

/** The command that shows one result again; a check of the whole run sees it only where the requests are made, too. */
export function againCommand(
  { id, seenBy }: Pick<ReportedResult, 'id' | 'seenBy'>,
  { command }: VerifyReport,
): string {
  return `${command} --only ${seenBy === undefined ? id : `${id},${seenBy}`}`;
}

/** Of what nobody judged, which may be all of a run: its end, whole. */
export function lastExchanges(evidence: readonly Exchange[], view: VerifyView): readonly string[] {
  const shown = evidence.slice(-SHOWN_EXCHANGES);
  const hidden = evidence.length - shown.length;
  return [
    ...(hidden > 0 ? fact('', `${countOf(hidden, 'request')} before these (--record keeps them)`, view) : []),
    ...evidenceLines(shown, view),
  ];
}

function evidenceLines(evidence: readonly Exchange[], view: VerifyView): readonly string[] {
  if (view.verbose) {
    return evidence
      .flatMap(exchangeBlock)
      .flatMap((line, index) => copyable(index === 0 ? 'sent' : '', line, view));
  }
  const shown = evidence.slice(-SHOWN_EXCHANGES);
  const hidden = evidence.length - shown.length;
  const lines = [
    ...(hidden > 0 ? [`${countOf(hidden, 'request')} before these (-v shows them)`] : []),
    ...shown.map(
      (exchange, index) => exchangeLine(exchange) + overtakenWords(exchange, shown.slice(index + 1)),
    ),
  ];
  return lines.flatMap((line, index) => fact(index === 0 ? 'sent' : '', line, view));
}

/** Lines stand in the order in which requests began: of one that stayed open while others passed, that is said. */
function overtakenWords({ answer, endedMs }: Exchange, later: readonly Exchange[]): string {
  if (answer === undefined || endedMs === undefined) return '';
  const overtakers = later.filter((other) => other.endedMs !== undefined && other.endedMs < endedMs).length;
  if (overtakers === 0) return '';
  return overtakers === 1 ? ', after the next one had ended' : `, after the next ${overtakers} had ended`;
}
