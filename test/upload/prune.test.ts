import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { removeSpooled, unsentCopies } from '../../src/upload/source/spool.ts';
import { openStateStore, type UploadRecord } from '../../src/upload/state/state-store.ts';
import { temporaryFolder } from '../cli/run-bin.ts';
import { startBench } from './harness.ts';

const DAY_MS = 24 * 60 * 60_000;
const START_MS = Date.parse('2026-01-01T00:00:00Z');

const record: UploadRecord = {
  schema: 1,
  server: 'http://host/',
  protocol: 'pulse',
  path: '/videos/a.mp4',
  identity: { sizeBytes: 3, mtimeNs: '1', inode: '2' },
  url: 'http://host/uploads/1',
  createdAt: new Date(START_MS).toISOString(),
  prefix: { bytes: 0, sha256: '' },
  phase: 'sending',
};

/** A folder with one record that was written at `START_MS`. */
async function folderWith(change: Partial<UploadRecord> = {}) {
  const dir = await temporaryFolder();
  const store = openStateStore(dir, () => new Date(START_MS));
  await store.write({ ...record, ...change });
  return { dir, store };
}

const daysLater = (days: number) => START_MS + days * DAY_MS;
const iso = (days: number) => new Date(daysLater(days)).toISOString();

describe('a record is pruned', () => {
  it.each<readonly [string, number, number, Partial<UploadRecord>]>([
    ['after 30 days', 29.9, 30.1, {}],
    ['a day after it expired at the server', 2.9, 3.1, { expiresAt: iso(2) }],
    [
      'not by an expiry where finalize may have worked',
      29.9,
      30.1,
      { expiresAt: iso(2), phase: 'finalizing' },
    ],
  ])('%s', async (_, keptDays, prunedDays, change) => {
    const kept = await folderWith(change);
    expect(await kept.store.prune(daysLater(keptDays))).toEqual([]);
    expect((await readdir(kept.dir)).filter((name) => name.endsWith('.json'))).toHaveLength(1);
    const gone = await folderWith(change);
    expect(await gone.store.prune(daysLater(prunedDays))).toMatchObject([{ path: '/videos/a.mp4' }]);
    expect(await readdir(gone.dir)).toEqual([]);
  });

  it('not while a process works on it', async () => {
    const { dir, store } = await folderWith();
    const [name = ''] = await readdir(dir);
    const owner = { pid: process.pid, host: hostname(), nonce: 'n' };
    await writeFile(join(dir, name.replace(/json$/, 'lock')), JSON.stringify(owner));
    expect(await store.prune(daysLater(40))).toEqual([]);
    expect(await store.prune(daysLater(42))).toEqual([]);
    expect(await readdir(dir)).toContain(name);
  });

  it('sooner or later where there are very many', async () => {
    const { dir, store } = await folderWith();
    const [name = ''] = await readdir(dir);
    for (let left = 0; left < 1200; left++) await writeFile(join(dir, `${name}.${left}.tmp`), '');
    const before = (await readdir(dir)).length;
    let runs = 0;
    for (; (await readdir(dir)).includes(name); runs++) await store.prune(daysLater(40) + runs * 397);
    expect(before).toBe(1201);
    expect(runs).toBeLessThan(20);
  });

  it('with what killed processes left behind, but nothing that is not ours', async () => {
    const { dir, store } = await folderWith();
    const [name = ''] = await readdir(dir);
    const leftovers = [`${name}.1234.tmp`, `${name}.unreadable`, name.replace(/json$/, 'lock')];
    for (const left of [...leftovers, 'notes.tmp']) {
      await writeFile(join(dir, left), '{}');
      await utimes(join(dir, left), START_MS / 1000, START_MS / 1000);
    }
    await store.prune(daysLater(31));
    expect((await readdir(dir)).toSorted()).toEqual(['notes.tmp']);
  });

  it('with copies of standard input, but not while somebody comes back for them', async () => {
    const dir = await temporaryFolder();
    const copy = join(dir, 'spool', 'x', 'input.mp4');
    await mkdir(dirname(copy), { recursive: true });
    await writeFile(copy, 'all there is');
    await utimes(dirname(copy), START_MS / 1000, START_MS / 1000);
    const store = openStateStore(dir, () => new Date(daysLater(40)));
    await store.write({ ...record, path: copy });
    await store.prune(daysLater(41));
    expect(await readdir(dirname(copy))).toEqual(['input.mp4']);
    await store.prune(daysLater(71));
    await store.prune(daysLater(72.1));
    expect(await readdir(join(dir, 'spool'))).toEqual([]);
  });

  it('with copies of standard input a day after they were first seen to be old: a clock may have been set', async () => {
    const dir = await temporaryFolder();
    const copies = ['x', 'y', 'z'].map((id) => join(dir, 'spool', id, 'input.mp4'));
    const seem = (copy: string, days: number) =>
      utimes(dirname(copy), daysLater(days) / 1000, daysLater(days) / 1000);
    for (const copy of copies) {
      await mkdir(dirname(copy), { recursive: true });
      await writeFile(copy, 'all there is');
      await seem(copy, 0);
    }
    const store = openStateStore(dir, () => new Date(daysLater(40)));
    const kept = async () => (await unsentCopies(dir, [])).map(({ path }) => path).toSorted();
    for (const days of [31, 31.9]) {
      await store.prune(daysLater(days));
      expect(await kept()).toEqual(copies);
    }
    const [, y = '', z = ''] = copies;
    await seem(y, 32);
    await removeSpooled(z);
    await store.prune(daysLater(32.1));
    expect([await kept(), await readdir(join(dir, 'spool'))]).toEqual([[y], ['y']]);
    // Who came back for it begins anew with all of it.
    await store.prune(daysLater(63));
    expect(await kept()).toEqual([y]);
  });

  it('and said, before the run ends', async () => {
    const bench = await startBench();
    const store = openStateStore(join(bench.dir, 'state'), () => new Date(START_MS));
    await store.write(record);
    const file = await bench.file(10);
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.of('upload.pruned')).toEqual([
      { type: 'upload.pruned', file: '/videos/a.mp4', server: 'http://host/', savedAt: iso(0) },
    ]);
    expect(bench.events.at(-1)?.type).toBe('run.end');
  });
});

