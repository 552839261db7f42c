import { describe, expect, it } from 'vitest';
import { runComposed } from './composed.ts';
import { faultsOfComposed } from './judge-composed.ts';

const MIB = 1_048_576;
const chunkBytes = 16 * MIB;
const seed = Number(process.env.PULSE_UPLOAD_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(
  `composed schedule: seed ${seed}; the one of 5 GiB takes minutes and is part of npm run soak -- --only composed`,
);

/** All the troubles of one night in one upload, by the real command. They mostly wait, so all sizes go side by side. */
describe.concurrent('the composed schedule', () => {
  const sizes = [
    ['an empty file', 0],
    ['one byte', 1],
    ['a chunk', chunkBytes],
    ['a chunk and a byte', chunkBytes + 1],
    ['64 MiB', 64 * MIB],
  ] as const;

  it.each(sizes)('of %s ends proven, stored once, with little sent twice', async (_, sizeBytes) => {
    const composed = { seed, sizeBytes, chunkBytes };
    expect(faultsOfComposed(composed, await runComposed(composed))).toEqual([]);
  });

  it.each(sizes)('of %s that changes on the way ends in refusal', async (_, sizeBytes) => {
    const composed = { seed, sizeBytes, chunkBytes, altered: true };
    expect(faultsOfComposed(composed, await runComposed(composed))).toEqual([]);
  });
});
