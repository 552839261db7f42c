import { createHash } from 'node:crypto';
import { cp, readdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { concatenation, concatenationUnfinished } from '../../src/server/extensions/concatenation.ts';
import { expiration } from '../../src/server/extensions/expiration.ts';
import { termination } from '../../src/server/extensions/termination.ts';
import { allExtensions } from '../../src/server/extensions.ts';
import type { RunningServer } from '../../src/server/server.ts';
import {
  create,
  finalize,
  freshFolder,
  head,
  idOf,
  offsetOf,
  patch,
  patchHead,
  payload,
  sha256,
  subject,
  tus,
  wireTo,
} from './harness.ts';

const hourMs = 3_600_000;
const patient = { timeout: 20_000 };

/** Sets the machine's clock, as far as this process can tell. */
function clockIsSet(byMs: number): void {
  const now = Date.now;
  const spy = vi.spyOn(Date, 'now').mockImplementation(() => now() + byMs);
  onTestFinished(() => spy.mockRestore());
}

const withAll = { protocol: 'tus', extensions: allExtensions } as const;

function digest(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('base64');
}

async function content(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

function post(server: RunningServer, headers: Record<string, string>, body?: Uint8Array): Promise<Response> {
  return fetch(server.url, {
    method: 'POST',
    headers: { ...tus, ...headers },
    ...(body && { body: Buffer.from(body) }),
  });
}

describe('discovery', () => {
  it('lists what is offered, and the algorithms of checksums', async () => {
    const server = await subject(withAll);
    const { headers } = await fetch(server.url, { method: 'OPTIONS' });
    expect(headers.get('tus-extension')).toBe(
      'creation,creation-with-upload,creation-defer-length,termination,checksum,checksum-trailer,concatenation,concatenation-unfinished',
    );
    expect(headers.get('tus-checksum-algorithm')).toBe('sha1,sha256,sha512,md5,crc32');
  });
});

describe('creation-defer-length', () => {
  const deferred = { 'Upload-Defer-Length': '1' };

  it('takes bytes before the length is known, and the length with a later chunk', async () => {
    const server = await subject(withAll);
    const bytes = payload(20);
    const url = new URL((await post(server, deferred)).headers.get('location') ?? '', server.url).href;
    expect((await patch(url, 0, bytes.subarray(0, 5))).status).toBe(204);
    const before = await head(url);
    expect(before.headers.get('upload-defer-length')).toBe('1');
    expect(before.headers.has('upload-length')).toBe(false);
    expect((await patch(url, 5, bytes.subarray(5), { 'Upload-Length': '20' })).status).toBe(204);
    const after = await head(url);
    expect(after.headers.get('upload-length')).toBe('20');
    expect(after.headers.has('upload-defer-length')).toBe(false);
    expect(await content(url)).toEqual(bytes);
  });

  it('is complete when an empty chunk says the length', async () => {
    const server = await subject(withAll);
    const url = new URL((await post(server, deferred)).headers.get('location') ?? '', server.url).href;
    await patch(url, 0, payload(10));
    expect((await patch(url, 10, payload(0), { 'Upload-Length': '10' })).status).toBe(204);
    expect(await content(url)).toEqual(payload(10));
  });

  it('remembers the length across a restart', async () => {
    const server = await subject(withAll);
    const url = new URL((await post(server, deferred)).headers.get('location') ?? '', server.url).href;
    await patch(url, 0, payload(4), { 'Upload-Length': '9' });
    await server.close();
    const again = await subject({ ...withAll, dir: server.dir });
    const answer = await head(url.replace(server.url, again.url));
    expect([answer.headers.get('upload-offset'), answer.headers.get('upload-length')]).toEqual(['4', '9']);
  });

  it.each([
    ['another length', 10, { 'Upload-Length': '9' }, { 'Upload-Length': '12' }, 400, '9'],
    ['a length below what is stored', 4, {}, { 'Upload-Length': '2' }, 400, null],
    ['a length that is no number', 4, {}, { 'Upload-Length': 'abc' }, 400, null],
    ['a length above the maximum', 4, {}, { 'Upload-Length': '101' }, 413, null],
  ])('refuses %s', async (_what, _size, first, second, status, lengthAfter) => {
    const server = await subject({ ...withAll, maxSizeBytes: 100 });
    const url = new URL((await post(server, deferred)).headers.get('location') ?? '', server.url).href;
    expect((await patch(url, 0, payload(4), first)).status).toBe(204);
    expect((await patch(url, 4, payload(0), second)).status).toBe(status);
    const answer = await head(url);
    expect(answer.headers.get('upload-length')).toBe(lengthAfter);
    expect(answer.headers.get('upload-offset')).toBe('4');
  });

  it('stores no more than the maximum while the length is unknown', async () => {
    const server = await subject({ ...withAll, maxSizeBytes: 100 });
    const url = new URL((await post(server, deferred)).headers.get('location') ?? '', server.url).href;
    const answer = await patch(url, 0, payload(150));
    expect(answer.status).toBe(413);
    expect(await offsetOf(url)).toBeLessThanOrEqual(100);
  });

  it.each(['0', '2', 'true', ''])('refuses Upload-Defer-Length: %j', async (value) => {
    const server = await subject(withAll);
    expect((await post(server, { 'Upload-Defer-Length': value })).status).toBe(400);
  });

  it('is refused where it is not offered', async () => {
    const server = await subject({ protocol: 'tus' });
    expect((await post(server, deferred)).status).toBe(400);
  });
});

describe('checksum', () => {
  const bytes = payload(1000);
  const all = [
    ...['sha1', 'sha256', 'sha512', 'md5'].map((name) => [name, digest(name, bytes)] as const),
    ['crc32', Buffer.from(crc32(bytes).toString(16).padStart(8, '0'), 'hex').toString('base64')] as const,
  ];

  it.each(all)('stores a chunk whose %s agrees', async (name, value) => {
    const server = await subject(withAll);
    const url = await create(server, 1000);
    expect((await patch(url, 0, bytes, { 'Upload-Checksum': `${name} ${value}` })).status).toBe(204);
    expect(await content(url)).toEqual(bytes);
  });

  it('throws a chunk away that does not agree, and takes the right one behind it', async () => {
    const server = await subject(withAll);
    const url = await create(server, 1500);
    await patch(url, 0, bytes.subarray(0, 500));
    const rest = bytes;
    const wrong = await patch(url, 500, rest, { 'Upload-Checksum': `sha1 ${digest('sha1', payload(3))}` });
    expect(wrong.status).toBe(460);
    expect(await offsetOf(url)).toBe(500);
    expect((await patch(url, 500, rest, { 'Upload-Checksum': `sha1 ${digest('sha1', rest)}` })).status).toBe(
      204,
    );
    expect(await content(url)).toEqual(Buffer.concat([bytes.subarray(0, 500), rest]));
    expect((await readdir(join(server.dir, '.incomplete'))).filter((name) => name.endsWith('.tmp'))).toEqual(
      [],
    );
  });

  it.each([
    'nosuchalg AAAA',
    'sha1',
    'sha1 !!!',
    `sha1  ${digest('sha1', bytes)}`,
    `SHA1 ${digest('sha1', bytes)}`,
    `sha1 ${Buffer.from(digest('sha1', bytes), 'base64').toString('hex')}`,
    '',
  ])('refuses %j', async (value) => {
    const server = await subject(withAll);
    const url = await create(server, 1000);
    const { status } = await patch(url, 0, bytes, { 'Upload-Checksum': value });
    expect([400, 460]).toContain(status);
    expect(await offsetOf(url)).toBe(0);
  });

  it('does not take the beginning of a digest for the digest', async () => {
    const server = await subject(withAll);
    const url = await create(server, 1000);
    const short = Buffer.from(digest('sha1', bytes), 'base64').subarray(0, 10).toString('base64');
    expect((await patch(url, 0, bytes, { 'Upload-Checksum': `sha1 ${short}` })).status).toBe(460);
    expect(await offsetOf(url)).toBe(0);
  });

  it('guards the body of a creation too', async () => {
    const server = await subject(withAll);
    const octets = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Length': '1000' };
    const wrong = await post(server, { ...octets, 'Upload-Checksum': 'sha1 AAAA' }, bytes);
    expect(wrong.status).toBe(460);
    const right = await post(
      server,
      { ...octets, 'Upload-Checksum': `sha1 ${digest('sha1', bytes)}` },
      bytes,
    );
    expect(right.status).toBe(201);
    expect(right.headers.get('upload-offset')).toBe('1000');
  });

  it.each([
    ['agrees', digest('sha256', Buffer.from('hello')), 204, 5],
    ['does not agree', digest('sha256', Buffer.from('HELLO')), 460, 0],
    ['does not come', undefined, 400, 0],
  ])('looks at a trailer that %s', async (_what, value, status, offset) => {
    const server = await subject(withAll);
    const url = await create(server, 5);
    const wire = await wireTo(server);
    const trailer = value === undefined ? '' : `Upload-Checksum: sha256 ${value}\r\n`;
    const chunked = { 'Transfer-Encoding': 'chunked', Trailer: 'Upload-Checksum', Connection: 'close' };
    await wire.send(`${patchHead(url, 0, chunked)}5\r\nhello\r\n0\r\n${trailer}\r\n`);
    const answer = await wire.untilClosed();
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(await offsetOf(url)).toBe(offset);
  });

  it('a chunk that is cut short counts nothing, and the upload goes on', async () => {
    const server = await subject(withAll);
    const url = await create(server, 1000);
    const wire = await wireTo(server);
    const value = `sha1 ${digest('sha1', bytes)}`;
    await wire.send(patchHead(url, 0, { 'Content-Length': 1000, 'Upload-Checksum': value }));
    await wire.send(bytes.subarray(0, 400));
    wire.socket.destroy();
    await expect.poll(() => server.log.filter(({ method }) => method === 'PATCH').length).toBe(1);
    expect(await offsetOf(url)).toBe(0);
    expect((await patch(url, 0, bytes)).status).toBe(204);
    expect(await content(url)).toEqual(bytes);
  });
});

describe('concatenation', () => {
  const partial = { 'Upload-Concat': 'partial' };
  const part = async (server: RunningServer, text: string, send = text.length) => {
    const url = await create(server, text.length, partial);
    await patch(url, 0, Buffer.from(text).subarray(0, send));
    return url;
  };
  const final = (server: RunningServer, urls: readonly string[], more: Record<string, string> = {}) =>
    post(server, { 'Upload-Concat': `final;${urls.join(' ')}`, ...more });
  const located = (server: RunningServer, answer: Response) =>
    new URL(answer.headers.get('location') ?? '', server.url).href;

  it('makes a final upload of its parts, in the order in which they are named', async () => {
    const server = await subject(withAll);
    const [hello, world] = [await part(server, 'hello'), await part(server, ' world')];
    for (const [urls, text] of [
      [[hello, world], 'hello world'],
      [[world, hello], ' worldhello'],
      [[hello, hello].map((url) => new URL(url).pathname), 'hellohello'],
    ] as const) {
      const answer = await final(server, urls);
      expect(answer.status).toBe(201);
      const url = located(server, answer);
      const told = await head(url);
      expect(told.headers.get('upload-concat')).toBe(`final;${urls.join(' ')}`);
      expect(told.headers.get('upload-length')).toBe(String(text.length));
      expect(told.headers.get('upload-offset')).toBe(String(text.length));
      expect(String(await content(url))).toBe(text);
    }
    expect((await head(hello)).headers.get('upload-concat')).toBe('partial');
  });

  it('keeps its own metadata, and none of the parts', async () => {
    const server = await subject(withAll);
    const url = await create(server, 1, { ...partial, 'Upload-Metadata': 'secret c2VjcmV0' });
    await patch(url, 0, Buffer.from('x'));
    const plain = await head(located(server, await final(server, [url])));
    expect(plain.headers.has('upload-metadata')).toBe(false);
    const named = located(server, await final(server, [url], { 'Upload-Metadata': 'filename dmlkZW8ubXA0' }));
    expect((await head(named)).headers.get('upload-metadata')).toBe('filename dmlkZW8ubXA0');
    expect(await readFile(join(server.dir, 'video.mp4'), 'utf8')).toBe('x');
  });

  it('is joined when parts that were unfinished are there', async () => {
    const server = await subject(withAll);
    const [hello, world] = [await part(server, 'hello', 2), await part(server, ' world')];
    const url = located(server, await final(server, [hello, world]));
    const before = await head(url);
    expect(before.headers.get('upload-length')).toBe('11');
    expect(before.headers.has('upload-offset')).toBe(false);
    await patch(hello, 2, Buffer.from('llo'));
    expect((await head(url)).headers.get('upload-offset')).toBe('11');
    expect(String(await content(url))).toBe('hello world');
  });

  it('refuses unfinished parts where it does not offer to wait for them', async () => {
    const extensions = allExtensions.filter(({ name }) => name !== 'concatenation-unfinished');
    const server = await subject({ protocol: 'tus', extensions });
    expect((await final(server, [await part(server, 'hello', 2)])).status).toBe(400);
  });

  it('takes no bytes for a final upload', async () => {
    const server = await subject(withAll);
    const url = located(server, await final(server, [await part(server, 'hello')]));
    expect((await patch(url, 5, Buffer.from('!'))).status).toBe(403);
    expect((await patch(url, 0, Buffer.from('!'))).status).toBe(403);
    expect(String(await content(url))).toBe('hello');
  });

  it('refuses what is no list of parts that it has', async () => {
    const server = await subject({ ...withAll, maxSizeBytes: 9 });
    const [hello, other, ordinary] = [
      await part(server, 'hello'),
      await part(server, 'world'),
      await create(server, 1),
    ];
    const unknown = hello.replace(/[^/]+$/, '00000000-0000-4000-8000-000000000000');
    for (const headers of [
      { 'Upload-Concat': 'final;' },
      { 'Upload-Concat': 'final' },
      { 'Upload-Concat': 'Partial', 'Upload-Length': '5' },
      { 'Upload-Concat': `final;${hello} ${unknown}` },
      { 'Upload-Concat': `final;${ordinary}` },
      { 'Upload-Concat': `final;${hello}`, 'Upload-Length': '5' },
      { 'Upload-Concat': `final;${hello} ../../etc/passwd` },
    ]) {
      expect((await post(server, headers)).status, JSON.stringify(headers)).toBe(400);
    }
    expect((await final(server, [hello, other])).status).toBe(413);
  });

  it('removes parts some time after they were joined, but none that another final upload waits for', async () => {
    const extensions = [concatenation({}, { keptMs: 0, sweepEveryMs: 20 }), concatenationUnfinished];
    const server = await subject({ protocol: 'tus', extensions });
    const [hello, world, unjoined] = [
      await part(server, 'hello'),
      await part(server, ' world'),
      await part(server, 'x'),
    ];
    const late = await part(server, 'late', 2);
    const waiting = located(server, await final(server, [world, late]));
    const url = located(server, await final(server, [hello, world]));
    await expect.poll(async () => (await head(hello)).status, patient).toBe(404);
    for (const kept of [world, unjoined, late]) expect((await head(kept)).status).toBe(200);
    await patch(late, 2, Buffer.from('te'));
    expect(String(await content(waiting))).toBe(' worldlate');
    await expect.poll(async () => (await head(world)).status, patient).toBe(404);
    expect((await head(unjoined)).status).toBe(200);
    expect(String(await content(url))).toBe('hello world');
    expect((await head(url)).headers.get('upload-length')).toBe('11');
    await expect
      .poll(
        async () => (await readdir(join(server.dir, '.incomplete'))).filter((name) => name.endsWith('.data')),
        patient,
      )
      .toEqual([`${unjoined.split('/').at(-1)}.data`]);
  });

  it('keeps the parts for a while, for a join whose answer was lost', async () => {
    let nowMs = Date.now();
    const times = { keptMs: 60_000, sweepEveryMs: 20, nowMs: () => nowMs };
    const server = await subject({ protocol: 'tus', extensions: [concatenation({}, times)] });
    const hello = await part(server, 'hello');
    await final(server, [hello]);
    nowMs += 50_000;
    await new Promise((resolve) => setTimeout(resolve, 100)); // several sweeps
    expect((await final(server, [hello])).status).toBe(201);
    nowMs += 70_000;
    await expect.poll(async () => (await head(hello)).status, patient).toBe(404);
  });

  it('keeps them for a while after the join, also behind a restart', async () => {
    const before = await subject(withAll);
    const hello = await part(before, 'hello');
    const url = located(before, await final(before, [hello]));
    await before.close();
    // The part rested for long before it was joined.
    let nowMs = Date.now();
    const longAgo = new Date(nowMs - 3_600_000);
    await utimes(join(before.dir, '.incomplete', `${idOf(hello)}.data`), longAgo, longAgo);
    const times = { keptMs: 60_000, sweepEveryMs: 20, nowMs: () => nowMs };
    const server = await subject({
      protocol: 'tus',
      extensions: [concatenation({}, times)],
      dir: before.dir,
    });
    const there = (of: string) => head(new URL(new URL(of).pathname, server.url).href);
    await new Promise((resolve) => setTimeout(resolve, 200)); // several sweeps
    expect((await there(hello)).status).toBe(200);
    nowMs += 120_000;
    await expect.poll(async () => (await there(hello)).status, patient).toBe(404);
    expect((await there(url)).status).toBe(200);
  });

  it('keeps a whole of no bytes, which is told of at once, also behind a restart', async () => {
    const before = await subject(withAll);
    const url = located(before, await final(before, [await part(before, '')]));
    await before.close();
    const extensions = [concatenation({}, { keptMs: 0, sweepEveryMs: 20 })];
    const server = await subject({ protocol: 'tus', extensions, dir: before.dir });
    await new Promise((resolve) => setTimeout(resolve, 200)); // several sweeps
    expect((await head(new URL(new URL(url).pathname, server.url).href)).status).toBe(200);
    expect(await readFile(join(server.dir, idOf(url)), 'utf8')).toBe('');
  });

  it('joins what nobody asks for, and then removes its parts', async () => {
    const extensions = [concatenation({}, { keptMs: 0, sweepEveryMs: 20 }), concatenationUnfinished];
    const server = await subject({ protocol: 'tus', extensions });
    const [hello, world] = [await part(server, 'hello', 2), await part(server, ' world')];
    const url = located(server, await final(server, [hello, world]));
    await patch(hello, 2, Buffer.from('llo'));
    await expect.poll(() => readFile(join(server.dir, idOf(url)), 'utf8'), patient).toBe('hello world');
    for (const removed of [hello, world])
      await expect.poll(async () => (await head(removed)).status, patient).toBe(404);
  });

  it('keeps no part for what can never be joined, since another part of it is gone', async () => {
    const sweeping = concatenation({}, { keptMs: 0, sweepEveryMs: 20 });
    const extensions = [termination, sweeping, concatenationUnfinished];
    const server = await subject({ protocol: 'tus', extensions });
    const [hello, late] = [await part(server, 'hello'), await part(server, 'late', 2)];
    await final(server, [hello, late]);
    await final(server, [hello]);
    expect((await fetch(late, { method: 'DELETE', headers: tus })).status).toBe(204);
    await expect.poll(async () => (await head(hello)).status, patient).toBe(404);
  });

  it.each([
    ['in the middle', 5],
    ['behind its last byte', 11],
  ])(
    'a join that a crash cut off %s, and of which nobody was told, goes away with the parts',
    async (_, at) => {
      const crash = await crashedJoin(at);
      let nowMs = performance.timeOrigin + performance.now();
      const sweeping = concatenation({}, { keptMs: 60_000, sweepEveryMs: 20, nowMs: () => nowMs });
      const server = await subject({ protocol: 'tus', extensions: [sweeping], dir: crash.dir });
      const work = join(crash.dir, '.incomplete');
      expect((await readdir(work)).filter((name) => name.endsWith('.data'))).toHaveLength(3);
      const url = located(server, await final(server, crash.parts));
      expect(String(await content(url))).toBe('hello world');
      nowMs += 120_000;
      await expect.poll(() => readdir(work), patient).toHaveLength(2);
      expect((await readdir(work)).sort()).toEqual([`${idOf(url)}.json`, 'lock'].sort());
      expect((await readdir(crash.dir)).sort()).toEqual(['.incomplete', idOf(url)].sort());
    },
  );

  it('a join that a crash cut off behind its last byte stays where HEAD has acknowledged it since', async () => {
    const crash = await crashedJoin(11);
    const extensions = [concatenation({}, { keptMs: 0, sweepEveryMs: 20 })];
    const asked = await subject({ ...withAll, dir: crash.dir });
    const url = `${asked.url}/${await wholeIn(crash.dir)}`;
    expect(await offsetOf(url)).toBe(11);
    await asked.close();
    const server = await subject({ protocol: 'tus', extensions, dir: crash.dir });
    // The parts of what is whole and safe go: a sweep that knows it has been here.
    const [hello = ''] = crash.parts.map((one) =>
      one.replace(new URL(one).origin, new URL(server.url).origin),
    );
    await expect.poll(async () => (await head(hello)).status, patient).toBe(404);
    expect(String(await content(url.replace(asked.url, server.url)))).toBe('hello world');
  });

  it('a join that a crash cut off stays where HEAD has acknowledged it since, also before finalize', async () => {
    const crash = await crashedJoin(11);
    const asked = await subject({ protocol: 'pulse', extensions: allExtensions, dir: crash.dir });
    const url = `${asked.url}/uploads/${await wholeIn(crash.dir)}`;
    expect(await Promise.all([offsetOf(url), offsetOf(url)])).toEqual([11, 11]);
    await asked.close();
    const extensions = [concatenation({}, { keptMs: 0, sweepEveryMs: 20 })];
    const server = await subject({ protocol: 'pulse', extensions, dir: crash.dir });
    // The parts of what is whole and safe go: a sweep that knows it has been here.
    const hello = `${server.url}/uploads/${idOf(crash.parts[0] ?? '')}`;
    await expect.poll(async () => (await head(hello)).status, patient).toBe(404);
    expect((await finalize(server, url)).status).toBe(200);
    expect(await readFile(join(server.dir, 'video.mp4'), 'utf8')).toBe('hello world');
  });

  it('a join that a crash cut off is not swept away while it is settled for whoever asked for it', async () => {
    const crash = await crashedJoin(11);
    let settles = () => {};
    const isSettling = new Promise<void>((resolve) => (settles = resolve));
    const server = await subject({
      protocol: 'tus',
      extensions: [concatenation({}, { sweepEveryMs: 20 })],
      dir: crash.dir,
      behaviour: {
        store: (store) => ({
          ...store,
          ids: async () => {
            await isSettling;
            return store.ids();
          },
          sync: async (id) => {
            settles();
            await new Promise((resolve) => setTimeout(resolve, 300)); // the sweep comes by
            await store.sync(id);
          },
        }),
      },
    });
    const url = `${server.url}/${await wholeIn(crash.dir)}`;
    expect(await offsetOf(url)).toBe(11);
    expect(String(await content(url))).toBe('hello world');
  });

  /** The id of the only final upload. */
  async function wholeIn(dir: string): Promise<string> {
    const work = join(dir, '.incomplete');
    for (const name of (await readdir(work)).filter((each) => each.endsWith('.json')))
      if (JSON.parse(await readFile(join(work, name), 'utf8')).concat?.kind === 'final')
        return name.replace(/[.]json$/, '');
    throw new Error('no final upload there');
  }

  /** What is on the disk of a server that crashed when it had joined so many bytes. */
  async function crashedJoin(atBytes: number): Promise<{ readonly dir: string; readonly parts: string[] }> {
    const dir = await freshFolder();
    let joinedBytes = 0;
    const server = await subject({
      ...withAll,
      behaviour: {
        store: (store) => ({
          ...store,
          write: async (id) => {
            const writer = await store.write(id);
            const isWhole = (await store.load(id))?.info.concat?.kind === 'final';
            if (!isWhole) return writer;
            return {
              ...writer,
              write: async (...args) => {
                const bytes = await writer.write(...args);
                joinedBytes += bytes;
                if (joinedBytes === atBytes) await cp(server.dir, dir, { recursive: true });
                return bytes;
              },
            };
          },
        }),
      },
    });
    const parts = [await part(server, 'hello'), await part(server, ' world')];
    expect((await final(server, parts)).status).toBe(201);
    await server.close();
    return { dir, parts };
  }

  it('a part is not finalized as a video', async () => {
    const server = await subject({ protocol: 'pulse', extensions: allExtensions });
    const url = await create(server, 5, partial);
    await patch(url, 0, payload(5));
    const answer = await fetch(`${server.url}/uploads/finalize`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ uploadId: url.split('/').at(-1), filename: 'a.mp4' }),
    });
    expect(answer.status).toBe(409);
  });

  it('is put together again after a crash in the middle of it', async () => {
    const server = await subject(withAll);
    const [hello, world] = [await part(server, 'hello', 2), await part(server, ' world')];
    const url = located(server, await final(server, [hello, world]));
    await patch(hello, 2, Buffer.from('llo'));
    await server.close();
    const again = await subject({ ...withAll, dir: server.dir });
    expect(String(await content(url.replace(server.url, again.url)))).toBe('hello world');
  });
});

