import fc from 'fast-check';
import { faultsOf, faultsOfAltered } from './judge.ts';
import { type Observed, runPlan } from './run-plan.ts';
import { plans } from './trouble.ts';

export interface Tried {
  /** Plans that were carried out. */
  readonly plans: number;
  /** What was wrong with the first bad one, with the plan and the command that repeats it. */
  readonly failure?: string;
}

export interface Trying {
  readonly seed: number;
  readonly plans: number;
  /** Of a failure: goes straight to the plan that failed. */
  readonly path?: string;
  readonly onPlan?: (observed: Observed) => void;
}

/** Draws plans from the seed and carries them out one after another, until one shows a fault; that one is made small. */
export function tryPlans(trying: Trying): Promise<Tried> {
  return tryAll(trying, plans(), 'schedules', async (plan) => {
    const observed = await runPlan(plan);
    trying.onPlan?.(observed);
    return faultsOf(observed);
  });
}

/** The control arm: the file changes while a PATCH is under way, and nothing but a refusal will do. */
export function tryAlteredPlans(trying: Trying): Promise<Tried> {
  const altered = plans()
    .filter(({ sizeBytes }) => sizeBytes > 0)
    .chain((plan) =>
      fc.record({
        plan: fc.constant(plan),
        alteration: fc.record({
          atPatch: fc.integer({ min: 1, max: Math.max(1, Math.floor(plan.sizeBytes / plan.chunkBytes)) }),
          how: fc.constantFrom('append' as const, 'rewrite' as const),
        }),
      }),
    );
  return tryAll(trying, altered, 'altered', async ({ plan, alteration }) => {
    const observed = await runPlan(plan, alteration);
    trying.onPlan?.(observed);
    return observed.altered ? faultsOfAltered(observed) : [];
  });
}

async function tryAll<T>(
  { seed, plans: numRuns, path }: Trying,
  drawn: fc.Arbitrary<T>,
  part: string,
  wrongWith: (value: T) => Promise<readonly string[]>,
): Promise<Tried> {
  let tried = 0;
  const property = fc.asyncProperty(drawn, async (value) => {
    tried += 1;
    const wrong = await wrongWith(value);
    if (wrong.length > 0) throw new Error(wrong.join('; '));
  });
  const details = await fc.check(property, { seed, numRuns, ...(path !== undefined && { path }) });
  if (!details.failed) return { plans: tried };
  const [counterexample] = details.counterexample ?? [];
  const error = details.errorInstance instanceof Error ? details.errorInstance.message : 'no reason known';
  const failure = [
    error,
    `  plan: ${JSON.stringify(counterexample)}`,
    `  again: npm run soak -- --only ${part} --seed ${details.seed} --path ${details.counterexamplePath}`,
  ].join('\n');
  return { plans: tried, failure };
}
