import { describe, expect, it } from 'vitest';
import type { VerifyRun } from '../../src/verify/verify.ts';
import { keepResult, verdictsOf } from './results.ts';
import { type ReferenceSettings, runAgainst, startReference, tokensFor } from './run.ts';

/** The reference server passes every check that applies to it, however it is started and in whatever order. */
const servers: Readonly<Record<string, ReferenceSettings>> = {
  'a pulse server': { protocol: 'pulse' },
  'a tus server': { protocol: 'tus' },
  'a pulse server that asks for a token': { protocol: 'pulse', guarded: true },
  'a tus server that asks for a token': { protocol: 'tus', guarded: true },
  'a pulse server with a limit': { protocol: 'pulse', maxSizeBytes: 64 * 1024 * 1024 },
};

describe.each(Object.entries(servers))('%s', (id, settings) => {
  it('passes', async () => {
    const reference = await startReference(settings);
    const seed = Math.floor(Math.random() * 2 ** 31);
    const run = await runAgainst(reference, { seed, tokens: tokensFor(settings.guarded) });
    await reference.stop();
    const { protocol } = settings;
    keepResult({ kind: 'server', family: 'reference', id, protocol, verdicts: verdictsOf(run) });
    expect(objections(run), `seed ${seed}`).toEqual([]);
    expect(run.exitCode).toBe(0);
    expect(run.target.protocol).toBe(protocol);
    expect(run.leftovers.created).toBeGreaterThan(0);
  }, 120_000);
});

function objections({ results }: VerifyRun): readonly string[] {
  return results
    .filter(({ verdict }) => verdict !== 'pass' && verdict !== 'skip' && verdict !== 'note')
    .map(({ id, verdict, violation, remark }) => `${verdict} ${id}: ${violation?.actual ?? remark}`);
}
