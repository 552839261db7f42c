import { contenderNames, type UploadRun } from './contenders.ts';
import { cpuMs, elapsedMs, type Figures, type JudgedGoal, peakRssMB, transferMs } from './goals.ts';
import type { Machine } from './machine.ts';
import { judgesGoals, type Plan } from './options.ts';
import { type Summary, summarize } from './statistics.ts';
import { markdownTable } from './table.ts';

/** One finished run of the bench. */
export interface Result {
  /** ISO 8601. */
  readonly time: string;
  readonly machine: Machine;
  readonly plan: Plan;
  readonly figures: Figures;
  readonly goals: readonly JudgedGoal[];
}

const spread = ({ median, min, max }: Summary, digits: number) =>
  `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;

const unitText = { times: ' ×', MB: ' MB', s: ' s' } as const;
const unitDigits = { times: 2, MB: 1, s: 2 } as const;

function goalRow({ goal, measured, verdict }: JudgedGoal): readonly string[] {
  const missedBy = measured && `missed by ${((measured.median / goal.limit - 1) * 100).toFixed(0)} %`;
  return [
    goal.says,
    `≤ ${goal.limit}${unitText[goal.unit]}`,
    measured === undefined ? '' : spread(measured, unitDigits[goal.unit]),
    verdict === 'missed' ? (missedBy ?? verdict) : verdict,
  ];
}

const seconds = (figure: (run: UploadRun) => number) => (run: UploadRun) => figure(run) / 1000;
const columns: readonly (readonly [title: string, digits: number, figure: (run: UploadRun) => number])[] = [
  ['elapsed s', 2, seconds(elapsedMs)],
  ['transfer s', 2, seconds(transferMs)],
  ['CPU s', 2, seconds(cpuMs)],
  ['peak MB', 1, peakRssMB],
];

function runRow(label: string, runs: readonly UploadRun[]): readonly string[] {
  return [label, ...columns.map(([, digits, figure]) => spread(summarize(runs.map(figure)), digits))];
}

function figureRows({ transfer, memory }: Figures): readonly (readonly string[])[] {
  const raced = transfer ? contenderNames.map((name) => runRow(name, transfer[name])) : [];
  const memoryRows = memory && [
    runRow('ours, usual file', memory.usual),
    runRow('ours, large file', memory.large),
  ];
  return [...raced, ...(memoryRows ?? [])];
}

function startupLine({ startup }: Figures): string {
  if (startup === undefined) return '';
  const ours = spread(summarize(startup.oursMs), 0);
  return `\nStart-up, ms: \`--version\` ${ours}, \`node -e 0\` ${spread(summarize(startup.nodeMs), 0)}.\n`;
}

function verifyLine({ verify }: Figures): string {
  if (verify === undefined) return '';
  const requests = spread(summarize([...verify.near, ...verify.distant].map((run) => run.requests)), 0);
  return `\nA run of \`verify\` sends ${requests} requests.\n`;
}

const gib = (bytes: number) => `${Number((bytes / 1024 ** 3).toFixed(2))} GiB`;

function conditions({ time, machine, plan }: Result): string {
  return [
    `${time.slice(0, 10)}, Node ${machine.node} on ${machine.system}, ${machine.cores} cores`,
    `${machine.cpuModel}, ${gib(machine.memoryBytes)} of memory`,
    `load average ${machine.loadAverage.toFixed(2)} before the first run`,
    `file of ${plan.sizeBytes / 1024 ** 2} MiB (large file: ${gib(plan.largeBytes)}, sparse)`,
    `chunks of ${plan.chunkBytes / 1024} KiB, ${plan.rounds} rounds`,
  ].join('; ');
}

/** What keeps these figures from being held against the goals without a second thought. */
function cautions({ plan, machine }: Result): string {
  const busy = machine.loadAverage > machine.cores / 2;
  return [
    ...(judgesGoals(plan) ? [] : ['Not the conditions that the goals are stated for.']),
    ...(busy
      ? ['The machine was busy with other work: elapsed times say little, the rest somewhat more.']
      : []),
  ]
    .map((caution) => `\n${caution}\n`)
    .join('');
}

/** What a person reads, on a terminal and in docs/performance.md: medians, with least and greatest in brackets. */
export function renderResult(result: Result): string {
  const rows = figureRows(result.figures);
  const figures =
    rows.length === 0 ? '' : `\n${markdownTable(['', ...columns.map(([title]) => title)], rows)}\n`;
  const goalTable = markdownTable(['figure', 'goal', 'measured', 'verdict'], result.goals.map(goalRow));
  return `${conditions(result)}.\n${cautions(result)}\n${goalTable}\n${figures}${startupLine(result.figures)}${verifyLine(result.figures)}`;
}

/** Every single measurement, for programs. */
export function resultJson(result: Result): string {
  const goals = result.goals.map(({ goal: { id, says, limit, unit }, ...judged }) => ({
    id,
    says,
    limit,
    unit,
    ...judged,
  }));
  return `${JSON.stringify({ ...result, goals, judgesGoals: judgesGoals(result.plan) }, null, 2)}\n`;
}

const BEGIN = '<!-- bench:begin, written by npm run bench -- --write-docs -->';
const END = '<!-- bench:end -->';

/**
 * The page with what stands between its two markers replaced.
 * @throws {Error} where a marker is missing
 */
export function withMeasurements(page: string, rendered: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page has no ${BEGIN} … ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n${rendered}${page.slice(end)}`;
}
