import { PulseError } from '../errors.ts';
import type { Fault } from './faults.ts';
import { type Brought, contentDigest, proved } from './finish/proved.ts';
import { type Shortfall, sendRestAgain, shortfall } from './finish/shortfall.ts';
import { type Job, sizeOf, warn } from './job.ts';
import { createUpload } from './open/create-upload.ts';
import { isExpired } from './open/expiry.ts';
import { findUpload, readsBack, unfinished } from './open/find-upload.ts';
import type { OpenUpload } from './open/open-upload.ts';
import { gapIn } from './send/chunk-checks.ts';
import { type ChunkReader, createChunkReader } from './send/chunk-reader.ts';
import { sendChunks } from './send/send-chunks.ts';
import { forget, tidily } from './tidily.ts';

/** A job whose file was not read yet. */
export type Unread = Omit<Job, 'reader'>;

/** Why what was sent counts for nothing, and whether sending it all once more can help. */
interface InVain {
  readonly inVain: PulseError;
  readonly sendAfresh: boolean;
}

/** The file as it was brought to the server's side. What was sent in vain is sent afresh once, and only once. */
export async function bringOver(unread: Unread): Promise<Brought> {
  const looking = { ...unread, reader: readerOf(unread) };
  const outagesBefore = unread.tools.host.outage.ended();
  const begun = unread.settings.resume ? await findUpload(looking) : undefined;
  // What was read in vain to go on is a first reading no more.
  const job = begun === undefined ? { ...unread, reader: readerOf(unread) } : looking;
  const first = await transfer(job, begun ?? (await createUpload(job)));
  if ('sha256' in first) return first;
  // An upload of this very run does not expire, unless the run was cut off or asleep for long (faults C08 and C44).
  const wasCutOff = job.tools.host.outage.ended() > outagesBefore;
  const mayHaveExpired = begun !== undefined || wasCutOff || (await isPastItsTerm(job));
  const canSendAgain = job.source.once === undefined && (first.sendAfresh || mayHaveExpired);
  if (!canSendAgain) throw first.inVain;
  warn(job, `${first.inVain.message}; sending it all once more`);
  const afresh = { ...unread, reader: readerOf(unread) };
  const second = await transfer(afresh, await createUpload(afresh));
  if ('sha256' in second) return second;
  throw second.inVain;
}

async function isPastItsTerm({ tools, key }: Unread): Promise<boolean> {
  const record = await tools.store.read(key, () => undefined);
  return record !== undefined && isExpired(record, tools.clock.dateMs());
}

/** The upload as it was brought to its end, or why that was in vain. What the server lost on the way is sent again. */
async function transfer(job: Job, upload: OpenUpload): Promise<Brought | InVain> {
  const resumedFromBytes = upload.offsetBytes - (upload.createdBytes ?? 0);
  let at = upload;
  for (let times = 1; ; times++) {
    const ended = await sendAndFinish(job, at);
    if ('sha256' in ended) return { ...ended, resumedFromBytes };
    if ('inVain' in ended) return ended;
    sendRestAgain(job, ended.shortOf, times);
    at = ended.shortOf;
  }
}

async function sendAndFinish(job: Job, opened: OpenUpload): Promise<Brought | InVain | Shortfall> {
  const sent = await sendChunks(job, opened);
  if ('lost' in sent) return { inVain: sent.lost, sendAfresh: sent.isToBeSentAgain === true };
  const { atRisk, finishFault, checked, record } = sent;
  // Whatever is written from here on, the next run compares all of it with the file.
  const prefix = { bytes: sizeOf(job), sha256: await job.reader.sha256() };
  const ended = { ...opened, record: { ...record, prefix } };
  const upload = finishFault === undefined ? ended : await judgeFinishFault(job, ended, finishFault);
  // Where the protocol has no finalize, HEAD has the last word on completeness.
  const short = job.protocol.finalize === undefined ? await shortfall(job, upload) : undefined;
  if (short !== undefined && short !== 'gone') return { shortOf: { ...short.shortOf, checked } };
  const isGone = short === 'gone';
  const gap = isGone ? 'the server no longer knows the upload' : gapIn(job, upload, checked, sizeOf(job));
  const sha256 = await contentDigest(job, upload);
  try {
    return await proved(job, upload, { sha256, gap, isGone });
  } catch (error) {
    if (!(error instanceof PulseError) || error.kind !== 'integrity') throw error;
    await forget(job);
    if (!atRisk) throw error;
    // A server without HEAD may have stored a repeated chunk twice.
    return { inVain: error, sendAfresh: true };
  }
}

/**
 * The last chunk was answered with an error, and HEAD says that all is there. Where there is a finalize, that judges;
 * elsewhere nobody can, and the next run must not take the complete upload for a success either (fault C33).
 */
async function judgeFinishFault(job: Job, upload: OpenUpload, fault: Fault): Promise<OpenUpload> {
  if (job.protocol.finalize !== undefined) {
    warn(job, `${fault.reason}, yet the server says that it has every byte; going on to finalize`);
    return upload;
  }
  const failed = { ...upload.record, finishError: fault.reason };
  await tidily(job, 'what the server answered', () => job.tools.store.write(failed), 'saved');
  if (readsBack(job)) return { ...upload, record: failed };
  throw unfinished(job, fault.reason);
}

function readerOf({ source, tools, digest }: Unread): ChunkReader {
  return createChunkReader(source, tools.signal, digest);
}
