import type { Canary } from './canary.ts';
import type { Plan } from './plan.ts';
import type { ProbeSettings } from './probe/probe.ts';
import type { Recording } from './recording.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { sideBySide } from './side-by-side.ts';
import type { Target } from './target.ts';

export interface PlanConditions {
  readonly target: Target;
  readonly probes: ProbeSettings;
  readonly canary: Canary;
  /** Scenarios side by side. */
  readonly jobs: number;
  readonly scenarioTimeoutMs: number;
  readonly signal: AbortSignal;
  readonly runStartMs: number;
  readonly onStart: (scenario: Scenario) => void;
  readonly onRecording: (scenario: Scenario, recording: Recording) => void;
}

/** Runs the scenarios of a plan; says why it ended early, where it did. */
export async function runPlan(plan: Plan, conditions: PlanConditions): Promise<string | undefined> {
  const { canary, signal, jobs } = conditions;
  let ended: string | undefined;
  const isEnded = () => {
    if (signal.aborted) ended ??= String(signal.reason?.message ?? 'the run was broken off');
    return ended !== undefined;
  };
  const lookAfter = oneAtATime(canary.visit);
  const lookAfterAll = async (title: string) => {
    if (!isEnded() && !(await lookAfter(title))) ended ??= `the server no longer answers, after "${title}"`;
  };
  const play = async (scenario: Scenario) => {
    conditions.onStart(scenario);
    const recording = await runScenario(scenario, conditions.target, conditions.probes, {
      timeoutMs:
        Math.max(conditions.scenarioTimeoutMs, scenario.timeoutMs ?? 0) +
        (scenario.awaitsDeadline ? conditions.probes.maxWaitMs : 0),
      signal,
      runStartMs: conditions.runStartMs,
    });
    conditions.onRecording(scenario, recording);
    if (wasLeftWithout(recording) && !isEnded() && !(await lookAfter(scenario.id))) {
      ended ??= `the server no longer answers, first noticed by the scenario ${scenario.id}`;
    }
  };

  // Groups flow into each other: to wait for the slowest scenario of each would leave most jobs without work.
  const left = new Map(plan.groups.map((group) => [group, group.scenarios.length]));
  const pool = plan.groups.flatMap((group) => group.scenarios.map((scenario) => ({ group, scenario })));
  const playOfGroup = async ({ group, scenario }: (typeof pool)[number]) => {
    await play(scenario);
    const more = (left.get(group) ?? 0) - 1;
    left.set(group, more);
    if (more === 0) await lookAfterAll(group.title);
  };
  await sideBySide(pool, jobs, playOfGroup, isEnded);
  for (const scenario of plan.alone) {
    if (isEnded()) break;
    await play(scenario);
    await lookAfterAll(scenario.id);
  }
  // A signal that broke off the last look has ended the run as well.
  isEnded();
  return ended;
}

/** Requests that got no answer at all may mean that nobody is there any more. */
function wasLeftWithout({ exchanges }: Recording): boolean {
  return exchanges.some(({ broken }) => broken && noOneThere.has(broken.cause) && !broken.received);
}

const noOneThere: ReadonlySet<string> = new Set(['refused', 'unreachable', 'timeout', 'unknown-host']);

/** Whoever asks while an answer is on its way gets that answer. */
function oneAtATime(visit: Canary['visit']): Canary['visit'] {
  let running: Promise<boolean> | undefined;
  return (after) => {
    running ??= visit(after).finally(() => {
      running = undefined;
    });
    return running;
  };
}
