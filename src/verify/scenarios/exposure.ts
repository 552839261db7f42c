import { encodeMetadata } from '../../protocol/headers.ts';
import { isSuccess, offsetOf, outcomeOf } from '../answers.ts';
import { Skip } from '../check.ts';
import { scenario } from '../scenario.ts';

export const EVIL_HOST = 'evil.example';
export const EVIL_ORIGIN = `https://${EVIL_HOST}`;

/** A size that no other scenario declares. */
const SIZE_BYTES = 1234;

/** Creations whose answers are looked at and never followed. */
export const creationAnswers = scenario({
  id: 'creation-answers',
  does: 'creates uploads: an ordinary one, one with a foreign Origin, one with a forged Host, and two with forged forwarding headers',
  run: async (probe) => ({
    plain: await probe.post(SIZE_BYTES),
    foreignOrigin: await probe.post(SIZE_BYTES, { headers: { Origin: EVIL_ORIGIN } }),
    forgedHost: await probe.post(SIZE_BYTES, { headers: { Host: EVIL_HOST } }),
    forgedForwarding: [
      await probe.post(SIZE_BYTES, { headers: { 'X-Forwarded-Host': EVIL_HOST } }),
      await probe.post(SIZE_BYTES, { headers: { Forwarded: `host=${EVIL_HOST}` } }),
    ],
  }),
});

export const halfAnUpload = scenario({
  id: 'half-an-upload',
  does: 'sends half of an upload, and asks GET on its URL',
  run: async (probe) => {
    const file = probe.payload(1000);
    const upload = await probe.create(file.sizeBytes);
    const patched = await probe.patch(upload, 0, file.part(0, 500));
    const gotten = await probe.request('GET', upload.url);
    return { patched, acknowledged: offsetOf(patched), gotten };
  },
});

const PAGE = '<!doctype html><script>document.title = "pulse-verify"</script>';

export const uploadedPage = scenario({
  id: 'uploaded-page',
  does: 'uploads a small HTML page that says it is one, and asks GET on its URL',
  needs: ['download'],
  run: async (probe) => {
    const file = probe.literal(PAGE);
    const metadata = encodeMetadata({ filename: `${probe.fileName()}.html`, filetype: 'text/html' });
    const posted = await probe.post(file.sizeBytes, { headers: { 'Upload-Metadata': metadata } });
    if (posted.answer && !isSuccess(posted)) throw new Skip(`pages are not taken: ${outcomeOf(posted)}`);
    const upload = probe.uploadOf(posted, file.sizeBytes);
    const finish = await probe.finish(upload, file, { from: 0 });
    return { finish, gotten: await probe.request('GET', upload.url) };
  },
});
