import { parseByteCount } from '../../protocol/headers.ts';
import type { Chunk } from '../../protocol/protocol.ts';
import type { Outcome, WireRequest } from '../../protocol/wire.ts';
import { type Fault, faultOf, isSuccess, protocolFault } from '../faults.ts';
import type { Job } from '../job.ts';
import { sendOnce } from '../send-once.ts';
import { withChecksum } from './refused-checksum.ts';
import { chunkBytesOf, countRequest, endOf, type Sending } from './sending.ts';

/** The offset that the server acknowledged, or why it is not known. `readsOn`: the next chunk is read meanwhile. */
export async function sendChunk(
  sending: Sending,
  chunk: Chunk,
  { readsOn }: { readonly readsOn: boolean },
): Promise<number | Fault> {
  const { job, upload } = sending;
  const request = job.protocol.append(upload.url, chunk, job.settings.body);
  sending.sentEndBytes = Math.max(sending.sentEndBytes, endOf(chunk));
  countRequest(sending);
  const sent = sendOnce(job, request, { onBodyBytes: payloadCounter(job, chunk, sending.progress.sent) });
  if (readsOn) job.reader.prefetch(endOf(chunk), chunkBytesOf(sending));
  const { request: last, outcome } = await sent;
  const accepted = acceptedOffset(last, outcome, chunk, job.tools.clock.dateMs());
  if (typeof accepted !== 'number') return withChecksum(accepted, chunk);
  if (chunk.totalBytes !== undefined) sending.sizeFollows = false;
  sending.knownEndBytes = undefined;
  return accepted;
}

/** Counts the payload of each time that the request is sent: a redirect or a new token sends it twice. */
export function payloadCounter(
  job: Pick<Job, 'tally'>,
  chunk: Chunk,
  onCount: () => void,
): (bodyBytes: number) => void {
  let before = job.tally.sentBytes;
  let last = 0;
  return (bodyBytes) => {
    const bytes = Math.min(bodyBytes, chunk.bytes.byteLength); // form data is longer than what it carries
    if (bodyBytes <= last) before = job.tally.sentBytes;
    last = bodyBytes;
    job.tally.sentBytes = before + bytes;
    onCount();
  };
}

/** Reads the answer to a PATCH. Only an advance within what was sent is taken at its word. */
function acceptedOffset(request: WireRequest, outcome: Outcome, chunk: Chunk, nowMs: number): number | Fault {
  if (outcome.kind === 'break' || !isSuccess(outcome)) return faultOf(request, outcome, nowMs);
  const text = outcome.headers['upload-offset'];
  const offsetBytes = parseByteCount(text);
  const isEmpty = chunk.bytes.byteLength === 0; // then only the size is told
  const advances = offsetBytes !== undefined && (offsetBytes > chunk.offsetBytes || isEmpty);
  if (advances && offsetBytes <= endOf(chunk)) return offsetBytes;
  const said =
    offsetBytes === undefined
      ? `without a usable Upload-Offset${text === undefined ? '' : ` (${text})`}`
      : `with Upload-Offset ${offsetBytes}, expected ${endOf(chunk)}`;
  const remedy = offsetBytes === undefined && outcome.status === 204 ? 'ask' : 'realign';
  return { ...protocolFault(request, outcome, said), remedy };
}
