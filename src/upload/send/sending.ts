import { PulseError } from '../../errors.ts';
import type { Chunk } from '../../protocol/protocol.ts';
import type { Fault } from '../faults.ts';
import { createPatience, type Patience } from '../host/patience.ts';
import type { Job } from '../job.ts';
import type { OpenUpload } from '../open/open-upload.ts';
import { createProgress, type Progress } from '../progress.ts';
import type { UploadRecord } from '../state/state-store.ts';
import { tidily } from '../tidily.ts';
import { afterHead, type Checked, checkedBefore } from './chunk-checks.ts';
import type { ChunkGrowth } from './chunk-growth.ts';
import { growthFrom } from './grow-chunks.ts';

/** Requests that one chunk's worth of progress may cost: a server that takes crumbs for ever is stopped (fault C18). */
const REQUESTS_PER_CHUNK = 20;

/** How often the state is brought up to date while bytes flow. */
const SAVE_INTERVAL_MS = 2_000;

/** What the sending of one upload remembers between its requests. */
export interface Sending {
  readonly job: Job;
  readonly upload: OpenUpload;
  readonly patience: Patience;
  readonly progress: Progress;
  /** As it was last written, but for what the last chunk was answered: that may be refuted. */
  record: UploadRecord;
  offsetBytes: number;
  /** The highest offset that the server acknowledged: what counts as durable progress. */
  bestBytes: number;
  /** No byte beyond this was ever sent: an offset above it is not ours. */
  sentEndBytes: number;
  /** As in `OpenUpload`, until the server takes a chunk: its offset was then what it had said. */
  knownEndBytes?: number | undefined;
  /** The server does not know the size yet: it is told with the first chunk that is sent once its end is known. */
  sizeFollows: boolean;
  chunkBytes: number;
  /** Present where the line decides on the size. */
  growth?: ChunkGrowth;
  requestsLeft: number;
  timeoutsInRow: number;
  /** Chunks that passed since the last trouble, while they are smaller than usual. */
  calmChunks: number;
  savedAtMs: number;
  /** The server threw the upload away, and so did we: nobody is to go on with it. */
  isDropped?: true;
  /** A chunk that was refused at the very offset that HEAD names. */
  standstill?: { readonly offsetBytes: number; readonly times: number; readonly cached?: string };
  /** Where the upload was when it was found locked; until a chunk is taken, or as much as one was stored meanwhile. */
  lockedAtBytes?: number;
  /** What was wrong with the last chunk that did not pass. */
  lastReason?: string;
  /** A larger chunk was refused with 413: the size that passes is still to be found. */
  refusedBytes?: number;
  /** The last chunk was answered with an error, and as far as is known the server has all bytes. */
  finishFault?: Fault;
  /** Without HEAD: the chunk whose fate is not known. */
  doubt?: { readonly offsetBytes: number; readonly endBytes: number };
  /** What the checksums of the chunks prove so far. */
  checked: Checked;
  /** Without HEAD, a chunk was repeated: only the final checksum can tell what the server holds. */
  atRisk: boolean;
  /** Without HEAD, the server took again what it may have stored before. */
  mayHoldTwice?: true;
}

export function createSending(job: Job, upload: OpenUpload): Sending {
  const { settings, tools } = job;
  const startBytes = tools.host.chunkLimit.startBytes();
  const growth = growthFrom(startBytes, settings);
  return {
    job,
    upload,
    patience: createPatience(job),
    progress: createProgress(job, upload.offsetBytes),
    record: upload.record,
    offsetBytes: upload.offsetBytes,
    bestBytes: upload.offsetBytes,
    sentEndBytes: upload.sentEndBytes ?? upload.offsetBytes,
    knownEndBytes: upload.knownEndBytes,
    sizeFollows: upload.sizeFollows === true,
    chunkBytes: growth === undefined ? settings.chunkBytes : startBytes,
    ...(growth !== undefined && { growth }),
    requestsLeft: 5 * REQUESTS_PER_CHUNK,
    timeoutsInRow: 0,
    calmChunks: 0,
    savedAtMs: tools.clock.nowMs(),
    checked: checkedBefore(upload),
    atRisk: false,
  };
}

/** The size of the next chunk: what this upload was brought down to, or what passes at this server. */
export function chunkBytesOf(sending: Sending): number {
  return Math.min(sending.chunkBytes, sending.job.tools.host.chunkLimit.bytes());
}

export function endOf(chunk: Chunk): number {
  return chunk.offsetBytes + chunk.bytes.byteLength;
}

