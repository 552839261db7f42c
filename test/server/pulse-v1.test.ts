import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { expiration } from '../../src/server/extensions/expiration.ts';
import { allExtensions } from '../../src/server/extensions.ts';
import type { RunningServer, ServerSettings } from '../../src/server/server.ts';
import {
  eventually,
  head,
  octets,
  offsetOf,
  patch,
  payload,
  sha256,
  subject,
  tus,
  wireTo,
} from './harness.ts';

const v1 = { protocol: 'pulse-v1' } as const;

function metadata(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');
}

function post(
  server: RunningServer,
  pairs: Readonly<Record<string, string>>,
  sizeBytes: number,
  headers: Record<string, string> = {},
  body?: Uint8Array,
): Promise<Response> {
  return fetch(`${server.url}/upload`, {
    method: 'POST',
    headers: {
      ...tus,
      'Upload-Length': String(sizeBytes),
      ...(Object.keys(pairs).length > 0 && { 'Upload-Metadata': metadata(pairs) }),
      ...headers,
    },
    ...(body && { body: Buffer.from(body) }),
  });
}

async function created(server: RunningServer, pairs: Readonly<Record<string, string>>, sizeBytes: number) {
  const answer = await post(server, pairs, sizeBytes);
  expect(answer.status).toBe(201);
  return new URL(answer.headers.get('location') ?? '', server.url).href;
}

const artifact = (server: RunningServer, id: string, init?: RequestInit) =>
  fetch(`${server.url}/artifacts/${id}`, init);

const named = (more: Readonly<Record<string, string>> = {}) => ({
  artifactId: randomUUID(),
  filename: 'clip.mp4',
  ...more,
});

