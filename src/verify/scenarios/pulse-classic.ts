import { resolveLocation } from '../../protocol/urls.ts';
import { headerOf, isSuccess } from '../answers.ts';
import { Blocked } from '../check.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { KnownOffset } from '../probe/offsets.ts';
import type { Exchange } from '../recording.ts';
import { scenario } from '../scenario.ts';
import { APP_RETRY_MS } from './disconnects.ts';
import { bringTo } from './trial.ts';

const KiB = 1024;
const OFFSET_OCTET_STREAM = 'application/offset+octet-stream';

export const health = scenario({
  id: 'pulse-health',
  does: 'asks /health, once with the credentials of this run and once without',
  run: async ({ request, target }) => ({
    asked: await request('GET', target.aliveUrl),
    withoutCredential: await request('GET', target.aliveUrl, { as: 'nobody' }),
  }),
});

export const healthDuringPatch = scenario({
  id: 'pulse-health-during-patch',
  does: 'asks /health before and twice during a PATCH of which half the body has been sent',
  sendsBytes: 96 * KiB,
  run: async (probe) => {
    const file = probe.payload(50_000);
    const upload = await probe.create(file.sizeBytes);
    const quiet = await probe.alive();
    const half = probe.patchOptions(0, file.part(0, file.sizeBytes), { stallAfterBytes: file.sizeBytes / 2 });
    const patching = await probe.begin('PATCH', upload.url, half);
    await probe.pause(50);
    const asked = [await probe.alive(), await probe.alive()];
    await patching.sendRest();
    const patched = await patching.answer();
    patching.link.close();
    return { quiet, asked, patched };
  },
});

/** The app names the type of its chunks already here, and describes nothing. */
const asTheApp = {
  headers: { 'Content-Type': OFFSET_OCTET_STREAM, 'Upload-Metadata': undefined },
  body: '',
};

/** Creations as the app and others send them: nothing here is built upon. */
export const creations = scenario({
  id: 'pulse-creations',
  does: 'creates uploads with the least headers, as the app does, without a credential, and with no or a senseless size',
  run: async ({ post }) => ({
    plain: await post(4321, { headers: { 'Upload-Metadata': undefined } }),
    asTheApp: await post(10, asTheApp),
    withoutCredential: await post(10, { as: 'nobody' }),
    senseless: {
      'no Upload-Length': await post(undefined),
      'Upload-Length: -5': await post(10, { headers: { 'Upload-Length': '-5' } }),
      'Upload-Length: abc': await post(10, { headers: { 'Upload-Length': 'abc' } }),
    },
  }),
});

export const appsUpload = scenario({
  id: 'pulse-apps-upload',
  does: 'creates an upload as the app does, sends its bytes raw, and finalizes it by the last segment of Location',
  run: async (probe) => {
    const file = probe.payload(777);
    const upload = await probe.create(file.sizeBytes, asTheApp);
    const patched = await probe.patch(upload, 0, file.part(0, file.sizeBytes));
    const finish = await probe.finish(upload, file);
    return { patched, finish, finalized: await probe.finalize(upload) };
  },
});

/** The old app joins its base URL and Location as texts; everybody else resolves Location by RFC 3986. */
export const locationBelowPrefix = scenario({
  id: 'pulse-location-below-prefix',
  does: 'creates an upload and asks for it where its Location leads, by the rules of URLs and by those of the old app',
  needs: ['head'],
  run: async (probe) => {
    const created = await probe.post(1234);
    const location = headerOf(created, 'Location');
    if (!isSuccess(created) || location === undefined) {
      throw new Blocked('an upload could not be created', [created]);
    }
    const { origin } = new URL(probe.target.server);
    const isThere = (url: string) => (url.startsWith(`${origin}/`) ? probe.head(url) : undefined);
    const resolved = resolveLocation(location, new URL(probe.target.createUrl))?.href;
    const joined = `${probe.target.server}${location}`;
    return {
      created,
      resolved: resolved === undefined ? undefined : { url: resolved, asked: await isThere(resolved) },
      joined: { url: joined, asked: joined === resolved ? undefined : await isThere(joined) },
    };
  },
});

