import type { Variation } from '../../src/server/defects/defect.ts';
import type { VerifyRun } from '../../src/verify/verify.ts';
import { keepResult, verdictsOf } from './results.ts';
import { keysFor, runAgainst, startReference } from './run.ts';

const isNoObjection: ReadonlySet<string> = new Set(['pass', 'note', 'skip']);

/** What a run has against a server that is right, one line each. */
export function objectionsIn({ results }: VerifyRun): readonly string[] {
  return results
    .filter(({ verdict }) => !isNoObjection.has(verdict))
    .map(({ id, verdict, violation, remark }) => `${verdict} ${id}: ${violation?.actual ?? remark}`);
}

/** What the whole suite has against a server that is right in another way than the reference. */
export async function objectionsToVariation({ id, serve = {}, behaviour }: Variation) {
  const { protocol = 'pulse', guarded, bound, maxSizeBytes, below = '' } = serve;
  const reference = await startReference({
    protocol,
    behaviour: behaviour(),
    ...(guarded && { guarded }),
    ...(bound && { bound }),
    ...(maxSizeBytes !== undefined && { maxSizeBytes }),
  });
  try {
    const url = new URL(reference.url.href.replace(/\/$/, '') + below);
    const run = await runAgainst({ ...reference, url }, { protocol, ...keysFor(serve) });
    keepResult({ kind: 'server', family: 'variation', id, protocol, verdicts: verdictsOf(run) });
    return objectionsIn(run);
  } finally {
    await reference.stop();
  }
}