describe('expiration', () => {
  it('tells the deadline, moves it with every chunk, and answers 410 behind it', async () => {
    let nowMs = Date.now();
    const server = await subject({
      protocol: 'tus',
      extensions: [...allExtensions, expiration(60_000, () => nowMs)],
    });
    const answer = await post(server, { 'Upload-Length': '10' });
    const url = new URL(answer.headers.get('location') ?? '', server.url).href;
    const deadlineMs = Date.parse(answer.headers.get('upload-expires') ?? '');
    expect(answer.headers.get('upload-expires')).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    expect(Math.abs(deadlineMs - Date.now() - 60_000)).toBeLessThan(30_000);
    expect((await patch(url, 0, payload(4))).headers.has('upload-expires')).toBe(true);
    nowMs += 200_000;
    expect((await patch(url, 4, payload(6))).status).toBe(410);
    expect((await head(url)).status).toBe(410);
    expect(await readdir(join(server.dir, '.incomplete'))).toEqual(['lock']);
  });

  it('spares a final upload while its parts are joined, however long that takes', async () => {
    let nowMs = performance.timeOrigin + performance.now();
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const server = await subject({
      protocol: 'tus',
      extensions: [...allExtensions, expiration(hourMs / 10_000, () => nowMs)],
      behaviour: {
        store: (store) => ({
          ...store,
          write: async (id) => {
            if ((await store.load(id))?.info.concat?.kind === 'final') await gate;
            return store.write(id);
          },
        }),
      },
    });
    const part = await create(server, 5, { 'Upload-Concat': 'partial' });
    await patch(part, 0, Buffer.from('hello'));
    const answer = post(server, { 'Upload-Concat': `final;${part}` });
    const uploads = async () =>
      (await readdir(join(server.dir, '.incomplete'))).filter((name) => name.endsWith('.data')).length;
    await expect.poll(uploads, patient).toBe(2);
    // When two that expire are gone, one after another, a sweep has seen the final upload too.
    for (const _ of [1, 2]) {
      await create(server, 10);
      nowMs += hourMs;
      await expect.poll(uploads, patient).toBe(2);
      nowMs -= hourMs;
    }
    letGo();
    expect((await answer).status).toBe(201);
    const url = new URL((await answer).headers.get('location') ?? '', server.url).href;
    expect(String(await content(url))).toBe('hello');
  });

  it('goes by the time that passes, whatever the machine’s clock is set to', async () => {
    const server = await subject({ protocol: 'tus', extensions: [...allExtensions, expiration(hourMs)] });
    const url = await create(server, 10);
    await patch(url, 0, payload(4));
    clockIsSet(2 * hourMs);
    const answer = await patch(url, 4, payload(5));
    expect(answer.status).toBe(204);
    const leftMs = Date.parse(answer.headers.get('upload-expires') ?? '') - Date.now();
    expect(leftMs).toBeGreaterThan(hourMs / 2);
    expect(leftMs).toBeLessThanOrEqual(hourMs);
    expect(await offsetOf(url)).toBe(9);
  });

  it('goes by the dates of the files after a restart, and by none that has yet to come', async () => {
    const server = await subject({ protocol: 'tus' });
    const [rested, ahead] = [await create(server, 10), await create(server, 10)];
    await server.close();
    const dated = (url: string, ms: number) =>
      utimes(join(server.dir, '.incomplete', `${idOf(url)}.data`), ms / 1000, ms / 1000);
    await dated(rested, Date.now() - 2 * hourMs);
    await dated(ahead, Date.now() + 2 * hourMs);
    const extensions = [...allExtensions, expiration(hourMs)];
    const again = await subject({ protocol: 'tus', extensions, dir: server.dir });
    expect((await head(rested.replace(server.url, again.url))).status).toBe(410);
    const answer = await head(ahead.replace(server.url, again.url));
    expect(Date.parse(answer.headers.get('upload-expires') ?? '')).toBeLessThanOrEqual(Date.now() + hourMs);
  });

  it('spares what is complete', async () => {
    let nowMs = Date.now();
    const server = await subject({
      protocol: 'tus',
      extensions: [...allExtensions, expiration(60_000, () => nowMs)],
    });
    const url = await create(server, 4);
    const answer = await patch(url, 0, payload(4));
    expect(answer.headers.has('upload-expires')).toBe(false);
    nowMs += 200_000;
    expect(sha256(await content(url))).toBe(sha256(payload(4)));
  });

  it('removes by itself what nobody asks for any more', async () => {
    const server = await subject({ protocol: 'tus', extensions: [...allExtensions, expiration(1)] });
    await post(server, { 'Upload-Length': '10' });
    await expect.poll(() => readdir(join(server.dir, '.incomplete')), { timeout: 20_000 }).toEqual(['lock']);
  });
});
