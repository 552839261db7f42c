import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { Blocked } from '../../src/verify/check.ts';
import { httpServer, hurriedClock, probeAt, stopAll } from './probes.ts';

afterEach(stopAll);

/** A server that keeps uploads in memory, as right as it needs to be, with what a test wants to be different. */
interface Store {
  bytes: Buffer;
  lengthBytes: number;
}

interface Difference {
  readonly head?: (store: Store) => { status: number; headers?: Record<string, string> };
  readonly patch?: (
    store: Store,
    offset: number,
    body: Buffer,
  ) => { status: number; headers?: Record<string, string> } | undefined;
  readonly location?: string;
  readonly created?: number;
}

async function memoryServer({ head, patch, location = '/uploads/1', created = 201 }: Difference = {}) {
  const store: Store = { bytes: Buffer.alloc(0), lengthBytes: 0 };
  const seen: (IncomingMessage & { body: Buffer })[] = [];
  const origin = await httpServer((request, response) => {
    seen.push(request);
    const reply = (status: number, headers: Record<string, string> = {}, body = '') =>
      void response.writeHead(status, headers).end(body);
    const offset = Number(request.headers['upload-offset']);
    const state = { 'Upload-Offset': String(store.bytes.length) };
    if (request.url === '/uploads/finalize')
      return reply(
        200,
        {},
        JSON.stringify({ size: store.bytes.length, checksum: `sha256:${'0'.repeat(64)}` }),
      );
    if (request.method === 'POST') {
      store.lengthBytes = Number(request.headers['upload-length']);
      return reply(created, { Location: location });
    }
    if (request.method === 'HEAD') {
      const other = head?.(store);
      return other ? reply(other.status, other.headers) : reply(200, state);
    }
    if (request.method === 'GET') return void response.writeHead(200).end(store.bytes);
    const other = patch?.(store, offset, request.body);
    if (other) return reply(other.status, other.headers);
    if (offset !== store.bytes.length) return reply(409);
    store.bytes = Buffer.concat([store.bytes, request.body]);
    return reply(204, { 'Upload-Offset': String(store.bytes.length) });
  });
  return { origin, store, seen };
}

describe('a creation', () => {
  it('names the file by run and scenario, and says where the upload is', async () => {
    const { origin, seen } = await memoryServer({ location: 'uploads/a%20b?x=1' });
    const upload = await probeAt(origin).probe.create(10);
    expect(upload).toMatchObject({
      url: `${origin}/uploads/a%20b?x=1`,
      id: 'a b',
      sizeBytes: 10,
      filename: 'pulse-verify-test-test-1.mp4',
    });
    expect(seen[0]?.headers).toMatchObject({
      'upload-length': '10',
      'tus-resumable': '1.0.0',
      'content-length': '0',
    });
  });

  it.each([
    [{ created: 500 }, 'POST answered 500'],
    [{ created: 413 }, 'POST answered 413'],
    [{ location: 'http://evil.example/uploads/1' }, 'nothing is sent there'],
    [{ location: 'http://[' }, 'Location is no URL'],
  ])('that is refused blocks what builds on it: %j', async (difference, message) => {
    const { origin } = await memoryServer(difference);
    const creating = probeAt(origin).probe.create(10);
    await expect(creating).rejects.toThrow(Blocked);
    await expect(creating).rejects.toThrow(message);
  });

  it('that nobody answers was not answered, which is said so', async () => {
    const create = (origin: string) => probeAt(origin).probe.create(10);
    const origin = await httpServer((request) => void request.socket.destroy());
    await expect(create(origin)).rejects.toThrow(
      /^an upload could not be created: POST: the connection was .* without an answer$/,
    );
    const nobody = await httpServer((_request, response) => void response.writeHead(503).end());
    await expect(create(nobody)).rejects.toThrow(/: POST answered 503 Service Unavailable$/);
  });

  it('with another success goes on', async () => {
    const { origin } = await memoryServer({ created: 200 });
    expect((await probeAt(origin).probe.create(10)).created.answer?.status).toBe(200);
  });

  it('finds uploads below a prefix that a proxy strips', async () => {
    const { origin } = await memoryServer();
    const { probe } = probeAt(origin, {
      prefixed: true,
      server: `${origin}/api`,
      createUrl: `${origin}/api/uploads`,
    });
    expect((await probe.create(10)).url).toBe(`${origin}/api/uploads/1`);
  });

  it('tells an unknown upload URL of the same shape', async () => {
    const { origin } = await memoryServer({ location: '/uploads/0b5c2f4e-1111-4222-8333-444455556666?k=v' });
    const { probe } = probeAt(origin);
    const upload = await probe.create(10);
    expect(probe.unknownUrl(upload)).toMatch(
      /\/uploads\/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}\?k=v$/,
    );
    expect(probe.unknownUrl(upload)).not.toBe(upload.url);
  });

  it('tells an unknown one of a server that names uploads in the query', async () => {
    const { origin } = await memoryServer({ location: '/uploads?id=0b5c2f4e-1111-4222-8333-444455556666' });
    const { probe } = probeAt(origin);
    const upload = await probe.create(10);
    const unknown = new URL(probe.unknownUrl(upload));
    expect(unknown.pathname).toBe(new URL(probe.target.createUrl).pathname);
    expect(unknown.search).toMatch(/^\?id=[0-9a-f]{8}-/);
    expect(unknown.href).not.toBe(upload.url);
  });
});