/** Goes on at an offset that the server named. */
export async function advance(sending: Sending, offsetBytes: number): Promise<void> {
  const { job, patience, progress } = sending;
  // Bytes that the server lost and took again count too: whatever takes them back has to spend a try for it.
  // What a chunk has grown to is no measure: whoever takes a little of each large one is not stopped for it.
  const chunkBytes = Math.min(chunkBytesOf(sending), job.settings.chunkBytes);
  const chunks = Math.max(0, offsetBytes - sending.offsetBytes) / chunkBytes;
  sending.requestsLeft = Math.min(
    10 * REQUESTS_PER_CHUNK,
    sending.requestsLeft + chunks * REQUESTS_PER_CHUNK,
  );
  sending.offsetBytes = offsetBytes;
  sending.checked = afterHead(sending.checked, offsetBytes);
  job.source.once?.letGo(offsetBytes);
  if (sending.doubt !== undefined && offsetBytes >= sending.doubt.endBytes) delete sending.doubt;
  if (offsetBytes > sending.bestBytes) {
    sending.bestBytes = offsetBytes;
    sending.timeoutsInRow = 0;
    delete sending.standstill;
    const storedBytes = offsetBytes - (sending.lockedAtBytes ?? Number.NEGATIVE_INFINITY);
    // Crumbs that somebody else stores under the lock are no progress of ours.
    if (storedBytes >= chunkBytes) delete sending.lockedAtBytes;
    patience.refill(sending.lockedAtBytes !== undefined);
  }
  progress.accepted(offsetBytes);
  const nowMs = job.tools.clock.nowMs();
  if (nowMs - sending.savedAtMs < SAVE_INTERVAL_MS) return saveLoss(sending);
  sending.savedAtMs = nowMs;
  await save(sending);
}

export function countRequest(sending: Sending): void {
  sending.requestsLeft -= 1;
  if (sending.requestsLeft >= 0) return;
  const { lastReason, offsetBytes } = sending;
  throw new PulseError(
    'temporary',
    `the server takes so little of each request that ${REQUESTS_PER_CHUNK} requests did not store ${chunkBytesOf(sending)} bytes; stopped at offset ${offsetBytes}${lastReason === undefined ? '' : `; the last trouble: ${lastReason}`}`,
    {
      hint: 'run the same command again; if this repeats, the server or a proxy before it cuts requests',
    },
  );
}

/** Stores the longest prefix that is both acknowledged and hashed, and what else the next run has to know of. */
async function save(sending: Sending): Promise<void> {
  const { job, upload, offsetBytes, finishFault, record } = sending;
  const checkpoint = job.reader.checkpoint(offsetBytes);
  const finishError = job.protocol.finalize === undefined ? finishFault?.reason : undefined;
  if ((checkpoint?.bytes ?? 0) === 0 && finishError === undefined && !hasLost(sending)) return;
  // Whoever finds that all is there, and how that ended, need not send anything: the next run is to know both.
  const isAtEnd = finishError !== undefined && offsetBytes === job.source.sizeBytes();
  // What the server has may be of an earlier run: then only what is known of that one tells the next run of it.
  const isOurs = sending.knownEndBytes === undefined;
  const prefix = isAtEnd
    ? { bytes: offsetBytes, sha256: await job.reader.sha256() }
    : ((isOurs ? checkpoint : undefined) ?? record.prefix);
  const isChecked = job.digest?.isStrong && job.tools.host.chunkChecks.seen === 'compares';
  // What an earlier run had compared counts no further than this run found it there.
  const known = isChecked ? prefix.bytes : record.checkedBytes;
  const kept = {
    ...upload.record,
    prefix,
    ...(isOurs && { readAhead: job.reader.allRead() }),
    ...(isOurs && job.source.changedNs !== undefined && { changedNs: job.source.changedNs }),
    ...(known !== undefined && { checkedBytes: Math.min(known, sending.checked.bytes, prefix.bytes) }),
  };
  await job.tools.store.write({ ...kept, ...(finishError !== undefined && { finishError }) });
  sending.record = kept;
}

/** At once where bytes that were compared are gone: what is sent in their place may come without checksums. */
export async function saveLoss(sending: Sending): Promise<void> {
  if (hasLost(sending)) await save(sending);
}

function hasLost({ record, checked }: Sending): boolean {
  return (record.checkedBytes ?? 0) > checked.bytes;
}

/** The same where the outcome is known already: what cannot be saved hides no verdict. */
export async function saveInTheEnd(sending: Sending): Promise<void> {
  if (sending.isDropped) return;
  await tidily(sending.job, 'how far it came', () => save(sending), 'saved');
}
