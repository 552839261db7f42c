import { Skip } from '../check.ts';
import type { Exchange } from '../recording.ts';

/** Expect came with HTTP/1.1: who speaks 1.0 may wait for the body, and clients must reckon with that (RFC 9110, 10.1.1). */
export function skipHttp10({ answer }: Exchange): void {
  if (answer?.version === '1.0') throw new Skip('the server speaks HTTP/1.0, which knows no Expect');
}
