import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  create,
  eventually,
  finalize,
  head,
  octets,
  offsetBecomes,
  offsetOf,
  patch,
  patchHead,
  payload,
  provenAnswer,
  subject,
  tus,
  wireTo,
} from './harness.ts';

const total = 1_000_000;
const sent = 400_000;
const bytes = payload(total);

describe('a connection that breaks inside a PATCH', () => {
  const breaks = {
    'half-close (FIN)': (wire: Awaited<ReturnType<typeof wireTo>>) => wire.socket.end(),
    'reset (RST)': (wire: Awaited<ReturnType<typeof wireTo>>) => wire.socket.resetAndDestroy(),
    'plain close': (wire: Awaited<ReturnType<typeof wireTo>>) => wire.socket.destroy(),
  };
  for (const [name, cut] of Object.entries(breaks)) {
    it(`keeps exactly the bytes that arrived: ${name}`, async () => {
      const server = await subject();
      const url = await create(server, total);
      const wire = await wireTo(server);
      await wire.send(patchHead(url, 0, { 'Content-Length': total }));
      await wire.send(bytes.subarray(0, sent));
      await offsetBecomes(url, sent);
      cut(wire);
      await eventually(
        () => server.log.find(({ aborted }) => aborted),
        () => 'the cut to be noticed',
      );
      expect(await offsetOf(url)).toBe(sent);
      expect((await patch(url, sent, bytes.subarray(sent))).status).toBe(204);
      expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
    });
  }

  it('stores all that came before a FIN that follows at once', async () => {
    const server = await subject();
    const url = await create(server, total);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Content-Length': total }));
    wire.socket.end(bytes.subarray(0, total - 1));
    await wire.untilClosed();
    await offsetBecomes(url, total - 1);
  });

  it('refuses a repeat at the old offset, so that nothing is stored twice', async () => {
    const server = await subject();
    const url = await create(server, total);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Content-Length': total }));
    await wire.send(bytes.subarray(0, sent));
    await offsetBecomes(url, sent);
    wire.socket.destroy();
    const repeated = await patch(url, 0, bytes);
    expect(repeated.status).toBe(409);
    expect(repeated.headers.get('upload-offset')).toBe(String(sent));
    await patch(url, sent, bytes.subarray(sent));
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it('changes nothing where not one byte of the body came', async () => {
    const server = await subject();
    const url = await create(server, total);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Content-Length': total }));
    wire.socket.resetAndDestroy();
    expect((await patch(url, 0, bytes)).status).toBe(204);
  });

  it('does not take a chunked body without its end for a whole one', async () => {
    const server = await subject();
    const url = await create(server, 1024);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Transfer-Encoding': 'chunked' }));
    await wire.send(Buffer.concat([Buffer.from('400\r\n'), bytes.subarray(0, 512)]));
    await offsetBecomes(url, 512);
    wire.socket.end();
    expect(await wire.untilClosed()).not.toContain(' 204 ');
    expect(await offsetOf(url)).toBe(512);
  });

  it('adds up several cuts at odd places', async () => {
    const server = await subject();
    const url = await create(server, total);
    const cuts = [1, 4095, 65_536, 65_537, 300_001, 999_999];
    for (const until of cuts) {
      const from = await offsetOf(url);
      const wire = await wireTo(server);
      await wire.send(patchHead(url, from, { 'Content-Length': total - from }));
      await wire.send(bytes.subarray(from, until));
      await offsetBecomes(url, until);
      wire.socket.destroy();
    }
    const last = await eventually(
      async () => {
        const answer = await patch(url, 999_999, bytes.subarray(999_999));
        return answer.status === 423 ? undefined : answer.status;
      },
      () => 'the upload to be free',
    );
    expect(last).toBe(204);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it('ends a creation that carried data without leaving the upload behind, and the server lives on', async () => {
    const server = await subject();
    const wire = await wireTo(server);
    await wire.send(
      `POST /uploads HTTP/1.1\r\nHost: test\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 1000\r\n` +
        `Content-Type: ${octets['Content-Type']}\r\nContent-Length: 1000\r\n\r\n`,
    );
    await wire.send(bytes.subarray(0, 100));
    await sleep(20);
    wire.socket.resetAndDestroy();
    const entry = await eventually(
      () => server.log.find(({ method }) => method === 'POST'),
      () => 'the creation to end',
    );
    expect(entry.aborted).toBe(true);
    expect((await head(`${server.url}/uploads/${entry.uploadId}`)).status).toBe(404);
  });
});

describe('a body that stops coming', () => {
  it('is ended with 408 after the idle time, and what arrived stays', async () => {
    const server = await subject({ limits: { bodyIdleMs: 100 } });
    const url = await create(server, total);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Content-Length': total }));
    await wire.send(bytes.subarray(0, sent));
    const answer = await wire.received(/\r\n\r\n/);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('Connection: close');
    expect(await offsetOf(url)).toBe(sent);
  });

  it('is not ended while it comes slowly', async () => {
    const server = await subject({ limits: { bodyIdleMs: 400 } });
    const url = await create(server, 20);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Content-Length': 20 }));
    for (const byte of bytes.subarray(0, 20)) {
      await wire.send(Buffer.of(byte));
      await sleep(30);
    }
    expect(await wire.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 204 /);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes.subarray(0, 20)));
  });

  it('gives way to a newer PATCH once it has stalled, and adds no byte when it comes to life again', async () => {
    const server = await subject();
    const url = await create(server, total);
    const stalled = await wireTo(server);
    await stalled.send(patchHead(url, 0, { 'Content-Length': total }));
    await stalled.send(bytes.subarray(0, sent));
    await offsetBecomes(url, sent);
    const newer = patch(url, sent, bytes.subarray(sent, 700_000));
    expect((await newer).status).toBe(204);
    await stalled.send(payload(total - sent, 'other bytes'));
    expect(await stalled.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 409 /);
    expect(await offsetOf(url)).toBe(700_000);
    await patch(url, 700_000, bytes.subarray(700_000));
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it('does not hold up HEAD', async () => {
    const server = await subject({ limits: { stallMs: 60_000 } });
    const url = await create(server, total);
    const stalled = await wireTo(server);
    await stalled.send(patchHead(url, 0, { 'Content-Length': total }));
    await stalled.send(bytes.subarray(0, sent));
    await offsetBecomes(url, sent);
    stalled.socket.destroy();
    expect((await patch(url, sent, bytes.subarray(sent))).status).toBe(204);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it('is stopped by DELETE, and does not bring the upload back', async () => {
    const server = await subject({ limits: { stallMs: 60_000 } });
    const url = await create(server, total);
    const stalled = await wireTo(server);
    await stalled.send(patchHead(url, 0, { 'Content-Length': total }));
    await stalled.send(bytes.subarray(0, sent));
    await offsetBecomes(url, sent);
    const waiting = patch(url, sent, bytes.subarray(sent));
    await sleep(50);
    expect((await fetch(url, { method: 'DELETE', headers: tus })).status).toBe(204);
    expect((await waiting).status).toBe(404);
    expect((await head(url)).status).toBe(404);
    await stalled.send(bytes.subarray(sent));
    expect(await stalled.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 404 /);
    expect((await head(url)).status).toBe(404);
  });
});
