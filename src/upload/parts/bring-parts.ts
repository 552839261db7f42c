import { PulseError } from '../../errors.ts';
import { withoutQuery } from '../../protocol/urls.ts';
import type { Unread } from '../bring-over.ts';
import { errorOf } from '../faults.ts';
import { type Brought, contentDigest, proved } from '../finish/proved.ts';
import { sendRestAgain } from '../finish/shortfall.ts';
import { type Job, sizeOf, warn } from '../job.ts';
import { createUpload } from '../open/create-upload.ts';
import { findUpload } from '../open/find-upload.ts';
import { askOffset } from '../open/offset.ts';
import type { OpenUpload } from '../open/open-upload.ts';
import { createChunkReader } from '../send/chunk-reader.ts';
import { sendChunks } from '../send/send-chunks.ts';
import { assertSameContent } from '../source/same-content.ts';
import { forget } from '../tidily.ts';
import { inOnePiece, joinedBefore, joinParts } from './join-parts.ts';
import { createPartJobs, type PartJobs } from './part-jobs.ts';
import type { PartPlan } from './parts.ts';

/** An upload of a part, and what of it was there before this run. */
interface OpenPart {
  readonly index: number;
  readonly job: Job;
  readonly upload: OpenUpload;
  /** Absent where it was made by this run. */
  readonly foundBytes?: number;
}

/**
 * Brings a file over in parts that are sent side by side and then joined. The digest of the whole file is computed
 * meanwhile, in a reading of its own: those of the parts do not add up to it.
 */
export async function bringParts(unread: Unread, plan: PartPlan): Promise<Brought> {
  const job: Job = { ...unread, reader: createChunkReader(unread.source, unread.tools.signal) };
  const parts = createPartJobs(job, plan);
  try {
    const earlier = await orForgotten(job, () => joinedBefore(job, plan, parts.remember));
    if (earlier !== undefined) return await finished(job, async () => earlier, sizeOf(job));
    if (plan.record?.joinedUrl !== undefined) await parts.remember({});
    const hashed = job.reader.sha256();
    hashed.catch(() => undefined); // whoever asks for it in the end gets the error
    const { urls, foundBytes } = await sendAll(job, parts, hashed);
    const { joining } = plan.record ?? {};
    const known = { ...(joining && { joining }), sha256: await hashed };
    return await finished(job, () => joinParts(job, urls, known, parts.remember), foundBytes);
  } finally {
    parts.release();
  }
}

/** Where the parts are once the server has every byte of each, and the whole is hashed. */
async function sendAll(
  job: Job,
  parts: PartJobs,
  hashed: Promise<unknown>,
): Promise<{ readonly urls: readonly URL[]; readonly foundBytes: number }> {
  const atOnce = job.settings.parallel ?? 1;
  const open = await sideBySide(atOnce, parts, parts.jobs, (part, index) => openPart(part, index, parts));
  assertApart(open.map(({ upload }) => upload.url));
  const foundBytes = open.reduce((sum, part) => sum + (part.foundBytes ?? 0), 0);
  const first = open.find((part) => part.foundBytes !== undefined);
  if (first !== undefined) {
    const { source, tools } = job;
    tools.report({
      type: 'upload.resumed',
      file: source.name,
      url: first.upload.url.href,
      offsetBytes: foundBytes,
    });
  }
  const sent = await sideBySide(atOnce, parts, open, (part) => sendPart(part, parts));
  const urls = sent.map(({ url }) => url);
  assertApart(urls);
  await hashed;
  // That is of another reading than what was sent: a rewrite in between, whose times were set back.
  if (await job.source.isTouched())
    for (const { source, reader } of sent.map((part) => part.job))
      await assertSameContent(source, await reader.sha256(), job.tools.signal);
  return { urls, foundBytes };
}

async function openPart(looking: Job, index: number, { afresh }: PartJobs): Promise<OpenPart> {
  const begun = looking.settings.resume ? await findUpload(looking) : undefined;
  if (begun !== undefined) return { index, job: looking, upload: begun, foundBytes: begun.offsetBytes };
  const job = afresh(index);
  return { index, job, upload: await createUpload(job) };
}

/** Two parts in one upload: one of them would be joined twice, the other never. */
function assertApart(urls: readonly URL[]): void {
  const twice = urls.find((url, index) => urls.findIndex(({ href }) => href === url.href) < index);
  if (twice === undefined) return;
  throw new PulseError(
    'protocol',
    `the server gave two parts of the file the same URL (${withoutQuery(twice)}), expected one for each`,
    { hint: inOnePiece },
  );
}

/** A part that the server lost on the way, or has thrown away, is made anew, once. */
async function sendPart(
  { index, job, upload }: OpenPart,
  parts: PartJobs,
): Promise<{ readonly url: URL; readonly job: Job }> {
  const sent = await sendWhole(job, upload);
  if ('url' in sent) return { url: sent.url, job };
  warn(job, `${sent.lost.message}; sending this part once more`);
  const again = parts.afresh(index);
  const second = await sendWhole(again, await createUpload(again));
  if ('url' in second) return { url: second.url, job: again };
  throw second.lost;
}

async function sendWhole(job: Job, upload: OpenUpload): Promise<OpenUpload | { readonly lost: PulseError }> {
  let at = upload;
  for (let times = 1; ; times++) {
    if (at.record.headless) throw headless();
    const sent = await sendChunks(job, at);
    if ('lost' in sent) return sent;
    const asked = await askOffset(job, at.url);
    if ('fault' in asked) {
      const { fault } = asked;
      if (fault.remedy !== 'gone') throw errorOf(fault);
      return { lost: errorOf({ ...fault, reason: `${fault.reason}: the server lost this part` }) };
    }
    const { offsetBytes } = asked.value;
    if (offsetBytes >= sizeOf(job)) return at;
    at = { ...at, offsetBytes, sentEndBytes: sizeOf(job), knownEndBytes: undefined, checked: sent.checked };
    sendRestAgain(job, at, times);
  }
}

function headless(): PulseError {
  return new PulseError('protocol', 'the server answers no HEAD, so that parts cannot be relied on', {
    hint: inOnePiece,
  });
}

/** The upload of the whole file as it is proven. What the server did when it joined the parts no checksum of a chunk covers. */
async function finished(
  job: Job,
  join: () => Promise<OpenUpload>,
  resumedFromBytes: number,
): Promise<Brought> {
  return orForgotten(job, async () => {
    const upload = await join();
    const gap = 'checksums prove the parts, but not that the server joined them well';
    const sha256 = await contentDigest(job, upload);
    const ended = await proved(job, upload, { sha256, gap });
    if ('shortOf' in ended) throw new Error('a joined upload cannot be short');
    return { ...ended, resumedFromBytes };
  });
}

/** What was joined to other bytes is of no use to any later run. */
async function orForgotten<T>(job: Job, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PulseError && error.kind === 'integrity') await forget(job);
    throw error;
  }
}

/** The results in the order of the items, some of them in the making at a time. The first that fails ends the others. */
async function sideBySide<T, R>(
  atOnce: number,
  { stop }: PartJobs,
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const queue = items.entries();
  const next = async () => {
    for (const [index, item] of queue) {
      if (failures.length > 0) return;
      try {
        results[index] = await work(item, index);
      } catch (error) {
        failures.push(error);
        stop(error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  if (failures.length > 0) throw failures[0];
  return results;
}
