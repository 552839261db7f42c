import { describe, expect, it } from 'vitest';
import { expiration } from '../../src/server/extensions/expiration.ts';
import { allExtensions } from '../../src/server/extensions.ts';
import { hardships } from './hardships.ts';
import { objectionsIn } from './objections.ts';
import { referenceRun } from './reference.ts';
import { keysFor, type ReferenceSettings, runAgainst, startReference } from './run.ts';

/** The reference server passes every check that applies to it, however it is started. */
const servers: Readonly<Record<string, ReferenceSettings>> = {
  'a pulse server': { protocol: 'pulse' },
  'a tus server': { protocol: 'tus' },
  'a pulse server that asks for a token': { protocol: 'pulse', guarded: true },
  'a tus server that asks for a token': { protocol: 'tus', guarded: true },
  'a tus server with every extension': { protocol: 'tus', behaviour: { extensions: allExtensions } },
  'a tus server whose uploads expire': {
    protocol: 'tus',
    behaviour: { extensions: [...allExtensions, expiration(3_600_000)] },
  },
  'a v1 server': { protocol: 'pulse-v1' },
  'a v1 server that asks for a token': { protocol: 'pulse-v1', guarded: true },
  'a v1 server whose tokens are bound': { protocol: 'pulse-v1', guarded: true, bound: true },
  'a v1 server with every extension': { protocol: 'pulse-v1', behaviour: { extensions: allExtensions } },
  'a pulse server with a limit': { protocol: 'pulse', maxSizeBytes: 64 * 1024 * 1024 },
};

it.concurrent.each(Object.entries(servers))('%s passes', async (id, settings) => {
  const { run, objections } = await referenceRun({ id, settings, seed: anySeed() });
  expect(objections).toEqual([]);
  expect(run.exitCode).toBe(0);
  expect(run.target.protocol).toBe(settings.protocol);
  expect(run.leftovers.created).toBeGreaterThan(0);
});

it.concurrent('a pulse server whose files are read back passes', async () => {
  const reference = await startReference({ protocol: 'pulse' });
  const { readBack } = reference;
  const run = await runAgainst(reference, { protocol: 'pulse', seed: anySeed() }, { readBack });
  await reference.stop();
  expect(objectionsIn(run)).toEqual([]);
  expect(run.exitCode).toBe(0);
  expect(run.target.assumptions.at(-1)).toMatch(/finalize's checksum, and read back by your command$/);
});

it.concurrent('a v1 server whose tokens are bound passes with one of them alone', async () => {
  const settings = { protocol: 'pulse-v1', guarded: true, bound: true } as const;
  const { tokens, artifacts } = keysFor(settings);
  const reference = await startReference(settings);
  const only = { owner: tokens.owner ?? '' };
  const run = await runAgainst(reference, {
    protocol: 'pulse-v1',
    seed: anySeed(),
    tokens: only,
    artifacts: { owner: artifacts?.owner ?? '' },
  });
  await reference.stop();
  expect(objectionsIn(run)).toEqual([]);
  expect(run.exitCode).toBe(0);
  expect(run.leftovers.removed).toBe(run.leftovers.created);
});

describe.concurrent.each(['pulse', 'tus'] as const)('a %s server gets the same verdicts', (protocol) => {
  const undisturbed = once(() =>
    referenceRun({ id: `${protocol}, undisturbed`, settings: { protocol }, seed: 1 }),
  );

  it.concurrent.each(hardships.map((hardship) => [hardship.id, hardship] as const))(
    '%s',
    async (id, hardship) => {
      const asked = { id: `${protocol}, ${id}`, settings: { protocol }, seed: anySeed(), hardship };
      const { objections, verdicts } = await referenceRun(asked);
      expect(objections).toEqual([]);
      expect(verdicts).toEqual((await undisturbed()).verdicts);
    },
  );
});

function once<T>(ask: () => T): () => T {
  let answer: { readonly value: T } | undefined;
  return () => {
    answer ??= { value: ask() };
    return answer.value;
  };
}

function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
