import { PulseError } from '../errors.ts';
import { parseByteCount } from '../protocol/headers.ts';
import type { Chunk } from '../protocol/protocol.ts';
import type { Outcome, WireRequest } from '../protocol/wire.ts';
import { errorOf, type Fault, faultOf, protocolFault } from './faults.ts';
import { isSuccess, type Job, sendOnce } from './job.ts';
import { askOffset } from './offset.ts';
import type { OpenUpload } from './open-upload.ts';
import { createPatience, type Patience } from './patience.ts';
import { createProgress, type Progress } from './progress.ts';

/** Below this a smaller chunk no longer helps against a limit or a slow line. */
const SMALLEST_CHUNK_BYTES = 64 * 1024;

/** Requests that one chunk's worth of progress may cost: a server that takes crumbs for ever is stopped. */
const REQUESTS_PER_CHUNK = 20;

/** How often the state is brought up to date while bytes flow. */
const SAVE_INTERVAL_MS = 2_000;

/** What the sending of one upload remembers between its requests. */
interface Sending {
  readonly job: Job;
  readonly upload: OpenUpload;
  readonly patience: Patience;
  readonly progress: Progress;
  offsetBytes: number;
  /** The highest offset that the server acknowledged: what counts as durable progress. */
  bestBytes: number;
  /** No byte beyond this was ever sent: an offset above it is not ours. */
  sentEndBytes: number;
  chunkBytes: number;
  requestsLeft: number;
  timeoutsInRow: number;
  savedAtMs: number;
  /** Without HEAD: the chunk whose fate is not known. */
  doubt?: { readonly offsetBytes: number; readonly endBytes: number };
  /** Without HEAD, a chunk was repeated: only the final checksum can tell what the server holds. */
  atRisk: boolean;
}

/** Sends what the server lacks, strictly one chunk after another. Returns whether the content is at risk. */
export async function sendChunks(job: Job, upload: OpenUpload): Promise<{ readonly atRisk: boolean }> {
  const { settings, source, tools } = job;
  const { sizeBytes } = source.identity;
  const sending: Sending = {
    job,
    upload,
    patience: createPatience({ file: source.name, settings, tools, onRetry: () => job.tally.retries++ }),
    progress: createProgress(job, upload.offsetBytes),
    offsetBytes: upload.offsetBytes,
    bestBytes: upload.offsetBytes,
    sentEndBytes: upload.offsetBytes,
    chunkBytes: settings.chunkBytes,
    requestsLeft: 5 * REQUESTS_PER_CHUNK,
    timeoutsInRow: 0,
    savedAtMs: tools.clock.nowMs(),
    atRisk: false,
  };
  sending.progress.accepted(sending.offsetBytes);
  try {
    while (sending.offsetBytes < sizeBytes) {
      const chunk = await job.reader.chunk(sending.offsetBytes, sending.chunkBytes);
      const accepted = await sendChunk(sending, chunk);
      await advance(
        sending,
        typeof accepted === 'number' ? accepted : await recover(sending, chunk, accepted),
      );
    }
  } catch (error) {
    await save(sending);
    throw error;
  }
  return { atRisk: sending.atRisk };
}

/** The offset that the server acknowledged, or why it is not known. */
async function sendChunk(sending: Sending, chunk: Chunk): Promise<number | Fault> {
  const { job, upload, progress } = sending;
  const request = job.protocol.append(upload.url, chunk, job.settings.body);
  const endBytes = chunk.offsetBytes + chunk.bytes.byteLength;
  sending.sentEndBytes = Math.max(sending.sentEndBytes, endBytes);
  countRequest(sending);
  const sentBefore = job.tally.sentBytes;
  const outcome = sendOnce(job, request, {
    onBodyBytes: (bytes) => {
      job.tally.sentBytes = sentBefore + Math.min(bytes, chunk.bytes.byteLength);
      progress.sent();
    },
  });
  job.reader.prefetch(endBytes, sending.chunkBytes);
  return acceptedOffset(request, await outcome, chunk, job.tools.clock.nowMs());
}

/** Reads the answer to a PATCH. Only an advance within what was sent is taken at its word. */
function acceptedOffset(request: WireRequest, outcome: Outcome, chunk: Chunk, nowMs: number): number | Fault {
  if (outcome.kind === 'break' || !isSuccess(outcome)) return faultOf(request, outcome, nowMs);
  const text = outcome.headers['upload-offset'];
  const offsetBytes = parseByteCount(text);
  const endBytes = chunk.offsetBytes + chunk.bytes.byteLength;
  if (offsetBytes !== undefined && offsetBytes > chunk.offsetBytes && offsetBytes <= endBytes)
    return offsetBytes;
  const said =
    offsetBytes === undefined
      ? `without a usable Upload-Offset${text === undefined ? '' : ` (${text})`}`
      : `with Upload-Offset ${offsetBytes}, expected ${endBytes}`;
  return { ...protocolFault(request, outcome, said), remedy: 'realign' };
}

