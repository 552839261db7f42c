import type { Defect } from '../../src/server/defects.ts';
import type { Check } from '../../src/verify/check.ts';
import { seededRandom, seedOf, shuffled } from '../../src/verify/random.ts';
import { suite } from '../../src/verify/suite.ts';
import { allChecks } from '../../src/verify/verify.ts';
import { keepResult, verdictsOf } from './results.ts';
import { runAgainst, startReference, tokensFor } from './run.ts';

/** How many checks of other scenarios are asked as well. */
const SAMPLE = 12;
/** A request that hangs because of a defect is not waited for as long as one to a busy server. */
const TIMEOUT_MS = 5000;

/** The checks that a server with this defect violates, and those that had trouble of another kind. */
export async function violationsOf(defect: Defect, sample = SAMPLE) {
  const { protocol = 'pulse', guarded, maxSizeBytes, https } = defect.serve ?? {};
  const reference = await startReference({
    protocol,
    behaviour: defect.behaviour(),
    ...(guarded && { guarded }),
    ...(https && { https }),
    ...(maxSizeBytes !== undefined && { maxSizeBytes }),
  });
  try {
    const run = await runAgainst(reference, {
      protocol,
      only: asked(defect, sample),
      timeoutMs: TIMEOUT_MS,
      tokens: tokensFor(guarded),
    });
    const { results } = run;
    const violated = results.filter(({ violation }) => violation).map(({ id }) => id);
    const { id, breaks } = defect;
    keepResult({ kind: 'defect', id, protocol, breaks, violated, verdicts: verdictsOf(run) });
    // What reads the same scenario may find nothing left to judge; nobody else may be kept from judging.
    const spoilt = new Set(results.filter(({ violation }) => violation).map(({ scenario }) => scenario));
    const troubles = results
      .filter(
        ({ verdict, scenario }) => verdict === 'error' || (verdict === 'blocked' && !spoilt.has(scenario)),
      )
      .map(({ id, verdict, remark }) => `${verdict} ${id}: ${remark}`);
    return { violated: violated.sort(), troubles };
  } finally {
    await reference.stop();
  }
}

/** The checks that must notice, all others that read the same scenarios, and some of the rest. */
function asked({ id, breaks }: Defect, sample: number): readonly string[] {
  const checks = allChecks(suite);
  const named = new Set(checks.filter((check) => breaks.includes(check.id)).map(({ reads }) => reads));
  const related = checks.filter(({ reads }) => named.has(reads));
  const others = shuffled(
    checks.filter((check) => !related.includes(check)),
    seededRandom(seedOf(id)),
  );
  return [...related, ...others.slice(0, sample)].map((check: Check) => check.id);
}
