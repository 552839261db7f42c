import { describe, expect, it } from 'vitest';
import { tryAlteredPlans, tryPlans } from './try-plans.ts';

/** Drawn anew each time; printed, so that a failure can be repeated. */
const seed = Number(process.env.PULSE_UPLOAD_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** They mostly wait, so several go side by side. */
const LANES = 5;
const lanes = Array.from({ length: LANES }, (_, lane) => seed + lane);
console.log(`schedules: seeds ${seed} to ${seed + LANES - 1}`);

describe.concurrent('100 random schedules of faults', () => {
  it.each(lanes)(
    '20 of seed %i: the file arrives once and whole, or the failure is honest and the next run ends it',
    async (laneSeed) => {
      const tried = await tryPlans({ seed: laneSeed, plans: 20 });
      expect(tried.failure).toBeUndefined();
      expect(tried.plans).toBe(20);
    },
  );
});

describe.concurrent('20 of them with a file that changes on the way', () => {
  it.each(lanes)('4 of seed %i: end in refusal', async (laneSeed) => {
    let altered = 0;
    const onPlan = (observed: { readonly altered: boolean }) => (altered += observed.altered ? 1 : 0);
    const tried = await tryAlteredPlans({ seed: laneSeed, plans: 4, onPlan });
    expect(tried.failure).toBeUndefined();
    expect(altered).toBeGreaterThan(0);
  });
});
