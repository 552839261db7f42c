import { Blocked, Skip } from './check.ts';
import { mistake } from './judge.ts';
import { startStopwatch } from './probe/patience.ts';
import { openProbe, type ProbeSettings } from './probe/probe.ts';
import type { Exchange, Outcome, Recording } from './recording.ts';
import type { Scenario } from './scenario.ts';
import type { Target } from './target.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface ScenarioConditions {
  /** A scenario that takes longer is broken off. */
  readonly timeoutMs: number;
  /** Fires when the whole run is broken off. */
  readonly signal: AbortSignal;
  /** When the run began, by the clock of the settings. */
  readonly runStartMs: number;
}

/** Runs one scenario to its recording, whatever happens in it. */
export async function runScenario(
  scenario: Scenario,
  target: Target,
  settings: ProbeSettings,
  { timeoutMs, signal, runStartMs }: ScenarioConditions,
): Promise<Recording> {
  const budget = new AbortController();
  const { clock } = settings;
  const startedMs = clock.nowMs();
  const stopwatch = startStopwatch(timeoutMs, () =>
    stop(`it took longer than ${timeoutMs / 1000} s${unansweredOf(recorder.exchanges)}`),
  );
  const { aside } = stopwatch;
  const { probe, recorder, end, whyStarved } = openProbe(settings, target, scenario.id, budget.signal, aside);
  const stop = (reason: string) => budget.abort(new OutOfTime(reason));
  const onAbort = () => stop('the run was broken off');
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();

  let outcome: Outcome;
  try {
    const seen = await unlessAborted(scenario.run(probe), budget.signal);
    outcome = { kind: 'seen', seen };
  } catch (thrown) {
    outcome = outcomeOfThrown(budget.signal.aborted ? budget.signal.reason : thrown);
  } finally {
    stopwatch.stop();
    signal.removeEventListener('abort', onAbort);
    await end();
  }
  // What would need more connections cannot be asked, and is no fault: a right server must be able to pass.
  const starved = signal.aborted || outcome.kind === 'error' ? undefined : whyStarved();
  return {
    scenario: scenario.id,
    startedMs: Math.round(startedMs - runStartMs),
    elapsedMs: Math.round(clock.nowMs() - startedMs),
    sentBytes: recorder.sentBytes(),
    exchanges: recorder.exchanges,
    outcome: starved === undefined ? outcome : { kind: 'skipped', reason: starved },
  };
}

/** What took the time, where it was a server that is silent. */
function unansweredOf(exchanges: readonly Exchange[]): string {
  const silent = exchanges.findLast(({ broken }) => broken?.cause === 'timeout');
  return silent === undefined ? '' : `, and ${silent.sent.method} was not answered`;
}

class OutOfTime extends Error {}

/** What a scenario that did not come to its end came to. */
export function outcomeOfThrown(thrown: unknown): Outcome<never> {
  if (thrown instanceof Blocked || thrown instanceof OutOfTime) {
    return { kind: 'blocked', reason: thrown.message };
  }
  if (thrown instanceof Skip) return { kind: 'skipped', reason: thrown.message };
  return { kind: 'error', message: mistake(thrown) };
}
