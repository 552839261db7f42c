import type { Chunk } from '../../protocol/protocol.ts';
import type { Fault } from '../faults.ts';
import type { UploadSettings } from '../settings.ts';
import { beginGrowth, type ChunkGrowth, passed, setBack } from './chunk-growth.ts';
import { endOf, type Sending } from './sending.ts';

/** So much of what time-outs allow one chunk may take: a proxy that holds it until it is whole passes nothing on. */
const PART_OF_TIMEOUT = 1 / 4;

/** Growth from a size that is known to be good; undefined where the user named the size. */
export function growthFrom(
  startBytes: number,
  { chunkBytes, mostChunkBytes, timeoutMs }: UploadSettings,
): ChunkGrowth | undefined {
  if (mostChunkBytes === undefined) return undefined;
  return beginGrowth(startBytes, {
    firstBytes: chunkBytes,
    mostBytes: Math.max(chunkBytes, mostChunkBytes),
    longestMs: timeoutMs * PART_OF_TIMEOUT,
  });
}

/** After a chunk was answered with success: the size of the next one, which later uploads of the run begin with. */
export function grow(sending: Sending, chunk: Chunk, acceptedBytes: number, elapsedMs: number): void {
  if (sending.growth === undefined) return;
  // A server that takes a part of each chunk means that it wants no more at once.
  if (acceptedBytes < endOf(chunk)) toFirst(sending);
  // Trouble has changed the size since: 413, a time-out, a broken connection.
  const { growth, chunkBytes } = sending;
  sending.growth =
    chunkBytes < growth.chunkBytes
      ? setBack(growth, chunkBytes)
      : passed(growth, chunk.bytes.byteLength, elapsedMs);
  sending.chunkBytes = sending.growth.chunkBytes;
  sending.job.tools.host.chunkLimit.grown(sending.chunkBytes);
}

/**
 * A chunk that had grown broke on its way: back to the size that it began with, at once. Nothing may fail for its
 * size that would have passed with chunks that do not grow.
 */
export function fallBack(sending: Sending, { broken, status = 0 }: Fault): void {
  if (sending.growth !== undefined && (broken?.delivered || status >= 500)) toFirst(sending);
}

function toFirst(sending: Sending): void {
  sending.chunkBytes = Math.min(sending.chunkBytes, sending.job.settings.chunkBytes);
}
