import { describe, expect, it } from 'vitest';
import { create, offsetBecomes, patchHead, payload, subject, wireTo } from './harness.ts';

/** Long enough for what is sent at once to arrive on a busy machine, short enough to be waited for. */
const headMs = 1000;

describe('a connection without a whole request', () => {
  it('is closed after a while, with an answer only to who began to ask', async () => {
    const server = await subject({ limits: { headMs } });
    const startMs = performance.now();
    const second = await wireTo(server);
    await second.send('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    await second.received(/"status":"OK"/);
    await second.send('GET /health HTTP/1.1\r\nHo');
    const [silent, half] = [await wireTo(server), await wireTo(server)];
    await half.send('POST /uploads HTTP/1.1\r\nHost: x\r\nUp');
    expect(await silent.untilClosed()).toBe('');
    expect(await half.untilClosed()).toMatch(/^HTTP\/1\.1 408 .*"error":"Request Timeout"/s);
    expect(await second.untilClosed()).toMatch(/^HTTP\/1\.1 200 .*HTTP\/1\.1 408 /s);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(headMs);
    expect(server.log.map(({ path }) => path)).toEqual(['/health']);
  });

  it('says nothing of bodies: one that rests for longer is still taken', async () => {
    const server = await subject({ limits: { headMs } });
    const url = await create(server, 10);
    const [wire, silent] = [await wireTo(server), await wireTo(server)];
    await wire.send(patchHead(url, 0, { 'Content-Length': 10, Connection: 'close' }));
    await wire.send(payload(10).subarray(0, 5));
    await offsetBecomes(url, 5);
    await silent.untilClosed();
    await wire.send(payload(10).subarray(5));
    expect(await wire.untilClosed()).toMatch(/^HTTP\/1\.1 204 .*upload-offset: 10/is);
  });
});
