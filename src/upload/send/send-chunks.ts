import type { Fault } from '../faults.ts';
import type { Job } from '../job.ts';
import type { OpenUpload } from '../open/open-upload.ts';
import { REPORT_INTERVAL_MS } from '../progress.ts';
import type { UploadRecord } from '../state/state-store.ts';
import { afterAnswer, type Checked } from './chunk-checks.ts';
import { isOnTrial } from './chunk-growth.ts';
import type { ReadChunk } from './chunk-reader.ts';
import { grow } from './grow-chunks.ts';
import { noteLastAnswer } from './last-answer.ts';
import { type Lost, recover } from './recover.ts';
import { givesUpChecksums } from './refused-checksum.ts';
import { sendChunk } from './send-chunk.ts';
import {
  advance,
  chunkBytesOf,
  createSending,
  endOf,
  type Sending,
  saveInTheEnd,
  saveLoss,
} from './sending.ts';
import { growBack, learnPassing } from './smaller-chunks.ts';
import { noteRepeat } from './without-head.ts';
import { showComparison } from './wrong-checksum.ts';

/** The server has every byte; or it no longer knows the upload. */
export type AllSent =
  | {
      /** Only the final checksum can tell what the server holds. */
      readonly atRisk: boolean;
      /** What the checksums of the chunks prove. */
      readonly checked: Checked;
      readonly record: UploadRecord;
      /** The server has all bytes, but answered the last of them with an error. */
      readonly finishFault?: Fault;
    }
  | Lost;

/** Sends what the server lacks, strictly one chunk after another. */
export async function sendChunks(job: Job, upload: OpenUpload): Promise<AllSent> {
  await job.tools.host.chunkLimit.load();
  const sending = createSending(job, upload);
  sending.progress.accepted(sending.offsetBytes);
  try {
    await saveLoss(sending);
    while (isUnfinished(sending)) {
      const chunk = await nextChunk(sending);
      const next = (await showComparison(sending, chunk)) ?? (await step(sending, chunk));
      if (typeof next !== 'number') {
        if (sending.finishFault !== undefined) await saveInTheEnd(sending);
        return next;
      }
      await advance(sending, next);
    }
  } catch (error) {
    await saveInTheEnd(sending);
    throw error;
  }
  const { atRisk, mayHoldTwice, finishFault, checked, record } = sending;
  return {
    atRisk,
    checked,
    // A later run may be the one that finalizes, and is to know of it.
    record: { ...record, ...(mayHoldTwice && { mayHoldTwice }) },
    ...(finishFault !== undefined && { finishFault }),
  };
}

/** An input may let us wait for it: then what the server has by now is told first. */
async function nextChunk(sending: Sending): Promise<ReadChunk> {
  const { job, offsetBytes, progress } = sending;
  const chunk = job.reader.chunk(offsetBytes, chunkBytesOf(sending));
  if (job.source.once === undefined) return chunk;
  const come = new AbortController();
  job.tools.clock.sleep(REPORT_INTERVAL_MS, come.signal).then(progress.pause, () => undefined);
  try {
    return await chunk;
  } finally {
    come.abort();
  }
}

/** Where to go on after a chunk; or the server no longer knows the upload. */
async function step(sending: Sending, { checksum, ...bare }: ReadChunk): Promise<number | Lost> {
  const { source, tools } = sending.job;
  const { nowMs } = tools.clock;
  const totalBytes = sending.sizeFollows ? source.sizeBytes() : undefined;
  const chunk: ReadChunk = {
    ...bare,
    // Read with one, it goes without where they are given up, be it by another file of the run.
    ...(checksum !== undefined && !tools.host.chunkChecks.givenUp && { checksum }),
    ...(totalBytes !== undefined && { totalBytes }),
  };
  const startedMs = nowMs();
  const readsOn = sending.growth === undefined || !isOnTrial(sending.growth);
  const accepted = await sendChunk(sending, chunk, { readsOn });
  const elapsedMs = nowMs() - startedMs;
  if (typeof accepted !== 'number') {
    // Nothing of it was stored; if it was, 409 says so.
    if (givesUpChecksums(sending, chunk, accepted)) {
      noteLastAnswer(sending, chunk, accepted);
      return chunk.offsetBytes;
    }
    return recover(sending, chunk, accepted);
  }
  delete sending.finishFault;
  delete sending.lockedAtBytes;
  if (sending.refusedBytes !== undefined) await learnPassing(sending, chunk);
  growBack(sending);
  grow(sending, chunk, accepted, elapsedMs);
  const sent = { ...chunk, endBytes: endOf(chunk), hasChecksum: 'checksum' in chunk };
  sending.checked = afterAnswer(sending.checked, sent, accepted);
  noteRepeat(sending, chunk);
  return accepted;
}

/** Also where the server has every byte, but does not know yet that these are all. */
function isUnfinished({ job, offsetBytes, sizeFollows }: Sending): boolean {
  const sizeBytes = job.source.sizeBytes();
  return sizeBytes === undefined || offsetBytes < sizeBytes || sizeFollows;
}
