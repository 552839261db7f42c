import { rename, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { openStateStore, type StateStore } from '../../src/upload/state/state-store.ts';
import { type Bench, expectProven, plainTus, startBench } from './harness.ts';

/** A file in the place of the state folder: nothing can be written or removed below it, by no user. */
async function breakState({ dir }: Bench): Promise<void> {
  await rename(join(dir, 'state'), join(dir, 'aside'));
  await writeFile(join(dir, 'state'), '');
}

/** Like a file system that was mounted anew, to be read only: locks stay behind. */
function keepingLocks(bench: Bench): StateStore {
  const store = openStateStore(join(bench.dir, 'state'));
  const release = async () => {
    throw Object.assign(new Error('EROFS: read-only file system, unlink'), { code: 'EROFS' });
  };
  return { ...store, lock: async (key) => ({ ...(await store.lock(key)), release }) };
}

const untidy = (bench: Bench, what: string) => [
  { type: 'upload.warning', file: join(bench.dir, 'video.mp4'), message: expect.stringContaining(what) },
];

// Windows takes what is below a file for missing, and what is missing needs no removal.
describe.skipIf(process.platform === 'win32')('a state folder that can no longer be written to', () => {
  it('makes no failure of what is proven', async () => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [{ first: () => breakState(bench) }];
    const file = await bench.file(3_000_000);
    expect(await bench.upload(file)).toEqual({ exitCode: 0, done: 1, failed: 0, notAttempted: 0 });
    await expectProven(bench, file);
    expect(bench.of('upload.warning')).toEqual(untidy(bench, `the state folder ${join(bench.dir, 'state')}`));
    expect(bench.of('run.end')).toHaveLength(1);
  });

  it('leaves a record with which the next run sends nothing again', async () => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [{ first: () => breakState(bench) }];
    const file = await bench.file(3_000_000);
    await bench.upload(file);
    await rm(join(bench.dir, 'state'));
    await rename(join(bench.dir, 'aside'), join(bench.dir, 'state'));
    expect(await bench.upload(file)).toMatchObject({ exitCode: 0, done: 1 });
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }, { proven: true, sentBytes: 0 }]);
  });

  it.each([
    [403, 'refused'],
    [422, 'integrity'],
  ])('hides no verdict: a chunk refused with %i', async (status, kind) => {
    const bench = await startBench();
    const refuse = (res: ServerResponse) => void breakState(bench).then(() => res.writeHead(status).end());
    bench.server.script.PATCH = [{ first: () => {} }, { write: refuse }];
    await bench.upload(await bench.file(3_000_000));
    expect(bench.of('upload.failed')).toMatchObject([{ kind }]);
    expect(bench.of('upload.warning')).toEqual(
      untidy(
        bench,
        status === 403
          ? 'how far it came could not be saved'
          : 'what is remembered of it could not be removed',
      ),
    );
  });

  it('hides no verdict: an error on the last chunk', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ status: 500 }];
    bench.server.script.HEAD = [{ first: () => {} }, { first: () => breakState(bench) }];
    await bench.upload(await bench.file(1000), plainTus(bench));
    expect(bench.of('upload.failed')).toMatchObject([{ kind: 'unknown' }]);
    expect(bench.of('upload.warning')).toEqual(untidy(bench, 'what the server answered could not be saved'));
  });

  it.each([
    ['other content', 'integrity', { patchJson: { checksum: `sha256:${'0'.repeat(64)}` } }],
    ['no proof', 'unknown', { patchJson: { checksum: null } }],
  ])('hides no verdict: %s', async (_, kind, answer) => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [answer];
    const store = openStateStore(join(bench.dir, 'state'));
    const broken: StateStore = {
      ...store,
      remove: async (key) => {
        await breakState(bench);
        await store.remove(key);
      },
    };
    const file = await bench.file(1000);
    await bench.upload(file, { requireProof: true }, { store: broken });
    expect(bench.of('upload.failed')).toMatchObject([{ kind }]);
    expect(bench.of('upload.warning')).toEqual(
      untidy(bench, 'what is remembered of it could not be removed'),
    );
  });
});

describe('a lock that cannot be removed', () => {
  it('makes no failure of what is proven', async () => {
    const bench = await startBench();
    const file = await bench.file(1000);
    const tools = { store: keepingLocks(bench) };
    expect(await bench.upload(file, {}, tools)).toEqual({ exitCode: 0, done: 1, failed: 0, notAttempted: 0 });
    await expectProven(bench, file);
    expect(bench.of('upload.warning')).toEqual(untidy(bench, 'its lock could not be removed'));
  });

  it('hides no failure', async () => {
    const bench = await startBench();
    bench.server.script.POST = [{ answer: 403 }];
    const file = await bench.file(1000);
    expect(await bench.upload(file, {}, { store: keepingLocks(bench) })).toMatchObject({ exitCode: 5 });
    expect(bench.of('upload.failed')).toMatchObject([{ kind: 'refused' }]);
  });

  it('does not hide that the state could not be written midway, which names the folder', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ first: () => {} }, { first: () => breakState(bench) }];
    const file = await bench.file(3_000_000);
    expect(await bench.upload(file, {}, { store: keepingLocks(bench) })).toMatchObject({ exitCode: 3 });
    expect(bench.of('upload.failed')).toMatchObject([
      { kind: 'input', message: expect.stringContaining(join(bench.dir, 'state')) },
    ]);
  });
});