describe('the offset', () => {
  it('is asked by HEAD', async () => {
    const { origin } = await memoryServer();
    const { probe } = probeAt(origin);
    const upload = await probe.create(10);
    await probe.patch(upload, 0, 'four');
    expect(await probe.currentOffset(upload)).toMatchObject({ bytes: 4, by: 'head' });
  });

  it('is learned by an empty chunk where HEAD forgets it', async () => {
    const { origin } = await memoryServer({ head: () => ({ status: 200 }) });
    const { probe } = probeAt(origin);
    const upload = await probe.create(10);
    await probe.patch(upload, 0, 'four');
    expect(await probe.currentOffset(upload)).toMatchObject({ bytes: 4, by: 'empty-patch' });
  });

  it('is learned by empty chunks where there is no HEAD, also when an answer was lost', async () => {
    const { origin, store } = await memoryServer({ head: () => ({ status: 404 }) });
    const { probe } = probeAt(origin, { headless: 'no HEAD' });
    const file = probe.payload(10);
    const upload = await probe.create(10);
    expect(await probe.currentOffset(upload)).toMatchObject({ bytes: 0, by: 'empty-patch' });
    await probe.patch(upload, 0, file.part(0, 4));
    await probe.patch(upload, 4, file.part(4, 7), { cut: { afterBytes: 3, by: 'close' } });
    for (let tries = 0; store.bytes.length < 7 && tries < 200; tries++) await probe.pause(10);
    expect(await probe.settle(upload)).toMatchObject({ bytes: 7, by: 'empty-patch' });
  });

  it('is looked for where the furthest of several answers was, which need not be the last', async () => {
    const stated = [20, 10];
    const patch = (_: Store, offset: number, body: Buffer) => {
      const bytes = body.length > 0 ? stated.shift() : undefined;
      if (bytes !== undefined) return { status: 204, headers: { 'Upload-Offset': String(bytes) } };
      return offset === 20 ? { status: 204, headers: { 'Upload-Offset': '20' } } : { status: 409 };
    };
    const { origin } = await memoryServer({ head: () => ({ status: 404 }), patch });
    const { probe } = probeAt(origin, { headless: 'no HEAD' });
    const upload = await probe.create(10);
    for (const chunk of ['first one', 'second']) await probe.patch(upload, 0, chunk);
    expect(await probe.currentOffset(upload)).toMatchObject({ bytes: 20, by: 'empty-patch' });
  });

  it('is taken from the 409 that states it', async () => {
    const patch = () => ({ status: 409, headers: { 'Upload-Offset': '6' } });
    const { origin } = await memoryServer({ head: () => ({ status: 405 }), patch });
    const { probe } = probeAt(origin, { headless: 'no HEAD' });
    expect(await probe.currentOffset(await probe.create(10))).toMatchObject({ bytes: 6 });
  });

  it('has come to rest when it is the same twice', async () => {
    const stated = [2, 3, 5, 5, 9];
    const head = () => ({ status: 200, headers: { 'Upload-Offset': String(stated.shift()) } });
    const { origin } = await memoryServer({ head });
    const { probe } = probeAt(origin);
    const settled = await probe.settle(await probe.create(10));
    expect(settled.bytes).toBe(5);
    expect(settled.exchanges).toHaveLength(4);
  });

  it('may take its time to move while sent bytes are still being stored', async () => {
    const stated = [0, 0, 0, 0, 3, 3, 9];
    const head = () => ({ status: 200, headers: { 'Upload-Offset': String(stated.shift()) } });
    const { origin } = await memoryServer({ head });
    const { probe } = probeAt(origin);
    const upload = await probe.create(10);
    expect((await probe.settle(upload, { from: 0, bytes: 3 })).bytes).toBe(3);
  });

  it('may move late on a busy machine, which takes its time for each answer too', async () => {
    const stated = [0, 0, 0, 0, 3, 3, 9];
    const clock = hurriedClock();
    let lateMs = 0;
    const head = () => {
      lateMs += 1000;
      return { status: 200, headers: { 'Upload-Offset': String(stated.shift()) } };
    };
    const { origin } = await memoryServer({ head });
    const late = { sleep: clock.sleep, nowMs: () => clock.nowMs() + lateMs };
    const { probe } = probeAt(origin, {}, {}, { clock: late });
    const upload = await probe.create(10);
    expect((await probe.settle(upload, { from: 0, bytes: 5 })).bytes).toBe(3);
  });

  it('stays where it was when none of the sent bytes were kept', async () => {
    const head = () => ({ status: 200, headers: { 'Upload-Offset': '0' } });
    const { origin } = await memoryServer({ head });
    const { probe } = probeAt(origin);
    const upload = await probe.create(10);
    expect((await probe.settle(upload, { from: 0, bytes: 3 })).bytes).toBe(0);
  });

  it.each([423, 503])('is waited for while HEAD answers %i, as long as a lock lasts', async (status) => {
    const clock = hurriedClock();
    const head = () =>
      clock.nowMs() < 40_000 ? { status } : { status: 200, headers: { 'Upload-Offset': '0' } };
    const { origin, seen } = await memoryServer({ head });
    const { probe } = probeAt(origin, {}, {}, { clock });
    expect((await probe.settle(await probe.create(10), { from: 0, bytes: 3 })).bytes).toBe(0);
    expect(seen.length).toBeLessThan(40);
  });

  it('is waited for at each lock of a run, however many there are', async () => {
    const clock = hurriedClock();
    let untilMs = 0;
    const head = () =>
      clock.nowMs() < untilMs ? { status: 423 } : { status: 200, headers: { 'Upload-Offset': '0' } };
    const { origin } = await memoryServer({ head });
    const { probe } = probeAt(origin, {}, {}, { clock });
    const upload = await probe.create(10);
    const settled = async () => {
      untilMs = clock.nowMs() + 45_000;
      return (await probe.settle(upload)).bytes;
    };
    const known: (number | undefined)[] = [];
    for (let lock = 0; lock < 18; lock++) known.push(await settled());
    expect(known).toEqual(Array(18).fill(0));
  });

  it('is not waited for where the upload is gone', async () => {
    const { origin } = await memoryServer({ head: () => ({ status: 410 }) });
    const { probe } = probeAt(origin);
    const settled = await probe.settle(await probe.create(10));
    expect(settled.bytes).toBeUndefined();
    expect(settled.exchanges).toHaveLength(1);
  });
});