/** HEAD is asked whether or not the server has it: that is the question. */
export const headOfChunk = scenario({
  id: 'pulse-head-of-chunk',
  does: 'sends 400 of 890 bytes and asks HEAD for the upload, and for one that does not exist',
  run: async (probe) => {
    const file = probe.payload(890);
    const upload = await probe.create(file.sizeBytes);
    const patched = await probe.patch(upload, 0, file.part(0, 400));
    return {
      sizeBytes: file.sizeBytes,
      patched,
      asked: await probe.head(upload),
      unknown: await probe.head(probe.unknownUrl(upload)),
    };
  },
});

/** The retry rule of the app, which asks where it stands before each attempt. */
export const thirdAttempt = scenario({
  id: 'pulse-third-attempt',
  does: 'breaks the second of three chunks twice, at 30 % and at 70 %, sends it a third time, and reads the file back',
  sendsBytes: 320 * KiB,
  run: async (probe) => {
    const chunk = 64 * KiB;
    const end = 2 * chunk;
    const file = probe.payload(3 * chunk);
    const upload = await probe.create(file.sizeBytes);
    const first = await probe.patch(upload, 0, file.part(0, chunk));
    if (!isSuccess(first)) throw new Blocked('the first chunk was not taken', [first]);
    let from: number | undefined = chunk;
    const broken: { readonly cut: Exchange; readonly after: KnownOffset }[] = [];
    for (const share of [0.3, 0.7]) {
      if (from === undefined || from >= end) break;
      const afterBytes = Math.floor((end - from) * share);
      const cut = await probe.patch(upload, from, file.part(from, end), { cut: { afterBytes, by: 'close' } });
      const after = await probe.settle(upload, { from, bytes: cut.sent.writtenBytes });
      broken.push({ cut, after });
      from = after.bytes;
    }
    let third: Exchange | undefined;
    for (let attempt = 0; attempt < 3 && from !== undefined && from < end; attempt++) {
      third = await probe.patch(upload, from, file.part(from, end));
      if (!isBehind(third)) break;
      await probe.pause(APP_RETRY_MS);
      from = (await probe.settle(upload)).bytes;
    }
    const finish = await probe.finish(upload, file);
    return { broken, ...(third && { third }), finish, content: await probe.content(upload, file) };
  },
});

/** Bytes of the attempt before it have come in since the server was asked, or are still coming, or it holds the lock. */
function isBehind({ answer }: Exchange): boolean {
  return [409, 423, 503].includes(answer?.status ?? 0);
}

export const plainOctetStream = scenario({
  id: 'pulse-plain-octet-stream',
  does: 'sends a chunk as application/octet-stream, sends what is missing, and reads the file back',
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    const patched = await probe.patch(upload, 0, file.part(0, file.sizeBytes), {
      headers: { 'Content-Type': 'application/octet-stream' },
    });
    const finish = await probe.finish(upload, file);
    return { patched, finish, content: await probe.content(upload, file) };
  },
});

const formText = [
  '--b',
  'Content-Disposition: form-data; name="chunk"; filename="c"',
  'Content-Type: application/octet-stream',
  '',
  'these bytes are not alone',
  '--b--',
  '',
].join('\r\n');

export const rawFormText = scenario({
  id: 'pulse-raw-form-text',
  does: 'sends the beginning of a video and a raw chunk that reads like a whole form, and reads both back',
  run: async (probe) => {
    const file = probe.literalFile(formText);
    const from = file.sizeBytes - formText.length;
    const upload = await probe.create(file.sizeBytes);
    await bringTo(probe, upload, file, from);
    const patched = await probe.patch(upload, from, file.part(from, file.sizeBytes));
    const finish = await probe.finish(upload, file);
    return { patched, finish, content: await probe.content(upload, file) };
  },
});
