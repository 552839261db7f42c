import { isSuccess, offsetOf } from '../answers.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import { scenario } from '../scenario.ts';
import { bringTo, goingOnFrom, trialOf } from './trial.ts';

const MiB = 1024 * 1024;
/** How long stray bytes behind an answer are waited for. */
const STRAY_MS = 100;

/** The file of `patch-steps`, and its first chunk. */
export const STEPS_BYTES = 25;
export const FIRST_BYTES = 4;

export const patchSteps = scenario({
  id: 'patch-steps',
  does: `sends ${STEPS_BYTES} bytes as ${FIRST_BYTES} and the rest, asks after each where the upload stands, and reads them back`,
  run: async (probe) => {
    const file = probe.payload(STEPS_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const first = await probe.patch(upload, 0, file.part(0, FIRST_BYTES));
    const afterFirst = await probe.currentOffset(upload);
    const start = Math.min(offsetOf(first) ?? afterFirst.bytes ?? FIRST_BYTES, FIRST_BYTES);
    const second = await probe.patch(upload, start, file.part(start, STEPS_BYTES));
    const afterSecond = await probe.currentOffset(upload);
    const finish = await probe.finish(upload, file, goingOnFrom(afterSecond));
    const content = await probe.content(upload, file);
    return { first, afterFirst, start, second, afterSecond, finish, content };
  },
});

export const patchOnKeptConnection = scenario({
  id: 'patch-on-kept-connection',
  does: 'sends a chunk over a raw connection, waits for stray bytes, and asks again over the same one',
  run: async (probe) => {
    const file = probe.payload(10);
    const upload = await probe.create(file.sizeBytes);
    const url = new URL(upload.url);
    const link = await probe.open();
    const patched = await link.send({
      method: 'PATCH',
      url,
      ...probe.patchOptions(0, file.part(0, 4)),
    });
    const stray = await link.stray(STRAY_MS);
    const next =
      probe.target.headless === undefined
        ? { method: 'HEAD', url, headers: { 'Tus-Resumable': '1.0.0' } }
        : { method: 'PATCH', url, ...probe.patchOptions(offsetOf(patched) ?? 4, '') };
    const second = stray.peer === 'open' ? await link.send(next) : undefined;
    link.close();
    return { patched, stray, second };
  },
});

/** A second for each: whoever syncs the disk for every chunk needs a good part of it. */
const SINGLE_BYTES_MS = 120_000;

/** Three whole chunks of 1 MiB are sent by the scenarios of whole files. */
export const singleBytes = scenario({
  id: 'single-byte-patches',
  does: 'sends 120 bytes one by one, and reads them back',
  timeoutMs: SINGLE_BYTES_MS,
  run: async (probe) => {
    // Behind the hundredth chunk, parts that are named by two digits no longer stand in the order of their names.
    const file = probe.payload(120);
    const upload = await probe.create(file.sizeBytes);
    const finish = await probe.finish(upload, file, { from: 0, chunkBytes: 1 });
    return { finish, content: await probe.content(upload, file) };
  },
});

export const singleRequest = scenario({
  id: 'single-request',
  does: 'sends 8 MiB in one PATCH, what was not taken in chunks, and reads them back',
  sendsBytes: 8 * MiB,
  run: async (probe) => {
    const file = probe.payload(8 * MiB);
    const upload = await probe.create(file.sizeBytes);
    const patched = await probe.patch(upload, 0, file.part(0, file.sizeBytes));
    const accepted = isSuccess(patched) ? offsetOf(patched) : undefined;
    const finish = await probe.finish(upload, file, accepted === undefined ? {} : { from: accepted });
    return { patched, finish, content: await probe.content(upload, file) };
  },
});

/** Unlike the files of all other scenarios, so that a server can be told to mix up these. */
const ONE_OF_THREE_BYTES = SMALL_FILE_BYTES + 3;

export const threeUploads = scenario({
  id: 'three-uploads',
  does: 'creates three uploads and sends a chunk to each, the last one first',
  run: async (probe) => {
    const file = probe.payload(ONE_OF_THREE_BYTES);
    const uploads = [];
    for (let count = 0; count < 3; count++) uploads.push(await probe.create(file.sizeBytes));
    const patches = [];
    for (const upload of uploads.reverse())
      patches.push(await probe.patch(upload, 0, file.part(0, ONE_OF_THREE_BYTES)));
    return { patches };
  },
});

/** Other bytes than the file's, so that what was stored in spite of a refusal shows in the content. */
export const wrongMediaTypes = scenario({
  id: 'wrong-media-types',
  does: 'sends other bytes as text/plain and without any Content-Type, then the file, and reads it back',
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const others = probe.payload(5, 'others');
    const upload = await probe.create(file.sizeBytes);
    const send = (offset: number, type: string | undefined) => () =>
      probe.patch(upload, offset, others.part(0, 5), { headers: { 'Content-Type': type } });
    const text = await trialOf(probe, upload, 0, send(0, 'text/plain'));
    const start = text.after.bytes ?? 0;
    const none = await trialOf(probe, upload, start, send(start, undefined));
    if (isSuccess(text.exchange) || isSuccess(none.exchange)) return { text, none };
    const finish = await probe.finish(upload, file, goingOnFrom(none.after));
    return { text, none, finish, content: await probe.content(upload, file) };
  },
});

export const mediaTypeSpellings = scenario({
  id: 'media-type-spellings',
  does: 'sends chunks whose right media type has a parameter, or capital letters',
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const typed = (type: string) => ({ headers: { 'Content-Type': type } });
    const withParameter = await probe.patch(
      upload,
      0,
      file.part(0, 5),
      typed('application/offset+octet-stream; charset=binary'),
    );
    const start = offsetOf(withParameter) ?? 0;
    const capitals = await probe.patch(
      upload,
      start,
      file.part(start, SMALL_FILE_BYTES),
      typed('Application/Offset+Octet-Stream'),
    );
    return { withParameter, capitals };
  },
});

export const offsetMismatches = scenario({
  id: 'offset-mismatches',
  does: 'sends other bytes beyond the offset of one upload and below that of another, finishes both and reads them back',
  run: async (probe) => ({
    ahead: await mismatched(probe, { standsAt: 0, sentAt: 5 }),
    behind: await mismatched(probe, { standsAt: 6, sentAt: 2 }),
  }),
});

async function mismatched(probe: Probe, place: { readonly standsAt: number; readonly sentAt: number }) {
  const file = probe.payload(SMALL_FILE_BYTES);
  const others = probe.payload(4, 'others');
  const upload = await probe.create(file.sizeBytes);
  await bringTo(probe, upload, file, place.standsAt);
  const trial = await trialOf(probe, upload, place.standsAt, () =>
    probe.patch(upload, place.sentAt, others.part(0, 4)),
  );
  const finish = await probe.finish(upload, file, goingOnFrom(trial.after));
  return { trial, finish, content: await probe.content(upload, file) };
}

export const repeatedChunk = scenario({
  id: 'repeated-chunk',
  does: 'sends a chunk of 4 bytes, and the same request again',
  run: async (probe) => {
    const file = probe.payload(10);
    const upload = await probe.create(file.sizeBytes);
    const send = () => probe.patch(upload, 0, file.part(0, 4));
    const first = await send();
    const { bytes = offsetOf(first) ?? 4 } = await probe.currentOffset(upload);
    const repeated = await trialOf(probe, upload, bytes, send);
    return { first, repeated };
  },
});