describe('the server’s term', () => {
  const expires = (days: number) => new Date(Date.now() + days * DAY_MS).toUTCString();
  const storedExpiry = async (dir: string) => {
    const { keptUploads } = await import('../../src/upload/state/kept-uploads.ts');
    return (await keptUploads(join(dir, 'state'), Date.now())).map((kept) => kept.record.expiresAt);
  };

  it('is kept with the upload, the latest one said', async () => {
    const bench = await startBench();
    const file = await bench.file(3000);
    const [first, second] = [expires(1), expires(2)];
    bench.server.script.POST = [{ patchHeaders: { 'Upload-Expires': first } }];
    bench.server.script.PATCH = [{ answer: 403 }];
    await bench.upload(file, { chunkBytes: 1000 });
    expect(await storedExpiry(bench.dir)).toEqual([new Date(first).toISOString()]);
    bench.server.script.HEAD = [{ patchHeaders: { 'Upload-Expires': second } }];
    bench.server.script.PATCH = [{ patchHeaders: {} }, { patchHeaders: {} }, { answer: 403 }];
    await bench.upload(file, { chunkBytes: 1000 });
    expect(await storedExpiry(bench.dir)).toEqual([new Date(second).toISOString()]);
  });

  it('that is no date is none, and a new upload does not inherit one', async () => {
    const bench = await startBench();
    const file = await bench.file(3000);
    bench.server.script.POST = [{ patchHeaders: { 'Upload-Expires': 'soon' } }];
    bench.server.script.PATCH = [{ answer: 403 }];
    await bench.upload(file, { chunkBytes: 1000 });
    expect(await storedExpiry(bench.dir)).toEqual([undefined]);
  });
});