/** After any doubtful PATCH: a pause, then the server's own word on where to go on. */
async function recover(sending: Sending, chunk: Chunk, fault: Fault): Promise<number> {
  sending.job.reader.forgetBuffers();
  const headless = sending.upload.record.headless === true;
  if (headless && fault.remedy === 'realign') return realignWithoutHead(sending, chunk, fault);
  if (fault.remedy === 'gone') throw lost(fault);
  if (fault.remedy === 'shrink') shrink(sending, chunk, fault);
  else await sending.patience.spend(fault);
  if (headless) return repeatWithoutHead(sending, chunk, fault);
  if (isSecondTimeout(sending, fault)) sending.chunkBytes = halved(sending.chunkBytes);
  countRequest(sending);
  const asked = await askOffset(sending.job, sending.upload.url);
  if ('fault' in asked) throw asked.fault.remedy === 'gone' ? lost(asked.fault) : errorOf(asked.fault);
  const { offsetBytes } = asked.value;
  if (offsetBytes > sending.sentEndBytes) {
    throw new PulseError(
      'protocol',
      `HEAD says offset ${offsetBytes}, but no byte beyond ${sending.sentEndBytes} was sent`,
      {
        hint: 'something else writes to this upload, or the server miscounts; start over with --no-resume',
      },
    );
  }
  return offsetBytes;
}

/** A time-out is the line's fault only when it happens twice: then less is asked of it at once. */
function isSecondTimeout(sending: Sending, fault: Fault): boolean {
  sending.timeoutsInRow = fault.broken?.cause === 'timeout' ? sending.timeoutsInRow + 1 : 0;
  return sending.timeoutsInRow >= 2;
}

function shrink(sending: Sending, chunk: Chunk, fault: Fault): void {
  const sentBytes = chunk.bytes.byteLength;
  if (sentBytes <= SMALLEST_CHUNK_BYTES) throw errorOf(fault);
  sending.chunkBytes = halved(sentBytes);
  const message = `the server refuses chunks of ${sentBytes} bytes (413); going on with ${sending.chunkBytes}`;
  sending.job.tools.report({ type: 'upload.warning', file: sending.job.source.name, message });
}

function halved(bytes: number): number {
  return Math.max(SMALLEST_CHUNK_BYTES, Math.ceil(bytes / 2));
}

/** Without HEAD nothing says what became of the chunk: it is sent again, unchanged, and the content is at risk. */
function repeatWithoutHead(sending: Sending, chunk: Chunk, fault: Fault): number {
  if (fault.remedy === 'shrink') return chunk.offsetBytes;
  sending.doubt = { offsetBytes: chunk.offsetBytes, endBytes: chunk.offsetBytes + chunk.bytes.byteLength };
  sending.atRisk = true;
  return chunk.offsetBytes;
}

/** Without HEAD a 409 to a repeated chunk means that the first try had been stored. */
function realignWithoutHead(sending: Sending, chunk: Chunk, fault: Fault): number {
  const { doubt } = sending;
  if (fault.status === 409 && doubt?.offsetBytes === chunk.offsetBytes) return doubt.endBytes;
  throw errorOf(fault);
}

function lost(fault: Fault): PulseError {
  return errorOf(
    { ...fault, reason: `${fault.reason}: the server lost the upload while it was being sent` },
    { hint: 'run the same command again: it starts a new upload' },
  );
}

async function advance(sending: Sending, offsetBytes: number): Promise<void> {
  const { job, patience, progress } = sending;
  sending.offsetBytes = offsetBytes;
  if (sending.doubt !== undefined && offsetBytes >= sending.doubt.endBytes) delete sending.doubt;
  if (offsetBytes > sending.bestBytes) {
    const chunks = (offsetBytes - sending.bestBytes) / sending.chunkBytes;
    sending.requestsLeft = Math.min(
      10 * REQUESTS_PER_CHUNK,
      sending.requestsLeft + chunks * REQUESTS_PER_CHUNK,
    );
    sending.bestBytes = offsetBytes;
    sending.timeoutsInRow = 0;
    patience.refill();
  }
  progress.accepted(offsetBytes);
  const nowMs = job.tools.clock.nowMs();
  if (nowMs - sending.savedAtMs < SAVE_INTERVAL_MS) return;
  sending.savedAtMs = nowMs;
  await save(sending);
}

function countRequest(sending: Sending): void {
  sending.requestsLeft -= 1;
  if (sending.requestsLeft >= 0) return;
  throw new PulseError(
    'temporary',
    `the server takes so little of each request that ${REQUESTS_PER_CHUNK} requests did not store ${sending.chunkBytes} bytes; stopped at offset ${sending.offsetBytes}`,
    {
      hint: 'run the same command again; if this repeats, the server or a proxy before it cuts requests',
    },
  );
}

/** Stores the longest prefix that is both acknowledged and hashed. */
async function save(sending: Sending): Promise<void> {
  const { job, upload, offsetBytes } = sending;
  const checkpoint = job.reader.checkpoint();
  if (checkpoint === undefined || checkpoint.bytes === 0 || checkpoint.bytes > offsetBytes) return;
  await job.tools.store.write({ ...upload.record, prefix: checkpoint });
}
