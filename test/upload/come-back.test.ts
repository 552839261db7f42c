import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import type { PulseEvent } from '../../src/events.ts';
import { upload } from '../../src/index.ts';
import { isSpooled, unsentCopies } from '../../src/upload/source/spool.ts';
import { rememberedPaths } from '../../src/upload/state/kept-uploads.ts';
import { openStateStore, type UploadRecord } from '../../src/upload/state/state-store.ts';
import { type Bench, startBench } from './harness.ts';

const DAY_MS = 24 * 60 * 60_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS);

/** A whole copy of standard input of 3,000 bytes, in the state folder of a bench. */
async function copyIn({ dir }: Bench): Promise<string> {
  const copy = join(dir, 'state', 'spool', 'x', 'take.mp4');
  await mkdir(dirname(copy), { recursive: true });
  await writeFile(copy, Buffer.alloc(3000, 'all there is'));
  return copy;
}

const age = (copy: string, days: number) => utimes(dirname(copy), daysAgo(days), daysAgo(days));

/** The only record, as if it had been written so long ago. */
async function ageRecord({ dir }: Bench, days: number, term: Partial<UploadRecord> = {}): Promise<void> {
  const state = join(dir, 'state');
  const [name = ''] = (await readdir(state)).filter((entry) => entry.endsWith('.json'));
  const record = JSON.parse(await readFile(join(state, name), 'utf8'));
  await openStateStore(state, () => daysAgo(days)).write({ ...record, ...term });
}

/** The copy with an upload of which the server has two chunks. */
async function begun(bench: Bench): Promise<string> {
  const copy = await copyIn(bench);
  bench.server.script.PATCH = [{ patchHeaders: {} }, { patchHeaders: {} }, { answer: 403 }];
  expect((await bench.upload(copy, { chunkBytes: 1000 })).exitCode).toBe(5);
  return copy;
}

const once = { retries: 0, chunkBytes: 1000 } as const;

describe('what a run came back for is not pruned as old by its end', () => {
  it.each([
    ['30 days after its record was written', 31, {}],
    ['a day after its term', 3, { expiresAt: daysAgo(2).toISOString() }],
  ])('where HEAD answers 503 %s', async (_, days, term) => {
    const bench = await startBench();
    const copy = await begun(bench);
    await ageRecord(bench, days, term);
    await age(copy, days);
    bench.server.script.HEAD = [{ answer: 503 }];
    expect((await bench.upload(copy, once)).exitCode).toBe(4);
    expect(bench.of('upload.failed').at(-1)).toMatchObject({ resumable: true });
    expect(bench.of('upload.pruned')).toEqual([]);

    expect((await bench.upload(copy, once)).exitCode).toBe(0);
    expect(bench.of('upload.resumed')).toMatchObject([{ offsetBytes: 2000 }]);
  });

  it('where no server was there, which no later run changes for 30 days more', async () => {
    const bench = await startBench();
    const copy = await begun(bench);
    await ageRecord(bench, 31);
    await age(copy, 31);
    await bench.server.vanish();
    const unbegun = join(dirname(dirname(copy)), 'y', 'other.mp4');
    await mkdir(dirname(unbegun));
    await writeFile(unbegun, 'more');
    await age(unbegun, 31);
    expect((await bench.upload([copy, unbegun], { ...once, protocol: 'auto' })).exitCode).toBe(4);

    const store = openStateStore(join(bench.dir, 'state'));
    for (const days of [0.9, 29]) expect(await store.prune(Date.now() + days * DAY_MS)).toEqual([]);
    expect(await readdir(dirname(dirname(copy)))).toEqual(['x', 'y']);
    expect(await store.prune(Date.now() + 31 * DAY_MS)).toMatchObject([{ path: copy }]);
    await store.prune(Date.now() + 32.1 * DAY_MS);
    expect(await readdir(dirname(dirname(copy)))).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('where the folder of the copies is a link elsewhere', async () => {
    const bench = await startBench();
    const elsewhere = join(bench.dir, 'elsewhere');
    await mkdir(join(bench.dir, 'state'), { recursive: true });
    await mkdir(elsewhere);
    await symlink(elsewhere, join(bench.dir, 'state', 'spool'));
    const copy = await copyIn(bench);
    await age(copy, 31);
    await bench.server.vanish();
    expect((await bench.upload(copy, once)).exitCode).toBe(4);
    expect(await readdir(elsewhere)).toEqual(['x']);
  });

  it('nor by a later one, where a program came back for it', async () => {
    const bench = await startBench();
    const copy = await copyIn(bench);
    await age(copy, 31);
    await bench.server.vanish();
    const stateDir = join(bench.dir, 'state');
    const lost = upload(copy, { server: bench.server.url, stateDir, retries: 0 });
    await expect(lost).rejects.toMatchObject({ kind: 'temporary' });
    await openStateStore(stateDir).prune(Date.now());
    expect(await readdir(dirname(copy))).toEqual(['take.mp4']);
  });

  it('where the clock is set forward in the midst of the run', async () => {
    const bench = await startBench();
    const copy = await copyIn(bench);
    await age(copy, 40);
    let behindMs = 40 * DAY_MS;
    const clock = { ...bench.clock, dateMs: () => Date.now() - behindMs };
    const store = openStateStore(join(bench.dir, 'state'), () => new Date(clock.dateMs()));
    const report = ({ type }: PulseEvent) => {
      if (type === 'upload.start') behindMs = 0;
    };
    bench.server.script.POST = [{ answer: 401 }];
    expect((await bench.upload(copy, once, { clock, store, report })).exitCode).toBe(5);
    for (const days of [2, 29]) await store.prune(Date.now() + days * DAY_MS);
    expect(await readdir(dirname(dirname(copy)))).toEqual(['x']);
  });

  it('but a record of another server is', async () => {
    const bench = await startBench();
    const copy = await begun(bench);
    await ageRecord(bench, 31);
    const other = await startBench();
    const store = openStateStore(join(bench.dir, 'state'));
    expect((await other.upload(copy, once, { store })).exitCode).toBe(0);
    expect(other.of('upload.pruned')).toMatchObject([{ file: copy, server: `${bench.server.url}/` }]);
  });
});

describe('a copy whose upload is remembered is known by it', () => {
  it.skipIf(process.platform === 'win32')('where a link leads to the state folder', async () => {
    const bench = await startBench();
    await symlink(join(bench.dir, 'state'), join(bench.dir, 'link'));
    await expectKnown(bench, join(bench.dir, 'link'));
  });

  it('where the state folder is named by a relative path', async () => {
    const bench = await startBench();
    await expectKnown(bench, relative(process.cwd(), join(bench.dir, 'state')));
  });
});

async function expectKnown(bench: Bench, state: string): Promise<void> {
  const copy = await begun(bench);
  await age(copy, 31);
  await openStateStore(state).prune(Date.now());
  expect(await readFile(copy, 'utf8')).toContain('all there is');
  expect(await unsentCopies(state, await rememberedPaths(state))).toEqual([]);
  expect(await unsentCopies(state, [])).toEqual([{ path: copy, sizeBytes: 3000 }]);
  for (const named of [copy, join(state, 'spool', 'x', 'take.mp4')])
    expect(await isSpooled(state, named)).toBe(true);
  expect(await isSpooled(state, join(state, 'take.mp4'))).toBe(false);
}
