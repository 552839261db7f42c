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