describe('capabilities', () => {
  it('says everything that a client must know, to anyone', async () => {
    const server = await subject({ ...v1, token: 'secret-of-the-test', maxSizeBytes: 12_345 });
    const answer = await fetch(`${server.url}/capabilities`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual({
      protocolVersion: 1,
      minSupportedVersion: 1,
      maxSupportedVersion: 1,
      uploadUnit: 'merged',
      kinds: ['video', 'project', 'captions', 'thumbnail'],
      allowedExtensions: {
        video: ['.mp4'],
        project: ['.pulse', '.zip'],
        captions: ['.vtt'],
        thumbnail: ['.jpg', '.jpeg', '.png'],
      },
      maxUploadSize: 12_345,
      checksum: { algorithms: ['sha256', 'sha1', 'md5'] },
    });
  });

  it('keeps the maximum that it states', async () => {
    const server = await subject({ ...v1, maxSizeBytes: 10 });
    expect((await post(server, named(), 11)).status).toBe(413);
    expect((await post(server, named(), 10)).status).toBe(201);
  });
});

describe('an artifact', () => {
  it('is served once its last byte is there, and not before', async () => {
    const server = await subject(v1);
    const bytes = payload(3000);
    const pairs = named({ checksum: `sha256:${sha256(bytes)}`, name: 'Vidéo 🎥' });
    const url = await created(server, pairs, 3000);
    expect(url).toBe(`${server.url}/upload/${pairs.artifactId}`);
    expect((await artifact(server, pairs.artifactId)).status).toBe(404);
    await patch(url, 0, bytes.subarray(0, 2999));
    expect((await artifact(server, pairs.artifactId)).status).toBe(404);
    expect((await patch(url, 2999, bytes.subarray(2999))).status).toBe(204);
    const answer = await artifact(server, pairs.artifactId);
    expect(answer.headers.get('content-type')).toBe('video/mp4');
    expect(answer.headers.get('protocol-version')).toBe('1');
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes);
    expect(await readdir(server.dir)).toContain(`${pairs.artifactId}.mp4`);
  });

  it.each([
    ['bytes=0-99', 206, 'bytes 0-99/3000', 0, 100],
    ['bytes=2990-', 206, 'bytes 2990-2999/3000', 2990, 3000],
    ['bytes=-10', 206, 'bytes 2990-2999/3000', 2990, 3000],
    ['bytes=10-99999', 206, 'bytes 10-2999/3000', 10, 3000],
    ['bytes=0-1,5-6', 200, null, 0, 3000],
    ['bytes=9-3', 200, null, 0, 3000],
    ['bytes=3000-', 416, 'bytes */3000', 0, 0],
  ])('range %s', async (range, status, contentRange, from, to) => {
    const server = await subject(v1);
    const pairs = named();
    await patch(await created(server, pairs, 3000), 0, payload(3000));
    const answer = await artifact(server, pairs.artifactId, { headers: { Range: range } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-range')).toBe(contentRange);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(payload(3000).subarray(from, to));
  });

  it('has its length in the answer to a HEAD, and in none without a body to what is a POST on the wire', async () => {
    const server = await subject(v1);
    const pairs = named();
    await patch(await created(server, pairs, 3000), 0, payload(3000));
    const wire = await wireTo(server);
    const rest = `/artifacts/${pairs.artifactId} HTTP/1.1\r\nHost: test\r\n`;
    await wire.send(`POST ${rest}X-HTTP-Method-Override: HEAD\r\nContent-Length: 0\r\n\r\nHEAD ${rest}\r\n`);
    const both = await wire.received(/\r\n\r\n[\s\S]*\r\n\r\n$/);
    expect(both.match(/HTTP\/1\.1 \d+|Content-Length: \d+/g)).toEqual([
      ...['HTTP/1.1 200', 'Content-Length: 0'],
      ...['HTTP/1.1 200', 'Content-Length: 3000'],
    ]);
  });

  it('is removed where its bytes do not have the checksum, and may then come again', async () => {
    const server = await subject(v1);
    const bytes = payload(50);
    const wrong = named({ checksum: `md5:${createHash('md5').update('other').digest('hex')}` });
    const url = await created(server, wrong, 50);
    expect((await patch(url, 0, bytes.subarray(0, 20))).status).toBe(204);
    const last = await patch(url, 20, bytes.subarray(20));
    expect(last.status).toBe(422);
    expect(await last.json()).toMatchObject({ ok: false, error: expect.stringContaining('md5') });
    expect((await head(url)).status).toBe(404);
    expect((await artifact(server, wrong.artifactId)).status).toBe(404);
    const right = { ...wrong, checksum: `md5:${createHash('md5').update(bytes).digest('hex')}` };
    await patch(await created(server, right, 50), 0, bytes);
    expect((await artifact(server, wrong.artifactId)).status).toBe(200);
  });

  it.each([
    ['in one request', 50],
    ['of no bytes', 0],
  ])('a wrong checksum %s is refused as well', async (_what, sizeBytes) => {
    const server = await subject(v1);
    const pairs = named({ checksum: `sha256:${'0'.repeat(64)}` });
    const body = sizeBytes > 0 ? payload(sizeBytes) : undefined;
    expect((await post(server, pairs, sizeBytes, body && octets, body)).status).toBe(422);
    expect((await artifact(server, pairs.artifactId)).status).toBe(404);
  });

  it('goes away by DELETE, finished or not, and its id is free again', async () => {
    const server = await subject(v1);
    const pairs = named();
    for (const sent of [20, 50]) {
      const url = await created(server, pairs, 50);
      await patch(url, 0, payload(50).subarray(0, sent));
      expect((await artifact(server, pairs.artifactId, { method: 'DELETE' })).status).toBe(204);
      expect((await head(url)).status).toBe(404);
      expect((await artifact(server, pairs.artifactId)).status).toBe(404);
      expect((await artifact(server, pairs.artifactId, { method: 'DELETE' })).status).toBe(404);
    }
    expect((await readdir(server.dir)).filter((name) => name.endsWith('.mp4'))).toEqual([]);
  });

  it('is there after a crash between its last byte and the answer', async () => {
    const server = await subject(v1);
    const pairs = named();
    const url = await created(server, pairs, 5);
    await server.close();
    const { appendFile } = await import('node:fs/promises');
    await appendFile(join(server.dir, '.incomplete', `${pairs.artifactId}.data`), 'hello');
    const again = await subject({ ...v1, dir: server.dir });
    expect(await offsetOf(url.replace(server.url, again.url))).toBe(5);
    expect(await (await artifact(again, pairs.artifactId)).text()).toBe('hello');
  });

  it.each(['zzz', '..%2f..', '%00'])('%s is no id', async (id) => {
    const server = await subject(v1);
    expect((await artifact(server, id)).status).toBe(400);
  });
});

describe('creation', () => {
  it.each([
    ['no metadata', {}],
    ['no artifactId', { filename: 'a.mp4' }],
    ['an artifactId that is no UUID', { artifactId: '../x', filename: 'a.mp4' }],
    ['no filename', { artifactId: randomUUID() }],
    ['an ending that is not of the kind', { artifactId: randomUUID(), filename: 'a.mp4', kind: 'captions' }],
    ['an ending that is allowed for none', { artifactId: randomUUID(), filename: 'a.mp4.exe' }],
    ['a kind that is not known', { artifactId: randomUUID(), filename: 'a.mp4', kind: 'zzz' }],
    ['a kind of every object', { artifactId: randomUUID(), filename: 'a.mp4', kind: 'constructor' }],
    ['two ids', { artifactId: randomUUID(), videoid: randomUUID(), filename: 'a.mp4' }],
  ])('is refused with %s', async (_what, pairs) => {
    const server = await subject(v1);
    const answer = await post(server, pairs, 5);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ ok: false, error: expect.any(String) });
    expect(answer.headers.get('protocol-version')).toBe('1');
  });

  it.each(['videoid', 'projectid'])('takes %s in place of artifactId', async (alias) => {
    const server = await subject(v1);
    expect((await post(server, { [alias]: randomUUID(), filename: 'a.MP4' }, 5)).status).toBe(201);
  });

  it('takes an id once, in either case, and of two at the same time one', async () => {
    const server = await subject(v1);
    const pairs = named();
    const both = await Promise.all([post(server, pairs, 5), post(server, pairs, 5)]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    const upper = { ...pairs, artifactId: pairs.artifactId.toUpperCase() };
    expect((await post(server, upper, 5)).status).toBe(409);
    const url = `${server.url}/upload/${pairs.artifactId}`;
    await patch(url, 0, payload(5));
    expect((await post(server, pairs, 5)).status).toBe(409);
    expect(sha256(await readFile(join(server.dir, `${pairs.artifactId}.mp4`)))).toBe(sha256(payload(5)));
  });
});

/** Half of the bytes have come with their creation, and then nothing more. */
async function pausing(settings: Partial<ServerSettings> = {}) {
  const server = await subject({ ...v1, ...settings });
  const bytes = payload(2000);
  const pairs = named({ checksum: `sha256:${sha256(bytes)}` });
  const wire = await wireTo(server);
  const headers = {
    Host: 'test',
    ...tus,
    ...octets,
    'Upload-Length': 2000,
    'Upload-Metadata': metadata(pairs),
    'Content-Length': 2000,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  await wire.send(`POST /upload HTTP/1.1\r\n${lines.join('')}\r\n`);
  await wire.send(bytes.subarray(0, 1000));
  const url = `${server.url}/upload/${pairs.artifactId}`;
  await eventually(
    async () => ((await head(url)).headers.get('upload-offset') === '1000' ? true : undefined),
    () => 'half of the bytes to be stored',
  );
  return { server, bytes, pairs, wire, url };
}

describe('a creation whose body pauses', () => {
  it('gives way to a PATCH, and neither adds a byte nor removes the upload afterwards', async () => {
    const { server, bytes, pairs, wire, url } = await pausing();
    expect((await patch(url, 1000, bytes.subarray(1000, 1500))).status).toBe(204);
    await wire.send(payload(1000, 'other bytes'));
    expect(await wire.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 409 .*"ok":false/s);
    expect(await offsetOf(url)).toBe(1500);
    expect((await patch(url, 1500, bytes.subarray(1500))).status).toBe(204);
    expect(Buffer.from(await (await artifact(server, pairs.artifactId)).arrayBuffer())).toEqual(bytes);
  });

  it('is no creation that a PATCH takes over while its bytes still come', async () => {
    const { bytes, wire, url } = await pausing({ limits: { stallMs: 60_000 } });
    let refused: Response | undefined;
    const second = patch(url, 1000, bytes.subarray(1000)).then((answer) => {
      refused = answer;
    });
    let at = 1000;
    for (; refused === undefined && at < 1999; at++) {
      await wire.send(bytes.subarray(at, at + 1));
      await sleep(30);
    }
    await second;
    expect(refused?.status).toBe(503);
    await wire.send(bytes.subarray(at));
    expect(await wire.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 201 .*upload-offset: 2000/is);
  });

  it('is stopped by DELETE, and takes nothing of what is created anew', async () => {
    const { server, bytes, pairs, wire, url } = await pausing();
    expect((await artifact(server, pairs.artifactId, { method: 'DELETE' })).status).toBe(204);
    await created(server, pairs, 2000);
    expect((await patch(url, 0, bytes.subarray(0, 1500))).status).toBe(204);
    expect(await wire.untilClosed()).toMatch(/^HTTP\/1\.1 404 /);
    expect((await patch(url, 1500, bytes.subarray(1500))).status).toBe(204);
    expect(Buffer.from(await (await artifact(server, pairs.artifactId)).arrayBuffer())).toEqual(bytes);
  });

  it('does not expire meanwhile', async () => {
    let nowMs = performance.timeOrigin + performance.now();
    const extensions = [...allExtensions, expiration(60_000, () => nowMs)];
    const { bytes, wire, url } = await pausing({ extensions });
    nowMs += 200_000;
    expect(await offsetOf(url)).toBe(1000);
    nowMs -= 200_000;
    await wire.send(bytes.subarray(1000));
    expect(await wire.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 201 .*upload-offset: 2000/is);
  });

  it('leaves nothing behind where it is cut and nobody came for it', async () => {
    const { server, pairs, wire, url } = await pausing();
    wire.socket.resetAndDestroy();
    await eventually(
      () => server.log.find(({ method }) => method === 'POST'),
      () => 'the creation to end',
    );
    expect((await head(url)).status).toBe(404);
    await created(server, pairs, 2000);
    expect(await offsetOf(url)).toBe(0);
  });
});

describe('the token', () => {
  const token = 'token-of-the-test';
  const bearer = { Authorization: `Bearer ${token}` };

  it('is asked for everywhere: 401 without one, 403 with a wrong one', async () => {
    const server = await subject({ ...v1, token });
    const pairs = named();
    expect((await post(server, pairs, 5)).status).toBe(401);
    expect((await post(server, pairs, 5, { Authorization: 'Bearer wrong' })).status).toBe(403);
    const answer = await post(server, pairs, 5, bearer);
    const url = new URL(answer.headers.get('location') ?? '', server.url).href;
    for (const method of ['HEAD', 'PATCH', 'DELETE']) {
      const ask = (headers: Record<string, string>) =>
        fetch(url, { method, headers: { ...tus, ...headers } });
      expect([(await ask({})).status, (await ask({ Authorization: 'Bearer wrong' })).status]).toEqual([
        401, 403,
      ]);
    }
    expect((await patch(url, 0, payload(5), bearer)).status).toBe(204);
    expect((await artifact(server, pairs.artifactId, { method: 'DELETE' })).status).toBe(401);
  });

  it('may stand in the query for playback, and only there', async () => {
    const server = await subject({ ...v1, token });
    const pairs = named();
    const answer = await post(server, pairs, 5, bearer);
    const url = new URL(answer.headers.get('location') ?? '', server.url).href;
    await patch(url, 0, payload(5), bearer);
    expect((await artifact(server, `${pairs.artifactId}?token=${token}`)).status).toBe(200);
    expect((await artifact(server, `${pairs.artifactId}?token=wrong`)).status).toBe(403);
    expect((await artifact(server, pairs.artifactId)).status).toBe(401);
    expect((await fetch(`${url}?token=${token}`, { method: 'HEAD', headers: tus })).status).toBe(401);
    expect(JSON.stringify(server.log)).not.toContain(token);
  });
});
