import { wasClosed } from '../answers.ts';
import { expectAnswer, expectStatus } from '../expect.ts';
import type { KnownOffset } from '../probe/offsets.ts';
import type { Exchange } from '../recording.ts';

/** A refusal may close the connection under a client that is still sending: then the answer is lost (RFC 9112, 9.6). */
export function expectRefusedOrClosed(exchange: Exchange): string | undefined {
  return wasClosed(exchange) ? undefined : expectStatus(exchange, ['4xx']);
}

/** A closed connection may also mean that the process has ended: only the next answer shows that it has not. */
export function expectStillThere({ exchanges }: KnownOffset): void {
  expectAnswer(exchanges.at(-1), { expected: 'the server still answers' });
}
