import { execFile } from 'node:child_process';
import process from 'node:process';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { liveUploads } from '../../src/server/store/live-uploads.ts';
import type { Store } from '../../src/server/store/store.ts';
import type { UploadInfo, UploadView } from '../../src/server/store/upload.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** A store in memory that counts how often it is asked. */
function memoryStore(): Store & { readonly loads: string[] } {
  const infos = new Map<string, UploadInfo>();
  const loads: string[] = [];
  return {
    loads,
    async create(info) {
      infos.set(info.id, info);
    },
    async update(info) {
      infos.set(info.id, info);
    },
    ids: async () => [...infos.keys()],
    async load(id) {
      loads.push(id);
      const info = infos.get(id);
      return info && { info, offsetBytes: 0, touchedMs: 0 };
    },
    write: async () => ({ write: async () => 0, close: async () => {} }),
    spool: async () => {
      throw new Error('no spool here');
    },
    sync: async () => {},
    read: () => Readable.from([]),
    finish: async (_id, wanted) => wanted,
    holds: async () => true,
    async remove({ info }) {
      infos.delete(info.id);
    },
    close: async () => {},
  };
}

describe('uploads in memory', () => {
  it('are one object for all who ask, also at once and also when many others came since', async () => {
    const store = memoryStore();
    await store.create({ id: 'x', lengthBytes: 1 });
    const uploads = liveUploads(store);
    const [one, other] = await Promise.all([uploads.find('x'), uploads.find('x')]);
    expect(one).toBeDefined();
    expect(other).toBe(one);
    for (let count = 0; count < 1100; count++) await uploads.add({ id: String(count), lengthBytes: 1 });
    expect(await uploads.find('x')).toBe(one);
    expect(store.loads).toEqual(['x']);
  });

  it('are the same object for who finds one in the store while it is still being made', async () => {
    const store = memoryStore();
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const create = async (info: UploadInfo) => {
      await store.create(info);
      await gate;
    };
    const uploads = liveUploads({ ...store, create });
    const added = uploads.add({ id: 'x', lengthBytes: 1 });
    const found = uploads.find('x');
    letGo();
    expect(await found).toBe(await added);
    expect(await uploads.find('x')).toBe(await added);
  });

  it('are the same object for who began to look for one before it was made', async () => {
    const store = memoryStore();
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const load = async (id: string) => {
      await gate;
      return store.load(id);
    };
    const uploads = liveUploads({ ...store, load });
    const found = uploads.find('x');
    const added = await uploads.add({ id: 'x', lengthBytes: 1 });
    letGo();
    expect(await found).toBe(added);
    expect(await uploads.find('x')).toBe(added);
  });

  it('were written to when this process wrote to them, also when they were forgotten since', async () => {
    const store = memoryStore();
    const uploads = liveUploads(store);
    const startMs = performance.timeOrigin + performance.now();
    await uploads.add({ id: 'x', lengthBytes: 1 });
    for (let count = 0; count < 1100; count++) await uploads.add({ id: String(count), lengthBytes: 1 });
    while (store.loads.length === 0) {
      await sleep(1); // what was looked up in this turn of the loop stays until it ends
      collectGarbage();
      expect((await uploads.find('x'))?.touchedMs).toBeGreaterThanOrEqual(startMs);
    }
  });

  it('leave nothing in memory once they are finished and no longer recent', async () => {
    const child = fileURLToPath(new URL('finished-uploads-child.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', 'tsx', child]);
    const { count, idBytes, keptBytes } = JSON.parse(stdout);
    // The thousand most recent ones stay.
    expect(count).toBeGreaterThan(5000);
    expect(keptBytes).toBeLessThan(2000 * idBytes);
  });

  it('cannot be found from the moment on that a termination is decided', async () => {
    const uploads = liveUploads(memoryStore());
    const upload = await uploads.add({ id: 'x', lengthBytes: 1 });
    let letGo = () => {};
    const removed = uploads.remove(upload, () => new Promise((resolve) => (letGo = resolve)));
    expect(await uploads.find('x')).toBeUndefined();
    letGo();
    await removed;
    expect(await uploads.find('x')).toBeUndefined();
  });

  it('are made anew only once an earlier one of the id is removed, and are not removed with it', async () => {
    const store = memoryStore();
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const remove = async (upload: UploadView) => {
      await gate;
      await store.remove(upload);
    };
    const uploads = liveUploads({ ...store, remove });
    const earlier = await uploads.add({ id: 'x', lengthBytes: 1 });
    const removed = [uploads.remove(earlier), uploads.remove(earlier, async () => {})];
    const added = uploads.add({ id: 'x', lengthBytes: 2 });
    letGo();
    await Promise.all(removed);
    expect(await uploads.find('x')).toBe(await added);
    expect((await store.load('x'))?.info.lengthBytes).toBe(2);
    await uploads.remove(earlier);
    expect(await uploads.find('x')).toBe(await added);
    expect(await store.load('x')).toBeDefined();
  });
});
