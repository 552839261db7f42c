import type { Chunk } from '../../protocol/protocol.ts';
import { errorOf, type Fault } from '../faults.ts';
import { warn } from '../job.ts';
import type { Sending } from './sending.ts';

/** 460 is the status of tus 1.0; rustus answers 417 instead. */
const mismatch: ReadonlySet<number | undefined> = new Set([460, 417]);

/** Whether the server compared a checksum and found other bytes. */
export function isMismatch({ status }: Fault): boolean {
  return mismatch.has(status);
}

/** What a fault means for a chunk that was sent with its checksum: damaged bytes are sent once more. */
export function withChecksum(fault: Fault, { checksum }: Chunk): Fault {
  if (checksum === undefined || !isMismatch(fault)) return fault;
  return {
    ...fault,
    remedy: 'retry',
    kind: 'integrity',
    reason: `${fault.reason}: it received other bytes than those of the ${checksum.algorithm} that was sent along`,
    hint: 'something on the way damages what is sent; if it does not, the server computes checksums in a way of its own: --checksum none sends none',
  };
}

/**
 * 400 is how a server refuses an algorithm, also one that it lists (tus 1.0, Checksum). One that the user named stays
 * an error; of our own accord none is sent any more. True where the chunk is to be sent once more without.
 */
export function givesUpChecksums({ job }: Sending, { checksum }: Chunk, fault: Fault): boolean {
  const { chunkChecks } = job.tools.host;
  if (checksum === undefined || fault.status !== 400) return false;
  if (job.settings.checksum !== 'auto') {
    const listed = job.offer.checksumAlgorithms?.join(', ');
    throw errorOf(fault, {
      hint: `the server lists ${listed}: name another one with --checksum, or send none with --checksum none`,
    });
  }
  // Another file of the run may have met the same meanwhile, and said so.
  if (chunkChecks.givenUp) return true;
  chunkChecks.givenUp = true;
  warn(job, `${fault.reason}; going on without the checksums that the server lists`);
  return true;
}