describe('finishing an upload', () => {
  it('goes on where the server says, also when it takes less than was sent', async () => {
    const patch = (store: Store, offset: number, body: Buffer) => {
      if (offset !== store.bytes.length) return { status: 409 };
      store.bytes = Buffer.concat([store.bytes, body.subarray(0, 3)]);
      return { status: 204, headers: { 'Upload-Offset': String(store.bytes.length) } };
    };
    const { origin, store } = await memoryServer({ patch });
    const { probe } = probeAt(origin);
    const file = probe.payload(10);
    const finish = await probe.finish(await probe.create(10), file, { chunkBytes: 5 });
    expect(finish).toMatchObject({ complete: true, offset: 10 });
    expect(store.bytes.equals(Buffer.from(file.bytes(0, 10)))).toBe(true);
  });

  it('gives up where the server takes crumbs of what it is sent', async () => {
    const patch = (store: Store, _: number, body: Buffer) => {
      store.bytes = Buffer.concat([store.bytes, body.subarray(0, 10)]);
      return { status: 204, headers: { 'Upload-Offset': String(store.bytes.length) } };
    };
    const { origin } = await memoryServer({ patch });
    const { probe } = probeAt(origin);
    const finish = await probe.finish(await probe.create(10_000), probe.payload(10_000));
    expect(finish).toMatchObject({
      complete: false,
      offset: 4000,
      trouble: 'of 400 chunks it took 4,000 bytes in all',
    });
  });

  it('goes on where a 409 says, where there is no HEAD and empty chunks are refused', async () => {
    const patch = (store: Store, offset: number, body: Buffer) => {
      if (body.length === 0) return { status: 400 };
      if (offset === store.bytes.length) return undefined;
      return { status: 409, headers: { 'Upload-Offset': String(store.bytes.length) } };
    };
    const { origin, store } = await memoryServer({ head: () => ({ status: 404 }), patch });
    const { probe } = probeAt(origin, { headless: 'no HEAD' });
    const file = probe.payload(10);
    const upload = await probe.create(10);
    store.bytes = Buffer.from(file.bytes(0, 4));
    expect(await probe.finish(upload, file)).toMatchObject({ complete: true, offset: 10 });
    expect(store.bytes.equals(Buffer.from(file.bytes(0, 10)))).toBe(true);
  });

  it('asks again after a refusal, and gives up after a few', async () => {
    let refusals = 2;
    const patch = () => (refusals-- > 0 ? { status: 423 } : undefined);
    const busy = await memoryServer({ patch });
    const { probe } = probeAt(busy.origin);
    expect(await probe.finish(await probe.create(10), probe.payload(10))).toMatchObject({ complete: true });
    const never = await memoryServer({ patch: () => ({ status: 500 }) });
    const other = probeAt(never.origin).probe;
    expect(await other.finish(await other.create(10), other.payload(10))).toMatchObject({
      complete: false,
      offset: 0,
      trouble: 'PATCH at 0 answered 500 Internal Server Error',
    });
  });

  it.each([
    ['has HEAD', {}],
    ['has no HEAD', { headless: 'no HEAD' }],
  ])('waits for a lock that lasts 40 s, where the server %s', async (_, target) => {
    const clock = hurriedClock();
    const patch = () => (clock.nowMs() < 40_000 ? { status: 423 } : undefined);
    const { origin } = await memoryServer({ patch });
    const { probe } = probeAt(origin, target, {}, { clock });
    const finish = await probe.finish(await probe.create(10), probe.payload(10), { from: 0 });
    expect(finish).toMatchObject({ complete: true });
  });

  it('waits once for a lock that is never let go, and not again in the same run', async () => {
    const clock = hurriedClock();
    const { origin } = await memoryServer({ patch: () => ({ status: 423 }) });
    const { probe } = probeAt(origin, {}, {}, { clock });
    const tookMs: number[] = [];
    for (let file = 0; file < 2; file++) {
      const upload = await probe.create(10);
      const startMs = clock.nowMs();
      const { trouble } = await probe.finish(upload, probe.payload(10));
      expect(trouble).toBe('PATCH at 0 answered 423 Locked');
      tookMs.push(clock.nowMs() - startMs);
    }
    expect(tookMs[0]).toBeGreaterThan(60_000);
    expect(tookMs[0]).toBeLessThan(70_000);
    expect(tookMs[1]).toBeLessThan(5000);
  });

  it('waits no longer than ten minutes for one upload that is locked before every chunk, and not again', async () => {
    const clock = hurriedClock();
    let freeMs = 45_000;
    const patch = () => {
      if (clock.nowMs() < freeMs) return { status: 423 };
      freeMs = clock.nowMs() + 45_000;
      return undefined;
    };
    const { origin } = await memoryServer({ patch });
    const { probe } = probeAt(origin, {}, {}, { clock });
    const tookMs: number[] = [];
    for (let file = 0; file < 2; file++) {
      const upload = await probe.create(30);
      const startMs = clock.nowMs();
      const { trouble } = await probe.finish(upload, probe.payload(30), { chunkBytes: 1 });
      expect(trouble).toContain('answered 423 Locked');
      tookMs.push(clock.nowMs() - startMs);
    }
    expect(tookMs[0]).toBeGreaterThan(9 * 60_000);
    expect(tookMs[0]).toBeLessThan(11 * 60_000);
    expect(tookMs[1]).toBeLessThan(60_000);
  });

  it('stops where it is asked to', async () => {
    const { origin, store } = await memoryServer();
    const { probe } = probeAt(origin);
    const upload = await probe.create(10);
    expect(await probe.finish(upload, probe.payload(10), { to: 4 })).toMatchObject({ complete: true });
    expect(store.bytes).toHaveLength(4);
  });

  it('is done where nothing is missing', async () => {
    const { origin, seen } = await memoryServer();
    const { probe } = probeAt(origin);
    const upload = await probe.create(0);
    expect(await probe.finish(upload, probe.payload(0), { from: 0 })).toMatchObject({ complete: true });
    expect(seen).toHaveLength(1);
  });
});

