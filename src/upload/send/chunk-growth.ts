/**
 * How large chunks should be where the line decides (`--chunk-size auto`). Each chunk costs a round trip in which
 * nothing is sent, so on a long line larger ones are faster, up to a point that depends on the line alone.
 * A value: every step makes a new one.
 */
export interface ChunkGrowth {
  /** The size for the next chunk. */
  readonly chunkBytes: number;
  readonly limits: GrowthLimits;
  /** The size below, and how fast it was, while this one has not yet shown that it is faster. */
  readonly smaller?: { readonly chunkBytes: number; readonly bytesPerMs: number };
  /** Chunks of this size that have to pass before a larger one is tried. */
  readonly restChunks: number;
}

export interface GrowthLimits {
  /** What an upload begins with, and what it falls back to in trouble. */
  readonly firstBytes: number;
  readonly mostBytes: number;
  /** No chunk is made larger that would be under way for longer than this. */
  readonly longestMs: number;
}

/** A size is kept only if it is faster than half of it by this much: what is smaller is lost less of when a line breaks. */
const WORTH_IT = 1.025;

/** Until larger chunks are tried anew where they were not worth it, or after trouble: lines change. */
const REST_CHUNKS = 16;
const REST_CHUNKS_AFTER_TROUBLE = 8;

export function beginGrowth(chunkBytes: number, limits: GrowthLimits): ChunkGrowth {
  return { chunkBytes, limits, restChunks: 1 };
}

/** After a chunk that the server took whole; one that is shorter than asked for says nothing. */
export function passed(growth: ChunkGrowth, sentBytes: number, elapsedMs: number): ChunkGrowth {
  const { chunkBytes, limits, smaller, restChunks } = growth;
  if (sentBytes < chunkBytes || elapsedMs <= 0) return growth;
  const bytesPerMs = sentBytes / elapsedMs;
  const isSlow = smaller !== undefined && bytesPerMs < smaller.bytesPerMs * WORTH_IT;
  // One slow chunk may be bad luck, so a size has two to show what it is good for.
  if (isSlow && restChunks > 1) return { ...growth, restChunks: restChunks - 1 };
  if (isSlow) return { chunkBytes: smaller.chunkBytes, limits, restChunks: REST_CHUNKS };
  if (smaller === undefined && restChunks > 1) return { ...growth, restChunks: restChunks - 1 };
  const larger = Math.min(limits.mostBytes, 2 * chunkBytes);
  if (larger <= chunkBytes || larger / bytesPerMs > limits.longestMs)
    return { chunkBytes, limits, restChunks: REST_CHUNKS };
  return { chunkBytes: larger, limits, smaller: { chunkBytes, bytesPerMs }, restChunks: 2 };
}

/** Whether the size of the next chunk hangs on how fast this one is: then the next is not read ahead, to be read anew. */
export function isOnTrial({ smaller, restChunks }: ChunkGrowth): boolean {
  return smaller !== undefined || restChunks <= 1;
}

/**
 * After trouble that brought the size down. The size that met it is not tried again in this upload: a proxy that
 * drops what is too large would otherwise be run into for ever.
 */
export function setBack(growth: ChunkGrowth, chunkBytes: number): ChunkGrowth {
  const { limits } = growth;
  const mostBytes = Math.max(limits.firstBytes, Math.min(limits.mostBytes, growth.chunkBytes / 2));
  return { chunkBytes, limits: { ...limits, mostBytes }, restChunks: REST_CHUNKS_AFTER_TROUBLE };
}
