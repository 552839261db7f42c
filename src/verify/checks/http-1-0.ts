import { Skip } from '../check.ts';
import type { Exchange } from '../recording.ts';

/** Expect came with HTTP/1.1: who speaks 1.0 may wait for the body, and clients must reckon with that (RFC 9110, 10.1.1). */
export function skipHttp10({ answer }: Exchange): void {
  if (answer?.version === '1.0') throw new Skip('the server speaks HTTP/1.0, which knows no Expect');
}

/**
 * So did chunked bodies, and no client may send one to who may speak 1.0 (RFC 9112, 6.1). Asked of ordinary requests: a
 * proxy may refuse malformed ones by 1.0, whatever it speaks.
 */
export function skipChunkedToHttp10(...ordinary: readonly Exchange[]): void {
  if (ordinary.some(({ answer }) => answer?.version === '1.0')) {
    throw new Skip('the server speaks HTTP/1.0, which knows no Transfer-Encoding');
  }
}
