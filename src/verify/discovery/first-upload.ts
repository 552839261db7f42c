import { belowPrefix } from '../../protocol/urls.ts';
import { headerOf, isGone, isSuccess, offsetOf, outcomeOf } from '../answers.ts';
import { Blocked } from '../check.ts';
import { dialects } from '../dialect.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import { whenReady } from '../probe/content.ts';
import { chunkForm } from '../probe/form.ts';
import type { Probe, ProbeSettings } from '../probe/probe.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import type { Target } from '../target.ts';
import { adviceOn, finalizeGuardOf, guardOf } from './credentials.ts';
import { elsewhere } from './elsewhere.ts';
import type { Spoken } from './recognise.ts';

/** What one small upload shows, before the first scenario. */

/** One small upload: whether HEAD works, what finished uploads serve or finalize says, and who may do all that. */
export async function whatUploadsShow(
  probe: Probe,
  settings: ProbeSettings,
  { isSeen }: Spoken,
): Promise<Partial<Target>> {
  const file = probe.payload(SMALL_FILE_BYTES);
  const created = await probe.post(file.sizeBytes);
  const guarded = await guardOf(probe, settings);
  let upload: Upload;
  try {
    upload = probe.uploadOf(created, file.sizeBytes);
  } catch (thrown) {
    if (!(thrown instanceof Blocked)) throw thrown;
    const place = await elsewhere(probe, created, isSeen);
    if (place !== undefined) return { ...guarded, ...place };
    const refusal = { refusesUploads: thrown.message, assumptions: [thrown.message] };
    return { ...guarded, ...refusal, ...adviceOn(created, settings, probe.target) };
  }
  const place = await placeOf(probe, upload);
  const url = place.url ?? upload.url;
  const facts: Partial<Target> = { ...guarded, ...place.facts };
  const send = () => probe.patch({ ...upload, url }, 0, file.part(0, file.sizeBytes));
  const patched = await send();
  if (!isSuccess(patched)) {
    // One may be refused by chance, and may have been stored for all that: what takes none says the same again.
    const refusesChunks = outcomeOf(patched);
    if (outcomeOf(await send()) !== refusesChunks) return facts;
    // What neither HEAD nor PATCH finds is not where Location says, which is another mistake.
    if (facts.headless !== undefined && patched.answer?.status === 404) return facts;
    return { ...facts, refusesChunks, ...adviceOn(patched, settings, probe.target) };
  }
  if (probe.target.finalizeUrl !== undefined) {
    return { ...facts, ...(await finalizeGuardOf(probe, settings, upload, facts)) };
  }
  const completed = await goneWhenComplete(probe, { ...upload, url }, patched, facts);
  const contentUrl = dialects[probe.target.protocol].contentUrl(probe.target, { ...upload, url });
  const read = () => probe.request('GET', contentUrl);
  const got = await whenReady(read, (exchange) => exchange, probe.target, probe.pause);
  const isServed = got.answer?.status === 200 && got.answer.body.sha256 === file.sha256();
  return { ...facts, ...completed, ...(isServed && { download: true }) };
}

/** A mistake of its own, from which nothing else should follow: what is gone then was stored. */
async function goneWhenComplete(
  probe: Probe,
  upload: Upload,
  last: Exchange,
  { headless, assumptions = [] }: Partial<Target>,
): Promise<Partial<Target>> {
  if (headless !== undefined || offsetOf(last) !== upload.sizeBytes) return {};
  const asked = await probe.head(upload);
  if (!isGone(asked)) return {};
  const assumption = `complete uploads are moved away: behind the last byte HEAD answered ${outcomeOf(asked)}`;
  return { goneWhenComplete: true, assumptions: [...assumptions, assumption] };
}

/** HEAD right after the creation: found as named, found below a stripped prefix, or not offered. */
async function placeOf(
  probe: Probe,
  upload: Upload,
): Promise<{ readonly url?: string; readonly facts: Partial<Target> }> {
  const asked = await probe.head(upload);
  const status = asked.answer?.status;
  if (status !== 404 && status !== 405 && status !== 501) return { facts: {} };
  const location = headerOf(upload.created, 'Location') ?? '';
  const other = belowPrefix(location, new URL(probe.target.server));
  if (other !== undefined && isSuccess(await probe.head(other.href))) {
    const assumption = `uploads are below ${probe.target.server}, though Location says ${location}`;
    return { url: other.href, facts: { prefixed: true, assumptions: [assumption] } };
  }
  const headless = `the server has no HEAD for uploads (answered ${status})`;
  return { facts: { headless, assumptions: [`${headless}: offsets are learned by empty PATCHes`] } };
}

/** A chunk as a form: an answer that refuses it means that this server takes raw chunks only. */
export async function multipartOffered(probe: Probe): Promise<Partial<Target>> {
  const created = await probe.post(SMALL_FILE_BYTES);
  try {
    const upload = probe.uploadOf(created, SMALL_FILE_BYTES);
    const { body, type } = chunkForm(probe.payload(SMALL_FILE_BYTES).bytes(0, SMALL_FILE_BYTES));
    const patched = await probe.patch(upload, 0, body, { headers: { 'Content-Type': type } });
    return isSuccess(patched) && offsetOf(patched) !== undefined
      ? { multipart: true, assumptions: ['multipart chunks are taken'] }
      : { assumptions: ['chunks are raw only (multipart is refused)'] };
  } catch (thrown) {
    if (thrown instanceof Blocked) return {};
    throw thrown;
  }
}
