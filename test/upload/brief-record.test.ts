import { expect, it } from 'vitest';
import { defaultSettings, type UploadSettings } from '../../src/upload/settings.ts';
import { openStateStore } from '../../src/upload/state-store.ts';
import { type Bench, MIB, plainTus, startBench } from './harness.ts';

/** Each record that an upload of so many bytes wrote: its phase, and whether it waited for the disk. */
async function written(bench: Bench, sizeBytes: number, changes: Partial<UploadSettings> = {}) {
  const store = openStateStore(`${bench.dir}/state`);
  const records: string[] = [];
  const watched: typeof store = {
    ...store,
    write: (record, isPassing) => {
      records.push(`${record.phase} ${isPassing ? 'passing' : 'on the disk'}`);
      return store.write(record, isPassing);
    },
  };
  await bench.upload(await bench.file(sizeBytes), changes, { store: watched });
  expect(bench.of('upload.done')).toHaveLength(1);
  return records;
}

it('the first record of what is one chunk need not wait for the disk; the one before finalize does', async () => {
  const bench = await startBench();
  expect(await written(bench, MIB)).toEqual(['sending passing', 'finalizing on the disk']);
});

it.each([
  ['more than one chunk', MIB + 1, {}],
  ['one chunk that is large', 2 * MIB, { chunkBytes: 2 * MIB }],
  ['not finalized', 1000, { finalize: false }],
])('the first record of what is %s is on the disk before a byte is sent', async (_, sizeBytes, changes) => {
  const bench = await startBench();
  expect((await written(bench, sizeBytes, changes))[0]).toBe('sending on the disk');
});

it('the record of a protocol without finalize is on the disk before a byte is sent', async () => {
  const bench = await startBench();
  expect(await written(bench, 1000, { ...defaultSettings, ...plainTus(bench) })).toEqual([
    'sending on the disk',
  ]);
});
