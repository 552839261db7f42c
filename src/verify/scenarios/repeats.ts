import { scenario } from '../scenario.ts';

/** Chunks that come twice, too early, or instead of others. */

const CHUNK = 1000;

export const everyChunkTwice = scenario({
  id: 'every-chunk-twice',
  does: 'sends each of three chunks twice at the same offset',
  run: async (probe) => {
    const file = probe.payload(3 * CHUNK);
    const upload = await probe.create(file.sizeBytes);
    const repeats = [];
    for (let offset = 0; offset < file.sizeBytes; offset += CHUNK) {
      const chunk = file.part(offset, offset + CHUNK);
      const first = await probe.patch(upload, offset, chunk);
      repeats.push({ first, second: await probe.patch(upload, offset, chunk) });
    }
    const finish = await probe.finish(upload, file);
    return { repeats, finish, content: await probe.content(upload, file) };
  },
});

export const secondChunkFirst = scenario({
  id: 'second-chunk-first',
  does: 'sends the second of three chunks before the first, then all three in order',
  run: async (probe) => {
    const file = probe.payload(3 * CHUNK);
    const upload = await probe.create(file.sizeBytes);
    const tooEarly = await probe.patch(upload, CHUNK, file.part(CHUNK, 2 * CHUNK));
    const finish = await probe.finish(upload, file, { chunkBytes: CHUNK });
    return { tooEarly, finish, content: await probe.content(upload, file) };
  },
});

export const otherBytesBehind = scenario({
  id: 'other-bytes-behind',
  does: 'sends other bytes at offset 0 after the first chunk was taken, then finishes the upload',
  run: async (probe) => {
    const file = probe.payload(3 * CHUNK);
    const upload = await probe.create(file.sizeBytes);
    const first = await probe.patch(upload, 0, file.part(0, CHUNK));
    const others = probe.payload(CHUNK, 'other bytes');
    const overwrite = await probe.patch(upload, 0, others.part(0, CHUNK));
    const finish = await probe.finish(upload, file);
    return { first, overwrite, finish, content: await probe.content(upload, file) };
  },
});

/** Whether an upload is complete is asked from finalize, or from HEAD where there is no finalize. */
export const lastByteMissing = scenario({
  id: 'last-byte-missing',
  does: 'asks whether an upload is complete when its last byte is missing, sends that byte, and asks again',
  run: async (probe) => {
    const file = probe.payload(CHUNK);
    const upload = await probe.create(file.sizeBytes);
    const almost = await probe.patch(upload, 0, file.part(0, CHUNK - 1));
    const early =
      probe.target.finalizeUrl === undefined
        ? await probe.request('GET', upload.url)
        : await probe.finalize(upload);
    const last = await probe.patch(upload, CHUNK - 1, file.part(CHUNK - 1, CHUNK));
    return { almost, early, last, content: await probe.content(upload, file) };
  },
});
