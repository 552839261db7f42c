import { isSuccess } from '../answers.ts';
import { dialects } from '../dialect.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { Content } from '../probe/content.ts';
import { CHUNK_BYTES } from '../probe/finish.ts';
import type { Probe } from '../probe/probe.ts';
import type { Request } from '../probe/request.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { sideBySide } from '../side-by-side.ts';
import { overOneConnection } from './over-one-connection.ts';
import { bringTo, trialOf } from './trial.ts';

const SIZE_BYTES = 10;

export const advertisedCreation = scenario({
  id: 'advertised-creation',
  does: 'asks OPTIONS, and creates an upload',
  run: async (probe) => ({ options: await probe.options(), posted: await probe.post(SIZE_BYTES) }),
});

/** One upload at its start, found by the Location of its creation. */
export const freshUpload = scenario({
  id: 'fresh-upload',
  does: 'creates an upload and asks HEAD on where Location leads',
  needs: ['head'],
  run: async (probe) => {
    const upload = await probe.create(1235);
    return { created: upload.created, headed: await probe.head(upload) };
  },
});

/** One of many uploads that were made at the same time, each with a byte of its own. */
export interface OneOfMany {
  readonly created: Exchange;
  readonly patched?: Exchange;
  readonly content?: Content;
}

const SEQUENTIAL = 20;
const PARALLEL = 50;
/** Whoever stands in a crowd waits longer. */
const CROWD_MS = 30_000;

export const manyCreations = scenario({
  id: 'many-creations',
  does: 'creates 20 uploads one after another, two with the same metadata and length, and 50 at the same time, and sends each of the 52 another byte',
  // A crowd slows down whatever is measured beside it.
  alone: true,
  run: async (probe) => {
    const sequential: Exchange[] = [];
    for (let round = 0; round < SEQUENTIAL; round++) sequential.push(await probe.post(1236));

    const alike = dialects[probe.target.protocol].creationNamesUpload ? [] : await createdAlike(probe);
    const burst: OneOfMany[] = [];
    const own = Array.from({ length: PARALLEL }, (_, index) => probe.literalFile(Uint8Array.of(index)));
    await sideBySide(own, PARALLEL, async (file) => {
      const created = await probe.post(file.sizeBytes, { timeoutMs: CROWD_MS });
      if (!isSuccess(created)) {
        burst.push({ created });
        return;
      }
      const upload = probe.uploadOf(created, file.sizeBytes);
      const patched = await probe.patch(upload, 0, file.part(0, file.sizeBytes), { timeoutMs: CROWD_MS });
      burst.push({ created, patched, content: await probe.content(upload, file) });
    });
    return { sequential, alike, parallel: burst.map(({ created }) => created), burst };
  },
});

/** Two that nothing tells apart but their bytes, as when two phones call their video the same. */
async function createdAlike(probe: Probe): Promise<readonly OneOfMany[]> {
  const files = [Uint8Array.of(101), Uint8Array.of(102)].map(probe.literalFile);
  const creation = probe.postOptions(files[0]?.sizeBytes);
  const made = [];
  for (const file of files)
    made.push({ file, created: await probe.request('POST', probe.target.createUrl, creation) });
  const sent = [];
  for (const { file, created } of made) {
    // Finalize calls each by a name of its own: what becomes of two files of one name is another question.
    const upload = isSuccess(created)
      ? { ...probe.uploadOf(created, file.sizeBytes), filename: probe.fileName() }
      : undefined;
    const patched = upload && (await probe.patch(upload, 0, file.part(0, file.sizeBytes)));
    sent.push({ file, created, upload, patched });
  }
  const seen: OneOfMany[] = [];
  for (const { file, created, upload, patched } of sent) {
    seen.push(
      upload && patched ? { created, patched, content: await probe.content(upload, file) } : { created },
    );
  }
  return seen;
}

const ROUNDS = 15;
const SIZES_BYTES = [SMALL_FILE_BYTES, 100, 4096, 20_000, 65_536];

/** The first chunk right behind the answer to the creation: what the server still prepares then comes too late. */
export const firstChunkAtOnce = scenario({
  id: 'first-chunk-at-once',
  does: `creates ${ROUNDS} uploads and sends each its only chunk at once over the same connection, then reads the contents back`,
  sendsBytes: (ROUNDS / SIZES_BYTES.length) * SIZES_BYTES.reduce((total, bytes) => total + bytes, 0),
  run: async (probe) => {
    const link = overOneConnection(probe);
    const sent = [];
    for (let round = 0; round < ROUNDS; round++) {
      const file = probe.payload(
        SIZES_BYTES[round % SIZES_BYTES.length] ?? SMALL_FILE_BYTES,
        `file ${round}`,
      );
      const created = await link.request(creationOf(probe, file.sizeBytes));
      const upload = probe.uploadOf(created, file.sizeBytes);
      const options = probe.patchOptions(0, file.part(0, file.sizeBytes));
      const patched = await link.request({ ...options, method: 'PATCH', url: new URL(upload.url) });
      sent.push({ upload, file, patched });
    }
    link.close();
    const uploads = [];
    for (const { upload, file, patched } of sent) {
      const content = isSuccess(patched) ? await probe.content(upload, file) : undefined;
      uploads.push({ patched, sizeBytes: file.sizeBytes, ...(content && { content }) });
    }
    return { uploads };
  },
});

/** Creations without data, framed and labelled in ways that real clients use. */
export const emptyBodies = scenario({
  id: 'empty-creation-bodies',
  does: 'creates an upload with Content-Type application/offset+octet-stream and no body, and one with an empty chunked body',
  run: async (probe) => {
    const labelled = await probe.post(SIZE_BYTES, {
      headers: { 'Content-Type': 'application/offset+octet-stream' },
    });
    const isThere = isSuccess(labelled) && probe.target.headless === undefined;
    const headed = isThere ? await probe.head(probe.uploadOf(labelled, SIZE_BYTES)) : undefined;
    const chunked = await probe.post(SIZE_BYTES, { body: '', chunked: [CHUNK_BYTES], timeoutMs: 5000 });
    return { labelled, ...(headed && { headed }), chunked };
  },
});

export const postOnUpload = scenario({
  id: 'post-on-upload',
  does: 'sends POST without a length to the URL of an upload that has 4 bytes, then finishes it and reads it back',
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    await bringTo(probe, upload, file, 4);
    const headers = { 'Tus-Resumable': '1.0.0' };
    const trial = await trialOf(probe, upload, 4, () => probe.request('POST', upload.url, { headers }));
    const finish = await probe.finish(upload, file);
    return { trial, finish, content: await probe.content(upload, file) };
  },
});

/** Only where allowed: a server that obeys DELETE there may delete what is not ours. */
export const wrongMethods = scenario({
  id: 'wrong-methods',
  does: 'sends PUT, PATCH and DELETE to the creation URL',
  needs: ['intrusive'],
  run: async (probe) => {
    const headers = { 'Tus-Resumable': '1.0.0' };
    const asked: Exchange[] = [];
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      asked.push(await probe.request(method, probe.target.createUrl, { headers }));
    }
    return { asked };
  },
});

function creationOf({ target, metadata }: Probe, sizeBytes: number): Request {
  const headers = {
    'Tus-Resumable': '1.0.0',
    'Upload-Length': String(sizeBytes),
    'Upload-Metadata': metadata(),
  };
  return { method: 'POST', url: new URL(target.createUrl), headers };
}
