import type { Defect } from '../../src/server/defects.ts';
import type { Check } from '../../src/verify/check.ts';
import { seededRandom, seedOf, shuffled } from '../../src/verify/random.ts';
import { suite } from '../../src/verify/suite.ts';
import { allChecks, type VerifyRun } from '../../src/verify/verify.ts';
import { keepResult, verdictsOf } from './results.ts';
import { keysFor, type RunChanges, runAgainst, smallScale, startReference } from './run.ts';

/** A request that hangs because of a defect is not waited for as long as one to a busy server. */
const TIMEOUT_MS = 15_000;
/** How many checks of other scenarios are asked as well, where not all are. */
const SAMPLE = 12;

interface Asking {
  readonly of?: 'sample' | 'whole-suite' | 'only-named';
  readonly scale?: typeof smallScale;
  readonly settings?: RunChanges;
}

/** What a run against a server with this defect shows otherwise than the defect says; empty where it is as it says. */
export async function surprisesOf(
  defect: Defect,
  { of = 'sample', scale = smallScale, settings }: Asking = {},
) {
  const { protocol = 'pulse', guarded, bound, maxSizeBytes, https, needs } = defect.serve ?? {};
  const reference = await startReference({
    protocol,
    behaviour: defect.behaviour(scale),
    ...(guarded && { guarded }),
    ...(bound && { bound }),
    ...(https && { https }),
    ...(maxSizeBytes !== undefined && { maxSizeBytes }),
  });
  try {
    const only = { 'whole-suite': [], 'only-named': defect.breaks, sample: sampleFor(defect) }[of];
    const common = { protocol, only, timeoutMs: TIMEOUT_MS, ...keysFor(defect.serve ?? {}), ...scale };
    const large = needs === 'large';
    const tools = needs === 'read-back' ? { readBack: reference.readBack } : {};
    const run = await runAgainst(reference, { ...common, large, ...settings }, tools);
    const violated = run.results.filter(({ violation }) => violation).map(({ id }) => id);
    const { id, breaks, blocks = [], onlyWarns = false } = defect;
    keepResult({ kind: 'defect', id, protocol, breaks, violated, verdicts: verdictsOf(run) });
    return [
      ...breaks.filter((check) => !violated.includes(check)).map((check) => `${check} does not notice`),
      ...violated
        .filter((check) => !breaks.includes(check))
        .map(
          (check) => `${check} complains too: ${run.results.find((r) => r.id === check)?.violation?.actual}`,
        ),
      ...(onlyWarns ? failuresIn(run) : []),
      ...troublesOf(run, blocks),
    ];
  } finally {
    await reference.stop();
  }
}

function failuresIn({ results }: VerifyRun): readonly string[] {
  return results
    .filter(({ verdict }) => verdict === 'fail')
    .map(({ id }) => `${id} fails, and not only warns`);
}

/** What reads a spoilt scenario may find nothing left to judge; nobody else may be kept from judging. */
function troublesOf({ results }: VerifyRun, expected: readonly string[]): readonly string[] {
  const spoilt = new Set(results.filter(({ violation }) => violation).map(({ scenario }) => scenario));
  return results
    .filter(
      ({ id, verdict, scenario }) =>
        verdict === 'error' || (verdict === 'blocked' && !spoilt.has(scenario) && !expected.includes(id)),
    )
    .map(({ id, verdict, remark }) => `${verdict} ${id}: ${remark}`);
}

/** The checks that must notice, all others that read the same scenarios, and some of the rest. */
function sampleFor({ id, breaks }: Defect): readonly string[] {
  const checks = allChecks(suite);
  const named = new Set(checks.filter((check) => breaks.includes(check.id)).map(({ reads }) => reads));
  const related = checks.filter(({ reads }) => named.has(reads));
  const others = shuffled(
    checks.filter((check) => !related.includes(check)),
    seededRandom(seedOf(id)),
  );
  return [...related, ...others.slice(0, SAMPLE)].map((check: Check) => check.id);
}
