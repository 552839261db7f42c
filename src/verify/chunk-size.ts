import { wasClosed } from './answers.ts';
import { dialects } from './dialect.ts';
import type { Exchange } from './recording.ts';
import type { Target } from './target.ts';

/** What is refused as too long though it is no longer than this is a finding. */
const LEAST_CHUNK_BYTES = 64 * 1024;

/**
 * The size that a client tries next where the server refused a chunk as too long for a body (413); undefined where that
 * is no question of size, or where clients do not choose their chunks. A refusal that closes the connection may be lost
 * (RFC 9112, 9.6): it counts as one where another of the chunks of the upload was refused so that it was heard.
 */
export function smallerChunk(
  exchange: Exchange,
  { protocol }: Pick<Target, 'protocol'>,
  others: readonly Exchange[] = [],
): number | undefined {
  const { sizeBytes } = exchange.sent.body;
  const isHeardOfOther = () => others.some((other) => other.url === exchange.url && isTooLong(other));
  const isRefused = isTooLong(exchange) || (wasClosed(exchange) && isHeardOfOther());
  return isRefused && sizeBytes > LEAST_CHUNK_BYTES && dialects[protocol].choosesChunks
    ? Math.max(LEAST_CHUNK_BYTES, Math.floor(sizeBytes / 2))
    : undefined;
}

/** Also where the answer broke off behind its head. */
function isTooLong({ answer, broken, sent }: Exchange): boolean {
  return (answer ?? broken?.head)?.status === 413 && sent.body.sizeBytes > LEAST_CHUNK_BYTES;
}
