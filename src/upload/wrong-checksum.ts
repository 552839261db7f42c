import type { Chunk } from '../protocol/protocol.ts';
import type { ChunkDigest } from './chunk-digest.ts';
import { warn } from './job.ts';
import { askOffset } from './offset.ts';
import { type Lost, recover } from './recover.ts';
import { givesUpChecksums, isMismatch } from './refused-checksum.ts';
import { sendChunk } from './send-chunk.ts';
import { countRequest, type Sending } from './sending.ts';

/**
 * Shows whether the server compares checksums at all, once a run: the first byte of what comes next is sent with a
 * checksum that is not its own. Who compares refuses it and keeps its offset. Who does not stores the right byte, which
 * harms nothing. Returns the offset where that may have moved it, and undefined where it did not.
 */
export async function showComparison(sending: Sending, next: Chunk): Promise<number | Lost | undefined> {
  const { job, upload, checked } = sending;
  const { chunkChecks } = job.tools.host;
  const isKnown = chunkChecks.seen !== undefined || chunkChecks.givenUp;
  // Of an upload that has a gap nothing is proven anyway.
  if (isKnown || checked.gap !== undefined || next.bytes.byteLength === 0) return undefined;
  if (!job.digest?.isStrong) return undefined;
  const chunk = spoilt(next, job.digest);
  const answered = await sendChunk(sending, chunk, false);
  if (typeof answered === 'number') {
    chunkChecks.seen = 'ignores';
    warn(job, 'the server lists checksums, but takes a chunk whose checksum is wrong: they prove nothing');
    return answered;
  }
  if (givesUpChecksums(sending, chunk, answered)) return undefined;
  if (!isMismatch(answered)) return recover(sending, chunk, answered);
  countRequest(sending);
  const asked = await askOffset(job, upload.url);
  if ('fault' in asked) return recover(sending, chunk, asked.fault);
  const { offsetBytes } = asked.value;
  chunkChecks.seen = offsetBytes === chunk.offsetBytes ? 'compares' : 'ignores';
  return offsetBytes === chunk.offsetBytes ? undefined : recover(sending, chunk, answered);
}

/** One right byte, with the checksum of another one. */
function spoilt({ offsetBytes, bytes }: Chunk, digest: ChunkDigest): Chunk {
  const [byte = 0] = bytes;
  return { offsetBytes, bytes: bytes.subarray(0, 1), checksum: digest.of(Uint8Array.of(byte ^ 0xff)) };
}
