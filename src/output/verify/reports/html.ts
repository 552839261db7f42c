import { countOf, formatBytes, formatDuration } from '../../format.ts';
import { noPaint } from '../../paint.ts';
import { exchangeBlock } from '../exchange.ts';
import { againCommand } from '../finding.ts';
import { findingsOf } from '../findings-of.ts';
import { groupsOf, outcomeText } from '../groups.ts';
import { harmlessValue } from '../harmless-value.ts';
import { impactTitles } from '../impacts.ts';
import type { ReportedResult, VerifyReport } from '../report.ts';
import { staleWords } from '../stale.ts';
import { countWords } from '../summary.ts';
import { verdictLine } from '../verdict-line.ts';

/** One file that needs no network: findings first, then every result; searchable, light and dark. */
export function htmlReport(raw: VerifyReport): string {
  const report = harmlessValue(raw);
  const { target, results, requests, sentBytes, elapsedMs, staleExpectations } = report;
  const verdict = verdictLine(report, noPaint);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${text(verdict)} - ${text(target.server)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1 class="${report.exitCode === 0 ? 'pass' : 'fail'}">${text(verdict)}</h1>
<p><code>${text(target.server)}</code>, ${text(target.protocol)}, <time datetime="${text(report.started)}">${text(dayAndTime(report.started))}</time></p>
<p>Assumed about the server:</p>
<ul>${target.assumptions.map((assumption) => `<li>${text(assumption)}</li>`).join('')}</ul>
<p>${text(`${countOf(results.length, 'check')} in ${formatDuration(elapsedMs)}: ${countWords(report.counts)}; ${countOf(requests, 'request')}, ${formatBytes(sentBytes)} sent`)}</p>
${staleExpectations.map((entry) => `<p><code>${text(entry.id)}</code> ${text(staleWords(entry))}</p>\n`).join('')}<p class="tools"><label>Search <input id="search" type="search" placeholder="id, word, status"></label> <span id="shown" role="status"></span></p>
</header>
<main>
${findingsOf(report)
  .map(({ impact, results: members }) => sectionOf(impactTitles[impact], members, report, true))
  .join('\n')}
<h2 class="all">All results</h2>
${groupsOf(report)
  .map(({ title, results: members }) => sectionOf(title, members, report, false))
  .join('\n')}
</main>
<footer><p>pulse-upload ${text(report.tool.version)}, suite ${text(report.tool.suite)}, seed ${text(String(report.seed))}</p></footer>
<script>${script}</script>
</body>
</html>
`;
}

/** `2026-11-25 20:47:18 UTC` */
function dayAndTime(iso: string): string {
  return iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
}

function sectionOf(
  title: string,
  results: readonly ReportedResult[],
  report: VerifyReport,
  isFinding: boolean,
): string {
  const items = results.map((result) => resultOf(result, report, isFinding)).join('\n');
  return `<section><h${isFinding ? 2 : 3}>${text(title)}</h${isFinding ? 2 : 3}>\n${items}\n</section>`;
}

function resultOf(result: ReportedResult, report: VerifyReport, isOpen: boolean): string {
  const {
    id,
    verdict,
    level,
    says,
    spec,
    violation,
    remark,
    expectedFailure,
    evidence,
    curl = [],
    does,
  } = result;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['scenario', does],
    ['expected', violation?.expected],
    ['came', violation?.actual],
    ['matters', violation?.matters],
    ['remark', remark],
    ['known', expectedFailure && `expected to fail: ${expectedFailure}`],
  ];
  const rows = facts.flatMap(([name, value]) => (value ? [`<dt>${name}</dt><dd>${text(value)}</dd>`] : []));
  const again = [againCommand(result, report), ...curl].join('\n');
  return `<details class="result ${text(verdict)}" data-id="${text(id)}"${isOpen ? ' open' : ''}>
<summary><b class="verdict">${text(verdict)}</b> <code>${text(id)}</code> ${level === undefined ? '' : `<span class="level">${text(level)}</span> `}<span class="says">${text(isOpen ? says : outcomeText(result) || says)}</span></summary>
<dl>${isOpen ? '' : `<dt>requires</dt><dd>${text(says)}</dd>`}<dt>written</dt><dd><a href="${text(spec.url)}">${text(spec.section)}</a></dd>${rows.join('')}<dt>again</dt><dd><pre>${text(again)}</pre></dd></dl>
${evidence.length === 0 ? '' : `<details class="evidence"><summary>${countOf(evidence.length, 'exchange')}</summary><pre>${text(evidence.map((exchange) => exchangeBlock(exchange).join('\n')).join('\n\n'))}</pre></details>`}
</details>`;
}

/** Everything in a report may come from a hostile server. */
function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const style = `
:root{color-scheme:light dark;--fg:#1b1f24;--bg:#fff;--soft:#f4f6f8;--line:#d7dde3;--faint:#57606a;--bad:#b3261e;--warn:#8a5a00;--good:#1a6b34;--note:#0b57a4}
@media (prefers-color-scheme:dark){:root{--fg:#e6eaef;--bg:#14181d;--soft:#1d232a;--line:#323a44;--faint:#9aa5b1;--bad:#ff8a80;--warn:#f2c14e;--good:#7ddc97;--note:#8ec5ff}}
*{box-sizing:border-box}body{margin:0 auto;max-width:64rem;padding:1.5rem;font:16px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg)}
h1{font-size:1.4rem;margin:0 0 .5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}h2::first-letter{text-transform:uppercase}h2.all{border-top:1px solid var(--line);padding-top:1.5rem}h3{font:600 .95rem ui-monospace,monospace;margin:1.25rem 0 .25rem;color:var(--faint)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:.85em}pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--soft);padding:.6rem;border-radius:6px}
header p{margin:.5rem 0}header ul{margin:.25rem 0;padding-left:1.2rem;color:var(--faint)}.tools{position:sticky;top:0;background:var(--bg);padding:.5rem 0;margin:0;z-index:1}input{font:inherit;padding:.3rem .6rem;width:20rem;max-width:70vw;border:1px solid var(--line);border-radius:6px;background:var(--soft);color:inherit}
.result{border:1px solid var(--line);border-left:4px solid var(--line);border-radius:6px;margin:.4rem 0;padding:.35rem .75rem}.result>summary{cursor:pointer;overflow-wrap:anywhere}
.verdict{display:inline-block;min-width:3.6rem}.level,.says{color:var(--faint);font-size:.9em}.level{border:1px solid var(--line);border-radius:4px;padding:0 .35rem;margin:0 .25rem;font-size:.75em}.says{display:block;margin-left:1rem}
.fail,.error{border-left-color:var(--bad)}.warn,.blocked{border-left-color:var(--warn)}.pass{border-left-color:var(--good)}.note{border-left-color:var(--note)}
.fail>summary .verdict,.error>summary .verdict,h1.fail{color:var(--bad)}.warn>summary .verdict,.blocked>summary .verdict{color:var(--warn)}.pass>summary .verdict,h1.pass{color:var(--good)}.note>summary .verdict{color:var(--note)}
dl{display:grid;grid-template-columns:6rem minmax(0,1fr);gap:.25rem .75rem;margin:.6rem 0}dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}a{color:var(--note)}
.evidence{margin:.4rem 0}footer{color:var(--faint);margin-top:2rem}@media (max-width:40rem){dl{grid-template-columns:1fr}}`;

const script = `
const search=document.getElementById('search'),shown=document.getElementById('shown'),results=[...document.querySelectorAll('.result')];
search.addEventListener('input',()=>{const words=search.value.toLowerCase().split(/\\s+/).filter(Boolean);const found=new Set();
for(const result of results){const hit=words.every(word=>result.textContent.toLowerCase().includes(word));result.hidden=!hit;if(hit)found.add(result.dataset.id)}
for(const section of document.querySelectorAll('section'))section.hidden=!section.querySelector('.result:not([hidden])');
shown.textContent=words.length?found.size+(found.size===1?' check':' checks'):''});`;
