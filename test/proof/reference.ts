import type { VerifyRun } from '../../src/verify/verify.ts';
import type { Hardship } from './hardships.ts';
import { objectionsIn } from './objections.ts';
import { keepResult, type Verdicts, verdictsOf } from './results.ts';
import { keysFor, type ReferenceSettings, runAgainst, startReference } from './run.ts';

export interface Asked {
  /** The name of this run in the results. */
  readonly id: string;
  readonly settings: ReferenceSettings;
  readonly seed: number;
  readonly hardship?: Hardship;
}

export interface Seen {
  readonly run: VerifyRun;
  readonly verdicts: Verdicts;
  /** With the seed by which they can be seen again. */
  readonly objections: readonly string[];
}

/** One run of the whole suite against the reference server. */
export async function referenceRun({ id, settings, seed, hardship = { id: 'none' } }: Asked): Promise<Seen> {
  const { protocol } = settings;
  const { behaviour, begin } = hardship;
  const reference = await startReference({ ...settings, ...(behaviour && { behaviour }) });
  const end = begin?.();
  try {
    const run = await runAgainst(reference, { protocol, seed, ...keysFor(settings) });
    const verdicts = verdictsOf(run);
    keepResult({ kind: 'server', family: 'reference', id, protocol, verdicts });
    return { run, verdicts, objections: objectionsIn(run).map((line) => `${line} (seed ${seed})`) };
  } finally {
    await end?.();
    await reference.stop();
  }
}
