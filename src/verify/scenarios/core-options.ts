import { isSuccess } from '../answers.ts';
import type { Payload } from '../payload.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { Probe } from '../probe/probe.ts';
import { scenario } from '../scenario.ts';
import { trialOf } from './trial.ts';

export const optionsEverywhere = scenario({
  id: 'options-everywhere',
  does: 'asks OPTIONS on the creation URL as if to create, and on an upload URL as if to send a chunk',
  run: async (probe) => {
    const plain = await probe.options();
    const asIfCreating = await probe.options(probe.target.createUrl, {
      headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': '10', 'Upload-Metadata': 'filename eC5tcDQ=' },
    });
    const upload = await probe.create(10);
    const onUpload = await trialOf(probe, upload, 0, () =>
      probe.options(upload.url, { headers: { 'Tus-Resumable': '1.0.0', 'Upload-Offset': '0' } }),
    );
    return { plain, asIfCreating, onUpload };
  },
});

const ORIGIN = { Origin: 'https://example.test' };

export const fromAnotherOrigin = scenario({
  id: 'from-another-origin',
  does: 'asks as a browser on another origin does: a preflight, then POST, PATCH and HEAD with Origin',
  run: async (probe) => {
    const preflight = await probe.options(probe.target.createUrl, {
      headers: {
        ...ORIGIN,
        'Access-Control-Request-Method': 'PATCH',
        'Access-Control-Request-Headers': 'upload-offset,tus-resumable,content-type',
      },
    });
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes, { headers: ORIGIN });
    const patched = await probe.patch(upload, 0, file.part(0, SMALL_FILE_BYTES), { headers: ORIGIN });
    const headed =
      probe.target.headless === undefined ? await probe.head(upload, { headers: ORIGIN }) : undefined;
    return { preflight, created: upload.created, patched, headed };
  },
});

/** 2^53 - 1: the largest size that every server can read. */
const LARGEST = Number.MAX_SAFE_INTEGER;

export const largestUpload = scenario({
  id: 'largest-upload',
  does: 'asks OPTIONS, and creates an upload of 9,007,199,254,740,991 bytes of which none is sent',
  run: async (probe) => {
    const options = await probe.options();
    const created = await probe.post(LARGEST);
    const isRemovable = isSuccess(created) && probe.target.extensions.includes('termination');
    if (isRemovable) await probe.remove(probe.uploadOf(created, LARGEST));
    return { options, created };
  },
});

/** Each extension is tried as its own text says, whether or not it is advertised. */
export const everyExtension = scenario({
  id: 'every-extension',
  does: 'creates without a length and with the first bytes, sends a chunk with a wrong checksum, and deletes, whatever OPTIONS says',
  run: async (probe) => {
    const file = probe.payload(10);
    const options = await probe.options();
    const upload = await probe.create(file.sizeBytes);
    const wrongChecksum = await probe.patch(upload, 0, file.part(0, 5), {
      headers: { 'Upload-Checksum': `sha1 ${Buffer.alloc(20).toString('base64')}` },
    });
    const deleted = await probe.remove(upload);
    const headDeleted = await headOf(probe, upload.url);
    return {
      options,
      created: upload.created,
      wrongChecksum,
      deleted,
      headDeleted,
      withUpload: await createWithUpload(probe, file),
      ...(await createDeferred(probe)),
    };
  },
});

function createWithUpload(probe: Probe, file: Payload) {
  return probe.post(file.sizeBytes, {
    headers: { 'Content-Type': 'application/offset+octet-stream' },
    body: file.part(0, 5),
  });
}

/** Only a HEAD that says so tells a deferred length from one that was read wrongly. */
async function createDeferred(probe: Probe) {
  const deferred = await probe.post(undefined, { headers: { 'Upload-Defer-Length': '1' } });
  if (!isSuccess(deferred)) return { deferred };
  return { deferred, headDeferred: await headOf(probe, probe.uploadOf(deferred, 0).url) };
}

async function headOf(probe: Probe, url: string) {
  return probe.target.headless === undefined ? probe.head(url) : undefined;
}
