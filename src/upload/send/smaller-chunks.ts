import type { Chunk } from '../../protocol/protocol.ts';
import { errorOf, type Fault } from '../faults.ts';
import { warn } from '../job.ts';
import type { Sending } from './sending.ts';

/** Below this a smaller chunk no longer helps against a limit or a slow line. */
const SMALLEST_CHUNK_BYTES = 64 * 1024;

/** After 413: half as much at once, down to the smallest chunk; what passes in the end is learned (fault C23). */
export function shrink(sending: Sending, chunk: Chunk, fault: Fault): void {
  const sentBytes = chunk.bytes.byteLength;
  if (sentBytes <= SMALLEST_CHUNK_BYTES) throw errorOf(fault);
  sending.chunkBytes = halved(sentBytes);
  sending.refusedBytes ??= sentBytes;
}

/** Chunks in a row that must pass before a larger one is tried again. */
const CALM_CHUNKS = 8;

/** A time-out is the line's fault only when it happens twice: then less is asked of it at once. */
export function shrinkOnSecondTimeout(sending: Sending, fault: Fault): void {
  sending.calmChunks = 0;
  // Whoever waits in vain for a connection has sent nothing that was too much.
  const tooSlow = fault.broken?.cause === 'timeout' && fault.broken.delivered;
  sending.timeoutsInRow = tooSlow ? sending.timeoutsInRow + 1 : 0;
  if (sending.timeoutsInRow >= 2) sending.chunkBytes = halved(sending.chunkBytes);
}

/** A line that was slow for a while is not slow for ever: what time-outs halved is doubled again, step by step. */
export function growBack(sending: Sending): void {
  const usualBytes = sending.job.settings.chunkBytes;
  if (sending.growth !== undefined || sending.chunkBytes >= usualBytes) return;
  sending.calmChunks += 1;
  if (sending.calmChunks < CALM_CHUNKS) return;
  sending.calmChunks = 0;
  sending.chunkBytes = Math.min(usualBytes, sending.chunkBytes * 2);
}

/** The first chunk that passes after a 413 shows the size to stay with, here and in later uploads; said once. */
export async function learnPassing(sending: Sending, chunk: Chunk): Promise<void> {
  const { job, refusedBytes } = sending;
  if (chunk.bytes.byteLength < sending.chunkBytes) return; // the file's end is short, and shows nothing
  delete sending.refusedBytes;
  if (!(await job.tools.host.chunkLimit.learn(chunk.bytes.byteLength))) return;
  warn(
    job,
    `the server, or a proxy before it, refuses chunks of ${refusedBytes} bytes (413); going on with ${chunk.bytes.byteLength}, also in later uploads`,
  );
}

function halved(bytes: number): number {
  return Math.max(SMALLEST_CHUNK_BYTES, Math.ceil(bytes / 2));
}
