import { afterEach, describe, expect, it } from 'vitest';
import { afterInvitation, afterRefusal } from '../../src/verify/scenarios/invitation.ts';
import { probeAt, rawServer, stopAll } from './probes.ts';

afterEach(stopAll);

describe('the time in which a server asks for a body or refuses it', () => {
  it.each([
    ['100 Continue', afterInvitation],
    ['409 Conflict', afterRefusal],
  ])('does not pass while the tester stands still: %s', async (status, waiting) => {
    const answer = `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`;
    const { origin } = await rawServer((socket) => {
      socket.once('data', () => setTimeout(() => socket.write(answer), 120));
      socket.on('data', (bytes) => bytes.includes('body') && socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
    });
    // Once the waiting has begun, whoever looks at the clock again finds it an hour later.
    let looksLeft = Number.POSITIVE_INFINITY;
    const nowMs = () => performance.now() + (looksLeft-- > 0 ? 0 : 3_600_000);
    const { probe } = probeAt(origin, {}, {}, { clock: { nowMs, sleep: async () => {} } });
    const begun = await probe.begin('PATCH', `${origin}/a`, { body: 'body', stallAfterBytes: 0 });
    looksLeft = 1;
    const { early } = await waiting(probe, begun);
    expect(early.text).toContain(status);
  });
});
