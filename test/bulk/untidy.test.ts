import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openLedger } from '../../src/bulk/ledger/ledger-file.ts';
import { openStateStore, type StateStore } from '../../src/upload/state/state-store.ts';
import { folderOf } from './folder.ts';
import { type BulkBench, names, startBulkBench } from './harness.ts';

const readOnly = async () => {
  throw Object.assign(new Error('EROFS: read-only file system, unlink'), { code: 'EROFS' });
};

/** Like a file system that was mounted anew, to be read only, when the last files had been finalized. */
function untidy({ ledger }: BulkBench): StateStore {
  const store = openStateStore(join(dirname(ledger), 'state'));
  return {
    ...store,
    lock: async (key) => ({ ...(await store.lock(key)), release: readOnly }),
    remove: readOnly,
  };
}

test('a ledger that is removed midway is written anew: nothing that is done is sent again', async () => {
  const bench = await startBulkBench();
  const dir = await folderOf(...names(6));
  await bench.run(dir, { run: { jobs: 1 }, tools: { onDone: once(() => rmSync(bench.ledger)) } });
  expect(bench.of('upload.warning')).toMatchObject([
    { file: '', message: expect.stringMatching(/^the ledger was removed .* written anew/) },
  ]);
  expect(await bench.run(dir)).toEqual({ exitCode: 0, done: 0, failed: 0, notAttempted: 0 });
  expect(bench.of('run.end')).toMatchObject([{ exitCode: 0, done: 6 }, { skipped: 6 }]);
});

test('a ledger that is replaced midway stops the run with exit 3', async () => {
  const bench = await startBulkBench();
  const dir = await folderOf(...names(6));
  const replace = () => {
    writeFileSync(`${bench.ledger}.other`, '');
    renameSync(`${bench.ledger}.other`, bench.ledger);
  };
  const outcome = await bench.run(dir, { run: { jobs: 1 }, tools: { onDone: once(replace) } });
  expect(outcome).toEqual({ exitCode: 3, done: 2, failed: 0, notAttempted: 4 });
  expect(bench.of('run.stopped')).toMatchObject([{ message: expect.stringContaining('replaced') }]);
  expect(bench.of('run.end')).toHaveLength(1);
});

test('a ledger that another run takes over stops the run, which writes nothing more to it', async () => {
  const bench = await startBulkBench();
  const dir = await folderOf(...names(3));
  const path = join(dirname(bench.ledger), 'other.jsonl');
  const timing = { beatMs: 20, silenceMs: 900_000, takeoverMs: 10_000 };
  const ledger = await openLedger(path, () => {}, timing);
  const other = JSON.stringify({ pid: 1, host: 'elsewhere', nonce: 'other' });
  const takeOver = () =>
    new Promise<void>((resolve) => {
      ledger.lost.addEventListener('abort', () => resolve());
      writeFileSync(`${path}.lock`, other);
    });
  bench.server.script.PATCH = [{ first: () => {} }, { first: takeOver }];
  const outcome = await bench.run(dir, { run: { jobs: 1 }, tools: { ledger } });
  expect(outcome).toEqual({ exitCode: 4, done: 1, failed: 1, notAttempted: 1 });
  expect(bench.of('upload.failed')).toMatchObject([{ kind: 'interrupted' }]);
  expect(bench.of('run.stopped')).toMatchObject([
    { message: expect.stringMatching(/taken over the lock of the ledger .*other\.jsonl/) },
  ]);
  expect(readFileSync(`${path}.lock`, 'utf8')).toBe(other);
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(2);
});

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}

describe('what cannot be tidied up in the end', () => {
  test('of the state makes no file fail that is proven: it stands in the ledger once, as done', async () => {
    const bench = await startBulkBench();
    const dir = await folderOf(...names(5));
    const outcome = await bench.run(dir, { tools: { store: untidy(bench) } });
    expect(outcome).toEqual({ exitCode: 0, done: 5, failed: 0, notAttempted: 0 });
    expect(bench.of('upload.done').map(({ proven }) => proven)).toEqual(Array(5).fill(true));
    expect(bench.of('upload.failed')).toEqual([]);
    expect(new Set(bench.of('upload.warning').map(({ file }) => file)).size).toBe(5);
    expect(bench.of('upload.warning')).toHaveLength(5);
    expect((await bench.records()).map(({ status }) => status)).toEqual(Array(5).fill('done'));
  });

  test('of the ledger makes no run fail, and is said before the run ends', async () => {
    const bench = await startBulkBench();
    const dir = await folderOf(...names(3));
    const ledger = await openLedger(join(dirname(bench.ledger), 'other.jsonl'), () => {});
    const close = () => ledger.close().then(readOnly);
    const outcome = await bench.run(dir, { tools: { ledger: { ...ledger, close } } });
    expect(outcome).toMatchObject({ exitCode: 0, done: 3, failed: 0 });
    expect(bench.events.slice(-2)).toMatchObject([
      { type: 'upload.warning', file: '', message: expect.stringContaining('the lock of the ledger') },
      { type: 'run.end', exitCode: 0 },
    ]);
  });
});
