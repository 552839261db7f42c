import { isSuccess } from '../answers.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { bringTo } from './trial.ts';

/** Uploads that are given up: before and behind their end, twice, while they run, and among others. */

async function begun(probe: Probe, sentBytes: number, name?: string) {
  const file = probe.payload(SMALL_FILE_BYTES, name);
  const upload = await probe.create(SMALL_FILE_BYTES);
  await bringTo(probe, upload, file, sentBytes);
  return { file, upload };
}

export const deletedUnfinished = scenario({
  id: 'deleted-unfinished',
  does: 'deletes an upload of which 4 bytes are there; then sends HEAD, the rest, and DELETE once more',
  needs: ['offers termination'],
  run: async (probe) => {
    const { file, upload } = await begun(probe, 4);
    const deleted = await probe.remove(upload);
    const head = await probe.head(upload);
    const patched = await probe.patch(upload, 4, file.part(4, SMALL_FILE_BYTES));
    return { deleted, head, patched, again: await probe.remove(upload) };
  },
});

export const deletedFinished = scenario({
  id: 'deleted-finished',
  does: 'deletes a small upload that is complete, and asks for its content',
  needs: ['offers termination'],
  run: async (probe) => {
    const { upload } = await begun(probe, SMALL_FILE_BYTES);
    const deleted = await probe.remove(upload);
    return { deleted, got: await probe.request('GET', upload.url) };
  },
});

export const deletedUnknown = scenario({
  id: 'deleted-unknown',
  does: 'deletes an upload that never existed, once HEAD has refused it',
  needs: ['offers termination'],
  run: async (probe) => {
    const unknown = await probe.unknownUpload(await probe.create(SMALL_FILE_BYTES));
    return { deleted: await probe.remove(unknown) };
  },
});

const STRAY_MS = 200;

export const deletedOnKeptConnection = scenario({
  id: 'deleted-on-kept-connection',
  does: 'deletes an upload over a raw connection, waits for stray bytes, and asks again over the same one',
  needs: ['offers termination'],
  run: async (probe) => {
    const { upload } = await begun(probe, 4);
    const url = new URL(upload.url);
    const headers = { 'Tus-Resumable': '1.0.0' };
    const link = await probe.open();
    const deleted = await link.send({ method: 'DELETE', url, headers });
    const stray = await link.stray(STRAY_MS);
    const second = stray.peer === 'open' ? await link.send({ method: 'HEAD', url, headers }) : undefined;
    link.close();
    return { deleted, stray, second };
  },
});

export const oneOfTwoDeleted = scenario({
  id: 'one-of-two-deleted',
  does: 'begins two uploads, deletes one, finishes the other, and reads it back',
  needs: ['offers termination'],
  run: async (probe) => {
    const size = 1500;
    const file = probe.payload(size, 'kept');
    const kept = await probe.create(size);
    await bringTo(probe, kept, file, 500);
    const given = await probe.create(size);
    await bringTo(probe, given, probe.payload(size, 'given up'), 500);
    const deleted = await probe.remove(given);
    const finish = await probe.finish(kept, file);
    return { deleted, finish, content: await probe.content(kept, file) };
  },
});

const CHUNK = 64 * 1024;
const RETRY_PAUSES_MS = [250, 1000, 2000];

export const deletedDuringPatch = scenario({
  id: 'deleted-during-patch',
  does: 'sends half a chunk, deletes the upload, sends the rest, and asks whether it is still there',
  needs: ['offers termination', 'head'],
  sendsBytes: CHUNK,
  run: async (probe) => {
    const file = probe.payload(2 * CHUNK);
    const upload = await probe.create(file.sizeBytes);
    const half = { stallAfterBytes: CHUNK / 2 };
    const patching = await probe.begin('PATCH', upload.url, probe.patchOptions(0, file.part(0, CHUNK), half));
    await probe.pause(100);
    // A server may let DELETE wait for the chunk that runs.
    const first = probe.remove(upload);
    await probe.pause(400);
    await patching.sendRest();
    const deletions = [await first];
    const patched = await patching.answer();
    patching.link.close();
    for (const pauseMs of RETRY_PAUSES_MS) {
      if (isOver(deletions.at(-1))) break;
      await probe.pause(pauseMs);
      deletions.push(await probe.remove(upload));
    }
    return { patched, deletions, heads: await askedTwice(probe, upload) };
  },
});

/** DELETE has done what it can, or there is nothing left to delete. */
function isOver(deleted: Exchange | undefined): boolean {
  const status = deleted?.answer?.status;
  return isSuccess(deleted) || status === 404 || status === 410;
}

/** What is written late would bring the upload back between the two. */
async function askedTwice(probe: Probe, upload: Upload) {
  const first = await probe.head(upload);
  await probe.pause(300);
  return [first, await probe.head(upload)];
}

export const deleteUnasked = scenario({
  id: 'delete-unasked',
  does: 'sends DELETE to an upload of a server that does not list termination',
  needs: ['lacks termination'],
  run: async (probe) => {
    const { upload } = await begun(probe, 4);
    const deleted = await probe.remove(upload);
    return { deleted, after: await probe.currentOffset(upload) };
  },
});
