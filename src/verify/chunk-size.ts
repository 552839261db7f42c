import { dialects } from './dialect.ts';
import type { Exchange } from './recording.ts';
import type { Target } from './target.ts';

/** What is refused as too long though it is no longer than this is a finding. */
const LEAST_CHUNK_BYTES = 64 * 1024;

/**
 * The size that a client tries next where the server refused a chunk as too long for a body (413); undefined where that
 * is no question of size, or where clients do not choose their chunks.
 */
export function smallerChunk(
  { answer, sent }: Exchange,
  { protocol }: Pick<Target, 'protocol'>,
): number | undefined {
  const { sizeBytes } = sent.body;
  const isTooLong = answer?.status === 413 && sizeBytes > LEAST_CHUNK_BYTES;
  return isTooLong && dialects[protocol].choosesChunks
    ? Math.max(LEAST_CHUNK_BYTES, Math.floor(sizeBytes / 2))
    : undefined;
}
