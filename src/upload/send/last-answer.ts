import { PulseError } from '../../errors.ts';
import type { Chunk } from '../../protocol/protocol.ts';
import type { Fault } from '../faults.ts';
import { askOffset } from '../open/offset.ts';
import { isMismatch } from './refused-checksum.ts';
import { endOf, type Sending } from './sending.ts';

/** They say no to these bytes, not to the upload's end: our own came before, are still being stored, or are thrown away. */
const sayNothingOfTheEnd: ReadonlySet<number> = new Set([409, 422, 423]);

/**
 * An answer to the last chunk that is no success: should the server have every byte all the same, what it does with a
 * complete upload went wrong (fault C33). Counts until HEAD says that bytes are missing.
 */
export function noteLastAnswer(sending: Sending, chunk: Chunk, fault: Fault): void {
  const { job, upload } = sending;
  const { status = 0 } = fault;
  if (status < 300 || sayNothingOfTheEnd.has(status)) return;
  if (chunk.checksum !== undefined && isMismatch(fault)) return;
  // Without HEAD nobody says that all is there; finalize judges what is.
  if (upload.record.headless && job.protocol.finalize !== undefined) return;
  if (endOf(chunk) === job.source.sizeBytes()) sending.finishFault = fault;
}

/** HEAD names an offset: where bytes are missing, or the size is not known there, nothing was complete yet. */
export function compareWithLastAnswer(sending: Sending, offsetBytes: number): void {
  const isComplete = offsetBytes === sending.job.source.sizeBytes() && !sending.sizeFollows;
  if (!isComplete) delete sending.finishFault;
}

/**
 * What giving up comes to after the last chunk: an upload that is complete all the same is neither lost nor to be gone
 * on with, and a refusal of it stays one, which the next run must know of. `given` throws, or names what it gave up.
 */
export async function orComplete<T>(sending: Sending, given: () => Promise<T>): Promise<T | number> {
  try {
    return await given();
  } catch (error) {
    const endBytes = await completeAt(sending);
    // The next run learns from the record that nothing is left to send.
    if (endBytes !== undefined) sending.offsetBytes = endBytes;
    if (endBytes === undefined || !(error instanceof PulseError) || error.kind !== 'temporary') throw error;
    return endBytes;
  }
}

/** The size of the file, where no finalize judges what the last chunk was answered, and HEAD says that all is there. */
export async function completeAt(sending: Sending): Promise<number | undefined> {
  const { job, upload, finishFault } = sending;
  const { finalize } = job.protocol;
  if (finishFault === undefined || finalize !== undefined || upload.record.headless) return undefined;
  if (job.tools.signal?.aborted) return undefined;
  // Whoever has given up waits for a last question no longer than before a try; the next run asks it.
  if (job.tools.host.pause.leftMs() > job.settings.retryDelayMs) return undefined;
  const asked = await askOffset(job, upload.url).catch(() => undefined);
  // What nobody says is not known: then the next run finds out.
  if (asked === undefined || 'fault' in asked) return undefined;
  const { offsetBytes } = asked.value;
  compareWithLastAnswer(sending, offsetBytes);
  return sending.finishFault === undefined ? undefined : offsetBytes;
}
