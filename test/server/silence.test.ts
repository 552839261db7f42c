import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ServerSettings } from '../../src/server/server.ts';
import type { Store } from '../../src/server/store/store.ts';
import { create, eventually, offsetBecomes, patch, patchHead, payload, subject, wireTo } from './harness.ts';

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

describe('small answers', () => {
  /** A server, and whether the connection that was made last is over there. */
  async function watched(settings: Partial<ServerSettings> = {}) {
    const sockets: Socket[] = [];
    const connection = (socket: Socket) => void sockets.push(socket);
    const server = await subject({ ...settings, limits: { bodyIdleMs: 200 }, behaviour: { connection } });
    return { server, isOver: () => sockets.at(-1)?.destroyed };
  }

  it('of which nothing is taken end the connection, however many are asked for', async () => {
    const { server, isOver } = await watched({ page: true });
    const wire = await wireTo(server);
    wire.socket.pause();
    const asked = 4000;
    await wire.send('GET /page/page.js HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(asked));
    await expect.poll(isOver).toBe(true);
    wire.socket.resume();
    expect((await wire.untilClosed()).split('HTTP/1.1 200').length).toBeLessThan(asked);
  });

  it('of which nothing is taken end the connection also where each is ready before the one ahead is', async () => {
    const { server, isOver } = await watched();
    const metadata = `filename ${Buffer.from('n'.repeat(7000)).toString('base64')}`;
    const url = await create(server, 10, { 'Upload-Metadata': metadata });
    const wire = await wireTo(server);
    wire.socket.pause();
    const asked = 2500;
    await wire.send(
      `HEAD ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n\r\n`.repeat(asked),
    );
    await expect.poll(isOver).toBe(true);
    wire.socket.resume();
    expect((await wire.untilClosed()).split('HTTP/1.1 200').length).toBeLessThan(asked);
  });
});

/** More than the buffers of two kernels hold. */
const largeBytes = 24 * 1024 * 1024;

describe('a download', () => {
  async function beginDownload(bodyIdleMs: number) {
    const server = await subject({ protocol: 'tus', limits: { bodyIdleMs } });
    const url = await create(server, largeBytes);
    await patch(url, 0, payload(largeBytes));
    const wire = await wireTo(server);
    wire.socket.pause();
    await wire.send(`GET ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    return { server, wire };
  }

  it('of which nothing is taken is ended', async () => {
    const { server, wire } = await beginDownload(200);
    const entry = await eventually(
      () => server.log.find(({ method }) => method === 'GET'),
      () => 'the download to end',
    );
    expect(entry).toMatchObject({ status: 200, aborted: true });
    wire.socket.resume();
    expect((await wire.untilClosed()).length).toBeLessThan(largeBytes);
  });

  it('that is taken slowly is not', async () => {
    const bodyIdleMs = 2000;
    const { wire } = await beginDownload(bodyIdleMs);
    const startMs = performance.now();
    wire.socket.on('data', async () => {
      wire.socket.pause();
      await sleep(6);
      wire.socket.resume();
    });
    wire.socket.resume();
    expect((await wire.untilClosed()).length).toBeGreaterThan(largeBytes);
    expect(performance.now() - startMs).toBeGreaterThan(bodyIdleMs);
  });

  async function smallDownload(holds: (call: number) => Promise<void>, bodyIdleMs = 60_000) {
    const opened: Readable[] = [];
    let calls = 0;
    const store = (disk: Store): Store => ({
      ...disk,
      holds: async (file) => {
        calls += 1;
        await holds(calls);
        return disk.holds(file);
      },
      read: (...of) => {
        const stream = disk.read(...of);
        opened.push(stream);
        return stream;
      },
    });
    const server = await subject({ protocol: 'tus', behaviour: { store }, limits: { bodyIdleMs } });
    const url = await create(server, 10);
    await patch(url, 0, payload(10));
    const head = `GET ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\n`;
    return { wire: await wireTo(server), head, opened };
  }

  it('whose reader has gone before it begins leaves no file open', async () => {
    let asked = () => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const { wire, head, opened } = await smallDownload(() => {
      asked();
      return held;
    });
    await wire.send(`${head}\r\n`);
    await isAsked;
    wire.socket.destroy();
    await sleep(100); // so that the server learns of it
    letGo();
    await eventually(
      () => (opened.length === 1 && opened[0]?.destroyed ? true : undefined),
      () => `the file to be closed, of ${opened.length}`,
    );
  });

  it('leaves its time-out to no request that came meanwhile', async () => {
    const { wire, head } = await smallDownload((call) => sleep(call === 1 ? 0 : 1200), 300);
    await wire.send(`${head}\r\n${head}Connection: close\r\n\r\n`);
    expect((await wire.untilClosed()).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });
});
