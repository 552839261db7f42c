import { describe, expect, it } from 'vitest';
import type { Variation } from '../../src/server/defects/defect.ts';
import { variations } from '../../src/server/variations.ts';
import { keepResult, verdictsOf } from './results.ts';
import { runAgainst, startReference, tokensFor } from './run.ts';

/** Correct servers differ: none of these differences is anything to fail or to warn about. */
describe.each(variations.map((variation) => [variation.id, variation] as const))('%s', (_id, variation) => {
  it('is right', async () => expect(await objectionsTo(variation)).toEqual([]), 180_000);
});

async function objectionsTo({ id: variation, serve = {}, behaviour }: Variation): Promise<readonly string[]> {
  const { protocol = 'pulse', guarded, below = '' } = serve;
  const reference = await startReference({ protocol, behaviour: behaviour(), ...(guarded && { guarded }) });
  try {
    const url = new URL(reference.url.href.replace(/\/$/, '') + below);
    const run = await runAgainst({ ...reference, url }, { protocol, tokens: tokensFor(guarded) });
    keepResult({ kind: 'server', family: 'variation', id: variation, protocol, verdicts: verdictsOf(run) });
    return run.results
      .filter(({ verdict }) => verdict !== 'pass' && verdict !== 'note' && verdict !== 'skip')
      .map(({ id, verdict, violation, remark }) => `${verdict} ${id}: ${violation?.actual ?? remark}`);
  } finally {
    await reference.stop();
  }
}
