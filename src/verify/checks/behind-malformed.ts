import type { Exchange } from '../recording.ts';
import type { SeenInRun } from '../scenario.ts';

type Seen = SeenInRun['exchanges'][number];

/**
 * 503 to a request that is right in itself, for an upload that a malformed chunk came to before: so does a lock say
 * that it is still held, and it is no answer to the malformed one.
 */
export function isLockedByMalformed(exchange: Seen, exchanges: readonly Seen[]): boolean {
  if (exchange.answer?.status !== 503 || !isWellFormed(exchange)) return false;
  return exchanges.some(
    (before) =>
      before.scenario === exchange.scenario &&
      before.url === exchange.url &&
      before.n < exchange.n &&
      before.sent.method === 'PATCH' &&
      !isWellFormed(before),
  );
}

/** Its length is said once, and so that everybody understands it. */
function isWellFormed({ sent: { headers, body } }: Exchange): boolean {
  const valuesOf = (wanted: string) =>
    headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  const lengths = valuesOf('content-length');
  const isLengthSaid =
    lengths.join() === String(body.sizeBytes) || (lengths.length === 0 && body.sizeBytes === 0);
  return isLengthSaid && valuesOf('transfer-encoding').length === 0;
}
