import { offsetOf } from '../answers.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { Body } from '../probe/body.ts';
import type { HeaderChanges } from '../probe/header-changes.ts';
import type { Probe } from '../probe/probe.ts';
import type { Request, RequestOptions } from '../probe/request.ts';
import type { Upload } from '../probe/uploads.ts';
import { scenario } from '../scenario.ts';
import { bringTo, goingOnFrom, trialOf } from './trial.ts';

/** PATCH at the edges of an upload: too much, nothing, and behind the end. */

export const tooLongBodies = scenario({
  id: 'too-long-bodies',
  does: 'sends 10 bytes too much, and 40 with Transfer-Encoding: chunked, to small uploads; then finishes them and reads them back',
  run: async (probe) => ({
    plain: await tooLong(probe, 10),
    chunked: await tooLong(probe, 40, { chunked: [SMALL_FILE_BYTES + 40] }),
  }),
});

/** The file's own bytes and more behind them: a server may keep what fits. */
async function tooLong(probe: Probe, extraBytes: number, options?: RequestOptions) {
  const file = probe.payload(SMALL_FILE_BYTES);
  const extra = probe.payload(extraBytes, 'extra');
  const upload = await probe.create(file.sizeBytes);
  const body: Body = [file.part(0, SMALL_FILE_BYTES), extra.part(0, extraBytes)];
  const trial = await trialOf(probe, upload, 0, () => probe.patch(upload, 0, body, options));
  const finish = await probe.finish(upload, file, goingOnFrom(trial.after));
  return { sizeBytes: file.sizeBytes, trial, finish, content: await probe.content(upload, file) };
}

export const patchesBehindTheEnd = scenario({
  id: 'patches-behind-the-end',
  does: 'sends an empty PATCH and one of 1 byte to a small upload that is complete, and reads it back',
  run: async (probe) => {
    const file = probe.payload(SMALL_FILE_BYTES);
    const upload = await probe.create(file.sizeBytes);
    await bringTo(probe, upload, file, SMALL_FILE_BYTES);
    const before = await probe.currentOffset(upload);
    const behind = (body: Body) =>
      trialOf(probe, upload, SMALL_FILE_BYTES, () => probe.patch(upload, SMALL_FILE_BYTES, body));
    const empty = await behind('');
    const extra = probe.payload(1, 'extra').part(0, 1);
    const oneByte = await behind(extra);
    return { before, empty, oneByte, content: await probe.content(upload, file) };
  },
});

export const emptyPatch = scenario({
  id: 'empty-patch',
  does: 'sends an empty PATCH at the right offset of an upload of which 4 of 10 bytes are there',
  run: async (probe) => {
    const file = probe.payload(10);
    const upload = await probe.create(file.sizeBytes);
    await bringTo(probe, upload, file, 4);
    const { bytes = 4 } = await probe.currentOffset(upload);
    return { empty: await trialOf(probe, upload, bytes, () => probe.patch(upload, bytes, '')) };
  },
});

const REFUSED_BYTES = 60_000;

export const refusedBodyThenNext = scenario({
  id: 'refused-body-then-next',
  does: 'sends 60,000 bytes at a wrong offset, as text/plain, in an unknown version, and by POST, and under pulse finalizes too early and without a credential; each over a raw connection, and asks again over the same one',
  run: async (probe) => {
    const file = probe.payload(REFUSED_BYTES);
    const chunk =
      (offset: number, headers: HeaderChanges, method = 'PATCH') =>
      ({ url }: Upload): Request => ({
        method,
        url: new URL(url),
        ...probe.patchOptions(offset, file.part(0, REFUSED_BYTES), { headers }),
      });
    const refusals = [
      chunk(REFUSED_BYTES, {}),
      chunk(0, { 'Content-Type': 'text/plain' }),
      chunk(0, { 'Tus-Resumable': '0.0.9' }),
      chunk(REFUSED_BYTES, { 'X-HTTP-Method-Override': 'PATCH' }, 'POST'),
      ...earlyFinalize(probe),
    ];
    const trials = [];
    for (const refusal of refusals) trials.push(await thenNext(probe, refusal));
    return { trials };
  },
});

/** Without a credential: where one is asked for, a server may well look at no more than the head. */
function earlyFinalize({ target: { finalizeUrl } }: Probe) {
  if (finalizeUrl === undefined) return [];
  const headers = { 'Content-Type': 'application/json' };
  return [
    ({ id, filename }: Upload): Request => ({
      method: 'POST',
      url: new URL(finalizeUrl),
      as: 'nobody',
      headers,
      body: JSON.stringify({ uploadId: id, filename }),
    }),
  ];
}

/** Of an upload of its own, which the ones before have not moved where they were taken. */
async function thenNext(probe: Probe, refusal: (upload: Upload) => Request) {
  const upload = await probe.create(2 * REFUSED_BYTES);
  const url = new URL(upload.url);
  const link = await probe.open();
  const refused = await link.send(refusal(upload));
  const next =
    probe.target.headless === undefined
      ? { method: 'HEAD', url, headers: { 'Tus-Resumable': '1.0.0' } }
      : { method: 'PATCH', url, ...probe.patchOptions(offsetOf(refused) ?? 0, '') };
  const second = await link.send(next);
  link.close();
  return { refused, second };
}
