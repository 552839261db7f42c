import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { allExtensions } from '../../src/server/extensions.ts';
import { chooseDigest } from '../../src/upload/send/chunk-digest.ts';
import { type ChunkReader, createChunkReader } from '../../src/upload/send/chunk-reader.ts';
import type { Tools } from '../../src/upload/settings.ts';
import { openSource } from '../../src/upload/source/source.ts';
import { temporaryFolder } from '../cli/run-bin.ts';
import { payload } from '../server/harness.ts';
import { MIB } from './harness.ts';
import { startReferenceBench } from './reference.ts';

/** Reads of a file that keeps its size and times whatever is written to it, as one that is written through a mapping. */
async function reading(sizeBytes: number): Promise<{ reader: ChunkReader; flip: (at: number) => void }> {
  const path = join(await temporaryFolder(), 'video.mp4');
  await writeFile(path, payload(sizeBytes, 'video.mp4'));
  const source = await openSource(path);
  onTestFinished(() => source.close());
  const flipped = new Set<number>();
  const flipping: typeof source.read = async (target, offsetBytes) => {
    const filled = await source.read(target, offsetBytes);
    for (const at of flipped) {
      const index = at - offsetBytes;
      if (index >= 0 && index < filled) target[index] = (target[index] ?? 0) ^ 1;
    }
    return filled;
  };
  const digest = chooseDigest('auto', { checksumAlgorithms: ['sha256'] }, '');
  return {
    reader: createChunkReader({ ...source, read: flipping }, undefined, digest),
    flip: (at) => void (flipped.delete(at) || flipped.add(at)),
  };
}

it('what is sent again in smaller chunks must be what was read first: a file that changed and changed back is exit 3', async () => {
  const bench = await startReferenceBench({ protocol: 'tus', extensions: allExtensions });
  bench.proxy.setFaults([{ on: { method: 'PATCH' }, do: 'limit-body', bytes: 600_000 }]);
  const file = await bench.file(2 * MIB);
  const times = new Date(1_700_000_000_000);
  const original = await readFile(file);
  const other = Buffer.from(original).fill('other', 100_000, 100_005);
  const write = async (bytes: Buffer) => {
    await writeFile(file, bytes);
    await utimes(file, times, times);
  };
  await utimes(file, times, times);
  let isOther = false;
  const rewriting = (tools: Tools): Tools => ({
    ...tools,
    send: async (request, conditions) => {
      const outcome = await tools.send(request, conditions);
      if (request.method !== 'PATCH' || outcome.kind !== 'answer') return outcome;
      if (outcome.status === 413) await write(other);
      else if (isOther && outcome.status === 204) await write(original);
      isOther = outcome.status === 413;
      return outcome;
    },
  });
  const settings = { protocol: 'tus', requireProof: true } as const;
  const deletions = () => bench.lines().filter((line) => line.startsWith('DELETE'));
  expect((await bench.upload(file, settings, rewriting)).exitCode).toBe(3);
  const failed = { message: expect.stringContaining('read another way'), resumable: false };
  expect(bench.of('upload.failed')).toMatchObject([failed]);
  expect(deletions()).toEqual([]);
  await write(original);
  isOther = false;
  expect((await bench.upload(file, { ...settings, abortOnFailure: true }, rewriting)).exitCode).toBe(3);
  expect(deletions()).toMatchObject([expect.stringMatching(/ 204$/)]);
  expect((await bench.upload(file, settings)).exitCode).toBe(0);
  expect(bench.of('upload.resumed')).toEqual([]);
});

it.each([
  [
    'in halves',
    4096,
    [
      [0, 4096, false],
      [0, 2048, false],
      [2048, 2048, true],
    ],
  ],
  [
    'across the end of the first one',
    4096,
    [
      [0, 3000, false],
      [1000, 3000, true],
    ],
  ],
  [
    'from the middle of a step',
    3 * MIB,
    [
      [0, 2 * MIB, false],
      [MIB + 7, MIB, true],
    ],
  ],
  [
    'where it was read ahead',
    4096,
    [
      [0, 1024, false],
      [1024, 1024, false],
      [512, 700, true],
    ],
  ],
] as const)(
  'a second reading %s is compared with the first, also where the pieces are others',
  async (_, sizeBytes, pieces) => {
    for (const isChanged of [false, true]) {
      const { reader, flip } = await reading(sizeBytes);
      for (const [offsetBytes, length, isSecond] of pieces) {
        if (isSecond && isChanged) flip(offsetBytes + 1);
        const chunk = reader.chunk(offsetBytes, length);
        if (isSecond && isChanged) await expect(chunk).rejects.toMatchObject({ kind: 'input' });
        else expect((await chunk).isUncompared).toBeUndefined();
      }
    }
  },
);

it('a second reading of what was read long ago says that it cannot be compared', async () => {
  const { reader } = await reading(200);
  for (let at = 0; at < 100; at++) await reader.chunk(at, 1);
  expect((await reader.chunk(90, 3)).isUncompared).toBeUndefined();
  expect((await reader.chunk(2, 3)).isUncompared).toBe(true);
});
