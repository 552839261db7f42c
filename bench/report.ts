import type { Figures, JudgedGoal } from './goals.ts';
import type { Machine } from './machine.ts';
import { judgesGoals, type Part, type Plan } from './options.ts';
import { conditionsOf, spread, tablesOf } from './part-tables.ts';
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

const unitText = { times: ' ×', MB: ' MB', s: ' s', '%': ' %' } as const;
const unitDigits = { times: 2, MB: 1, s: 2, '%': 1 } as const;

function goalRow({ goal, measured, verdict }: JudgedGoal): readonly string[] {
  const missedBy = measured && `missed by ${(Math.abs(measured.median / goal.limit - 1) * 100).toFixed(0)} %`;
  return [
    goal.says,
    `${goal.atLeast ? '≥' : '≤'} ${goal.limit}${unitText[goal.unit]}`,
    measured === undefined ? '' : spread(measured, unitDigits[goal.unit]),
    verdict === 'missed' ? (missedBy ?? verdict) : verdict,
  ];
}

const gib = (bytes: number) => `${Number((bytes / 1024 ** 3).toFixed(2))} GiB`;

/** Where and when; each part says its own, since each may be measured on its own. */
function conditions({ time, machine, plan }: Result, part: Part): string {
  return [
    `${time.slice(0, 10)}, Node ${machine.node} on ${machine.system}, ${machine.cores} cores`,
    `${machine.cpuModel}, ${gib(machine.memoryBytes)} of memory`,
    `load average ${machine.loadAverage.toFixed(2)} before the first run`,
    conditionsOf[part](plan),
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

/** What a person reads of one part: medians, with least and greatest in brackets. */
export function renderPart(result: Result, part: Part): string {
  const goals = result.goals.filter(({ goal }) => goal.part === part);
  const goalTable = markdownTable(['figure', 'goal', 'measured', 'verdict'], goals.map(goalRow));
  const sections = [...(goals.length === 0 ? [] : [goalTable]), ...tablesOf[part](result.figures)];
  return `${conditions(result, part)}.\n${cautions(result)}\n${sections.join('\n\n')}\n`;
}

/** What a person reads on a terminal. */
export function renderResult(result: Result): string {
  return result.plan.parts.map((part) => `${part}\n${renderPart(result, part)}`).join('\n');
}

/** Every single measurement, for programs. */
export function resultJson(result: Result): string {
  const goals = result.goals.map(({ goal: { id, says, limit, unit, atLeast }, ...judged }) => ({
    id,
    says,
    limit,
    bound: atLeast ? 'least' : 'most',
    unit,
    ...judged,
  }));
  return `${JSON.stringify({ ...result, goals, judgesGoals: judgesGoals(result.plan) }, null, 2)}\n`;
}

/**
 * The page with what stands between the two markers of a part replaced; other parts keep what was measured earlier.
 * @throws {Error} where a marker is missing
 */
export function withMeasurements(page: string, part: Part, rendered: string): string {
  const beginMark = `<!-- bench:begin ${part}, written by npm run bench -- --write-docs -->`;
  const begin = page.indexOf(beginMark);
  const end = page.indexOf(`<!-- bench:end ${part} -->`);
  if (begin < 0 || end < begin) throw new Error(`the page has no ${beginMark} … <!-- bench:end ${part} -->`);
  return `${page.slice(0, begin + beginMark.length)}\n${rendered}${page.slice(end)}`;
}
