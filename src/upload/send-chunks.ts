import type { PulseError } from '../errors.ts';
import { parseByteCount } from '../protocol/headers.ts';
import type { Chunk } from '../protocol/protocol.ts';
import type { Outcome, WireRequest } from '../protocol/wire.ts';
import { type Fault, faultOf, protocolFault } from './faults.ts';
import { isSuccess, type Job } from './job.ts';
import type { OpenUpload } from './open-upload.ts';
import { recover } from './recover.ts';
import { sendOnce } from './send-once.ts';
import { advance, chunkBytesOf, countRequest, createSending, endOf, type Sending, save } from './sending.ts';
import { growBack, learnPassing } from './smaller-chunks.ts';

/** The server has every byte; or it no longer knows the upload. */
export type AllSent =
  | {
      /** Only the final checksum can tell what the server holds. */
      readonly atRisk: boolean;
      /** The server has all bytes, but answered the last of them with an error. */
      readonly finishFault?: Fault;
    }
  | { readonly lost: PulseError };

/** Sends what the server lacks, strictly one chunk after another. */
export async function sendChunks(job: Job, upload: OpenUpload): Promise<AllSent> {
  await job.tools.host.chunkLimit.load();
  const sending = createSending(job, upload);
  sending.progress.accepted(sending.offsetBytes);
  try {
    while (sending.offsetBytes < (job.source.sizeBytes() ?? Number.POSITIVE_INFINITY)) {
      const chunk = await job.reader.chunk(sending.offsetBytes, chunkBytesOf(sending));
      const accepted = await sendChunk(sending, chunk);
      if (typeof accepted === 'number') {
        if (sending.refusedBytes !== undefined) await learnPassing(sending, chunk);
        await advance(sending, accepted);
        growBack(sending);
        continue;
      }
      const recovered = await recover(sending, chunk, accepted);
      if (typeof recovered !== 'number') return recovered;
      await advance(sending, recovered);
    }
  } catch (error) {
    await save(sending);
    throw error;
  }
  const { atRisk, finishFault } = sending;
  return { atRisk, ...(finishFault !== undefined && { finishFault }) };
}

/** The offset that the server acknowledged, or why it is not known. */
async function sendChunk(sending: Sending, chunk: Chunk): Promise<number | Fault> {
  const { job, upload } = sending;
  const request = job.protocol.append(upload.url, chunk, job.settings.body);
  sending.sentEndBytes = Math.max(sending.sentEndBytes, endOf(chunk));
  countRequest(sending);
  const sent = sendOnce(job, request, { onBodyBytes: payloadCounter(sending, chunk) });
  job.reader.prefetch(endOf(chunk), chunkBytesOf(sending));
  const { request: last, outcome } = await sent;
  return acceptedOffset(last, outcome, chunk, job.tools.clock.nowMs());
}

/** Counts the payload of each time that the request is sent: a redirect or a new token sends it twice. */
function payloadCounter({ job, progress }: Sending, chunk: Chunk): (bodyBytes: number) => void {
  let before = job.tally.sentBytes;
  let last = 0;
  return (bodyBytes) => {
    const bytes = Math.min(bodyBytes, chunk.bytes.byteLength); // form data is longer than what it carries
    if (bodyBytes <= last) before = job.tally.sentBytes;
    last = bodyBytes;
    job.tally.sentBytes = before + bytes;
    progress.sent();
  };
}

/** Reads the answer to a PATCH. Only an advance within what was sent is taken at its word. */
function acceptedOffset(request: WireRequest, outcome: Outcome, chunk: Chunk, nowMs: number): number | Fault {
  if (outcome.kind === 'break' || !isSuccess(outcome)) return faultOf(request, outcome, nowMs);
  const text = outcome.headers['upload-offset'];
  const offsetBytes = parseByteCount(text);
  if (offsetBytes !== undefined && offsetBytes > chunk.offsetBytes && offsetBytes <= endOf(chunk))
    return offsetBytes;
  const said =
    offsetBytes === undefined
      ? `without a usable Upload-Offset${text === undefined ? '' : ` (${text})`}`
      : `with Upload-Offset ${offsetBytes}, expected ${endOf(chunk)}`;
  return { ...protocolFault(request, outcome, said), remedy: 'realign' };
}
