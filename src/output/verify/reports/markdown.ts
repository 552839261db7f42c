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
    seeAgain(report.wholeCommand ?? report.command),
    '',
  ].join('\n');
}

/** Where it is to be copied, nothing is escaped: what is a fence is longer than any run of backticks in the command. */
function seeAgain(command: string): string {
  const longest = Math.max(0, ...Array.from(command.matchAll(/`+/g), ([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  if (/[\r\n]/.test(command)) {
    const block = fence.padEnd(3, '`');
    return `See it again:\n\n${block}\n${command}\n${block}`;
  }
  const space = longest > 0 ? ' ' : '';
  return `See it again: ${fence}${space}${command}${space}${fence}`;
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
