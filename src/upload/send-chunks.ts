import type { PulseError } from '../errors.ts';
import type { Fault } from './faults.ts';
import type { Job } from './job.ts';
import type { OpenUpload } from './open-upload.ts';
import { recover } from './recover.ts';
import { sendChunk } from './send-chunk.ts';
import { advance, chunkBytesOf, createSending, save } from './sending.ts';
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
