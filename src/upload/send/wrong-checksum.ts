import type { Chunk } from '../../protocol/protocol.ts';
import { errorOf, type Fault } from '../faults.ts';
import { warn } from '../job.ts';
import { askOffset } from '../open/offset.ts';
import type { ChunkDigest } from './chunk-digest.ts';
import { type Lost, recover } from './recover.ts';
import { givesUpChecksums, isMismatch } from './refused-checksum.ts';
import { sendChunk } from './send-chunk.ts';
import { countRequest, type Sending } from './sending.ts';

/** How often it is tried in a run: a server that answers nothing of use is spared. */
const MOST_TRIES = 2;

/**
 * Shows whether the server compares checksums at all, once a run: the first byte of what comes next is sent with a
 * checksum that is not its own. Who compares refuses it and keeps its offset. Who does not stores the right byte, which
 * harms nothing. Whatever else comes of it counts for nothing, and spends no try of the upload. Returns the offset
 * where that may have moved it, and undefined where it did not.
 */
export async function showComparison(sending: Sending, next: Chunk): Promise<number | Lost | undefined> {
  const { job, checked } = sending;
  const { chunkChecks } = job.tools.host;
  const { seen, givenUp, tries = 0 } = chunkChecks;
  if (seen !== undefined || givenUp || tries >= MOST_TRIES) return undefined;
  // Only HEAD shows that the refused byte was not stored.
  if (sending.upload.record.headless) return undefined;
  // Of an upload that has a gap nothing is proven anyway.
  if (checked.gap !== undefined || next.bytes.byteLength === 0 || !job.digest?.isStrong) return undefined;
  const chunk = spoilt(next, job.digest);
  const answered = await sendChunk(sending, chunk, { readsOn: false });
  if (typeof answered === 'number') {
    chunkChecks.seen = 'ignores';
    warn(job, 'the server lists checksums, but takes a chunk whose checksum is wrong: they prove nothing');
    return answered;
  }
  if (givesUpChecksums(sending, chunk, answered)) return undefined;
  // It is busy, and says so: that is waited for like for any chunk.
  if (answered.remedy === 'wait' || answered.remedy === 'pause') return recover(sending, chunk, answered);
  return afterRefusal(sending, chunk, answered);
}

/** What HEAD shows after the spoilt chunk was refused, or after its answer did not come. */
async function afterRefusal(
  sending: Sending,
  chunk: Chunk,
  answered: Fault,
): Promise<number | Lost | undefined> {
  const { job, upload } = sending;
  const { chunkChecks } = job.tools.host;
  job.reader.forgetBuffers();
  countRequest(sending);
  const asked = await askOffset(job, upload.url);
  if ('fault' in asked) {
    const isDropped = isMismatch(answered) && asked.fault.remedy === 'gone';
    if (!isDropped) return recover(sending, chunk, asked.fault);
    // Nothing of the chunk is stored, nor of the upload: that it compares is shown all the same.
    chunkChecks.seen = 'compares';
    return { lost: errorOf(asked.fault), isToBeSentAgain: true };
  }
  const isUnmoved = asked.value.offsetBytes === chunk.offsetBytes;
  if (isMismatch(answered)) chunkChecks.seen = isUnmoved ? 'compares' : 'ignores';
  else chunkChecks.tries = (chunkChecks.tries ?? 0) + 1;
  return isUnmoved ? undefined : recover(sending, chunk, { ...answered, remedy: 'retry' });
}

/** One right byte, with the checksum of another one; not with the size, of which nobody would know whether it was taken in. */
function spoilt({ offsetBytes, bytes }: Chunk, digest: ChunkDigest): Chunk {
  const [byte = 0] = bytes;
  return { offsetBytes, bytes: bytes.subarray(0, 1), checksum: digest.of(Uint8Array.of(byte ^ 0xff)) };
}
