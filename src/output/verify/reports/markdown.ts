import { countOf } from '../../format.ts';
import { noPaint } from '../../paint.ts';
import { findingsOf } from '../findings-of.ts';
import { outcomeText } from '../groups.ts';
import { impactTitles } from '../impacts.ts';
import type { ReportedResult, VerifyReport } from '../report.ts';
import { staleWords } from '../stale.ts';
import { countWords } from '../summary.ts';
import { verdictLine } from '../verdict-line.ts';

/** GitHub shows a megabyte; past so many rows a summary is no summary. */
const MOST_ROWS = 100;

/** For a CI summary: the verdict, the counts, and a table of what deserves attention. */
export function markdownReport(report: VerifyReport): string {
  const { counts, target, results, staleExpectations } = report;
  const findings = findingsOf(report).flatMap(({ impact, results: members }) =>
    members.map((result) => row(impactTitles[impact], result)),
  );
  const shown = findings.slice(0, MOST_ROWS);
  const more = findings.length - shown.length;
  return [
    `### pulse-upload verify: ${cell(verdictLine(report, noPaint))}`,
    '',
    `\`${target.server}\` (${target.protocol}) · ${countOf(results.length, 'check')}: ${countWords(counts)}`,
    '',
    ...(shown.length === 0
      ? []
      : ['| | check | what it means | expected, and what came |', '|---|---|---|---|', ...shown, '']),
    ...(more > 0 ? [`… and ${more} more: see the full report.`, ''] : []),
    ...staleExpectations.flatMap((entry) => [`\`${entry.id}\` ${cell(staleWords(entry))}`, '']),
    `See it again: \`${report.wholeCommand ?? report.command}\``,
    '',
  ].join('\n');
}

function row(impact: string, result: ReportedResult): string {
  const { id, verdict, spec, violation } = result;
  const said = `${outcomeText(result)}${violation ? `. ${violation.matters}` : ''}`;
  return `| ${verdict} | [\`${id}\`](${spec.url}) | ${impact} | ${cell(said)} |`;
}

/** Text from a server inside a table: no markup of its own, no line breaks, no end of the cell. */
function cell(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]<>#|~@!]/g, (character) => `&#${character.charCodeAt(0)};`);
}