describe('the content', () => {
  it('is what finalize says of it, next to what was sent', async () => {
    const { origin } = await memoryServer();
    const { probe } = probeAt(origin);
    const file = probe.payload(10);
    const upload = await probe.create(10);
    await probe.patch(upload, 0, file.part(0, 4));
    await probe.patch(upload, 4, file.part(4, 10), { cut: { afterBytes: 2, by: 'close' } });
    expect(await probe.content(upload, file)).toMatchObject({
      by: 'finalize',
      expected: { sizeBytes: 10, sha256: file.sha256() },
      stored: { sha256: '0'.repeat(64) },
      attempts: [
        { from: 0, to: 4, acknowledged: true },
        { from: 4, to: 6, acknowledged: false },
      ],
    });
  });

  it('is read back by GET, and told by its runs where it differs', async () => {
    const { origin, store } = await memoryServer();
    const { probe } = probeAt(origin, { oracle: 'get' });
    const file = probe.payload(100);
    const upload = await probe.create(100);
    store.bytes = Buffer.concat([file.bytes(0, 40), file.bytes(20, 100)]);
    expect(await probe.content(upload, file)).toMatchObject({
      by: 'get',
      stored: { sizeBytes: 120 },
      runs: [
        { at: 0, lengthBytes: 40, from: 0 },
        { at: 40, lengthBytes: 80, from: 20 },
      ],
    });
  });
});

describe('the question whether the server is still there', () => {
  it('goes over a connection of its own, whatever became of the one before', async () => {
    const { origin } = await memoryServer();
    const { probe } = probeAt(origin);
    const before = await probe.request('GET', `${origin}/uploads/1`);
    const asked = await probe.alive();
    expect(asked.connection).not.toBe(before.connection);
  });
});
