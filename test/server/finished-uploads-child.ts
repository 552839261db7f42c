import { memoryUsage } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { liveUploads } from '../../src/server/store/live-uploads.ts';
import type { Store } from '../../src/server/store/store.ts';

/**
 * Finishes many uploads and says how many bytes of memory that has kept. Its own process: in that of the tests nobody
 * is told of what was collected. The ids are long, so that whatever is kept by id shows.
 */
const idBytes = 10_000;
const count = 6000;

const store: Pick<Store, 'create' | 'finish'> = {
  create: async () => {},
  finish: async (_id, wanted) => wanted,
};
const uploads = liveUploads(store as Store);

const keptBytes = async () => {
  await sleep(10);
  globalThis.gc?.();
  return memoryUsage().heapUsed;
};

const beforeBytes = await keptBytes();
for (let each = 0; each < count; each++) {
  const id = Buffer.alloc(idBytes, `${each} `).toString('latin1');
  const upload = await uploads.add({ id, lengthBytes: 1 });
  upload.finished = await uploads.finish(id, { name: 'video.mp4', sizeBytes: 1 });
}
let leastBytes = Number.POSITIVE_INFINITY;
for (let turn = 0; turn < 20; turn++) leastBytes = Math.min(leastBytes, (await keptBytes()) - beforeBytes);
// Named once more, so that it is not collected as a whole before.
console.log(JSON.stringify({ count, idBytes, keptBytes: leastBytes, of: Object.keys(uploads) }));
