import { mkdir, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { diskStore } from '../../src/server/store/disk-store.ts';
import {
  create,
  eventually,
  finalize,
  freshFolder,
  head,
  octets,
  offsetBecomes,
  offsetOf,
  onDisk,
  patch,
  patchHead,
  payload,
  provenAnswer,
  subject,
  tus,
  wireTo,
} from './harness.ts';

const MiB = 1024 * 1024;

describe('a request that is refused before its body is read', () => {
  it('is answered while the client has not sent any of it', async () => {
    const server = await subject({ token: 'secret' });
    const good = { 'X-Upload-Token': 'secret' };
    const url = await create(server, 2 ** 40, good);
    const wrong = [
      [409, patchHead(url, 5, { ...good, 'Content-Length': 2 ** 30 })],
      [413, patchHead(url, 0, { ...good, 'Content-Length': 2 ** 41 })],
      [401, patchHead(url, 0, { 'Content-Length': 2 ** 30 })],
      [412, patchHead(url, 0, { ...good, 'Content-Length': 2 ** 30, 'Tus-Resumable': '2.0.0' })],
      [404, patchHead(`${server.url}/uploads/x`, 0, { ...good, 'Content-Length': 2 ** 30 })],
      [415, patchHead(url, 0, { ...good, 'Content-Length': 2 ** 30, 'Content-Type': 'text/plain' })],
    ] as const;
    for (const [status, text] of wrong) {
      const wire = await wireTo(server);
      await wire.send(text);
      expect(await wire.received(/\r\n\r\n\{.*\}$/)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(await wire.received(/\r\n\r\n/)).toContain('Connection: close');
      wire.socket.destroy();
    }
    expect((await head(url, good)).headers.get('upload-offset')).toBe('0');
  });

  it('can still be answered to a client that sends its whole body first', async () => {
    const server = await subject();
    const url = await create(server, 8 * MiB);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 5, { 'Content-Length': 8 * MiB }));
    // Nothing is read before all is sent, as simple clients do: a reset would lose the answer.
    wire.socket.pause();
    await wire.send(payload(8 * MiB));
    wire.socket.resume();
    expect(await wire.untilClosed()).toMatch(/^HTTP\/1\.1 409 /);
    expect(await offsetOf(url)).toBe(0);
  });

  it('leaves a connection with a small body usable and in step', async () => {
    const server = await subject();
    const url = await create(server, 300_000);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 5, { 'Content-Length': 200_000 }));
    await wire.received(/ 409 /);
    await wire.send(payload(200_000));
    await wire.send(patchHead(url, 0, { 'Content-Length': 3 }));
    await wire.send('abc');
    const text = await wire.received(/ 204 /);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 409', 'HTTP/1.1 204']);
    expect(await offsetOf(url)).toBe(3);
  });
});

describe('a body that is there before its refusal', () => {
  // What came early makes the connection pause, and the body may be complete at that moment.
  it.each([65_000, 66_000, 131_072, 150_000, 190_000])(
    'does not stop the connection: %i bytes',
    async (size) => {
      const server = await subject({
        behaviour: {
          filter: ({ request }, next) => (request.method === 'PATCH' ? sleep(20).then(() => next()) : next()),
        },
      });
      const url = await create(server, 300_000);
      const wire = await wireTo(server);
      await wire.send(
        Buffer.concat([Buffer.from(patchHead(url, 5, { 'Content-Length': size })), payload(size)]),
      );
      await wire.received(/ 409 /);
      await wire.send(`HEAD ${new URL(url).pathname} HTTP/1.1\r\nHost: t\r\n\r\n`);
      expect(await wire.received(/ 200 /)).toContain('Upload-Offset: 0');
    },
  );
});

describe('Expect: 100-continue', () => {
  it('is invited to send the body where that will be read', async () => {
    const server = await subject();
    const url = await create(server, 5);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { Expect: '100-continue', 'Content-Length': 5 }));
    expect(await wire.received(/\r\n\r\n$/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    await wire.send('12345');
    expect(await wire.received(/ 204 /)).toContain('Upload-Offset: 5');
  });

  it('is refused without an invitation where it will not, and the connection closed', async () => {
    const server = await subject({ maxSizeBytes: 1000 });
    const url = await create(server, 5);
    const creation =
      `POST /uploads HTTP/1.1\r\nHost: t\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 1001\r\n` +
      `Content-Type: ${octets['Content-Type']}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`;
    for (const [status, text] of [
      [409, patchHead(url, 3, { Expect: '100-continue', 'Content-Length': 2 })],
      [413, creation],
    ] as const) {
      const wire = await wireTo(server);
      await wire.send(text);
      expect(await wire.untilClosed()).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*Connection: close`));
    }
  });

  it('works for a creation with data and for finalize', async () => {
    const server = await subject();
    const wire = await wireTo(server);
    await wire.send(
      `POST /uploads HTTP/1.1\r\nHost: t\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 5\r\n` +
        `Content-Type: ${octets['Content-Type']}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    );
    await wire.received(/ 100 /);
    await wire.send('12345');
    const id = /Location: \/uploads\/(\S+)/.exec(await wire.received(/ 201 [\s\S]*\r\n\r\n$/))?.[1];
    const body = JSON.stringify({ uploadId: id, filename: 'a.mp4' });
    await wire.send(
      `POST /uploads/finalize HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n` +
        `Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    await wire.received(/ 100 [\s\S]* 100 /);
    await wire.send(body);
    expect(await wire.received(/checksum/)).toContain('"size":5');
  });
});

describe('what is not HTTP', () => {
  const path = '/uploads/00000000-0000-4000-8000-000000000000';
  const requests: Readonly<Record<string, readonly [string, RegExp]>> = {
    nonsense: ['nonsense\r\n\r\n', /^HTTP\/1\.1 400 /],
    'an unknown method': [`BREW ${path} HTTP/1.1\r\nHost: t\r\n\r\n`, /^HTTP\/1\.1 400 /],
    'TRACE, which is not echoed': [
      `TRACE ${path} HTTP/1.1\r\nHost: t\r\nX-Echo: e\r\n\r\n`,
      /^HTTP\/1\.1 405 (?![\s\S]*X-Echo)/,
    ],
    'no Host': ['GET /health HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    'two lengths': [
      `PATCH ${path} HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    'a negative length': [
      `PATCH ${path} HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    'length and chunks': [
      `PATCH ${path} HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    'a head of 64 KiB': [
      `GET /health HTTP/1.1\r\nHost: t\r\nX: ${'y'.repeat(65_536)}\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    'metadata of 20 KiB': [
      `POST /uploads HTTP/1.1\r\nHost: t\r\nUpload-Metadata: a ${'YWFh'.repeat(5120)}\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
  };
  for (const [name, [text, expected]] of Object.entries(requests)) {
    it(`is answered and survived: ${name}`, async () => {
      const server = await subject();
      const wire = await wireTo(server);
      await wire.send(text);
      expect(await wire.received(/\r\n\r\n/)).toMatch(expected);
      expect((await fetch(`${server.url}/health`)).status).toBe(200);
    });
  }

  it('is survived: CONNECT, an upgrade, TLS, and connections that say nothing', async () => {
    const server = await subject();
    for (const text of ['CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', '\x16\x03\x01\x02\x00\x01', '']) {
      const wire = await wireTo(server);
      await wire.send(text);
      wire.socket.resetAndDestroy();
    }
    const wire = await wireTo(server);
    await wire.send('GET /health HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    expect(await wire.received(/OK/)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('ends a chunked body with a bad size without spoiling what came before', async () => {
    const server = await subject();
    const url = await create(server, 100);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Transfer-Encoding': 'chunked' }));
    await wire.send('5\r\n12345\r\nzz\r\n');
    expect(await wire.untilClosed()).not.toContain(' 204 ');
    await offsetBecomes(url, 5);
    expect((await patch(url, 5, payload(95))).status).toBe(204);
  });
});

describe('a connection', () => {
  it('carries a whole upload, with heads byte by byte, in other cases and with blanks', async () => {
    const server = await subject();
    const wire = await wireTo(server);
    await wire.send(
      'POST /uploads HTTP/1.1\r\nhost: t\r\nUPLOAD-LENGTH:   6  \r\ntus-resumable:1.0.0\r\nContent-Length: 0\r\n\r\n',
    );
    const path = /Location: (\S+)/.exec(await wire.received(/\r\n\r\n/))?.[1];
    const text = `PATCH ${path} HTTP/1.1\r\nHOST: t\r\nupload-OFFSET:  0 \r\ncontent-type: ${octets['Content-Type']}\r\ncontent-length: 3\r\n\r\nabc`;
    for (const letter of text) await wire.send(letter);
    await wire.received(/Upload-Offset: 3/);
    await wire.send(`HEAD ${path} HTTP/1.1\r\nHost: t\r\n\r\n`);
    await wire.received(/ 200 /);
    await wire.send(text.replace(' 0 ', ' 3 '));
    const all = await wire.received(/Upload-Offset: 6/);
    expect(all.match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 201',
      'HTTP/1.1 204',
      'HTTP/1.1 200',
      'HTTP/1.1 204',
    ]);
    expect(await (await finalize(server, `${server.url}${path}`)).json()).toEqual(
      provenAnswer(path ?? '', Buffer.from('abcabc')),
    );
  });

  it('may be HTTP/1.0, and may name the whole URL', async () => {
    const server = await subject();
    const old = await wireTo(server);
    await old.send('GET /health HTTP/1.0\r\n\r\n');
    expect(await old.untilClosed()).toMatch(/^HTTP\/1\.1 200 [\s\S]*OK/);
    const proxied = await wireTo(server);
    await proxied.send('GET http://elsewhere.test/health?x=1 HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n');
    expect(await proxied.received(/OK/)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('creates with an empty chunked body, and tells a relative Location whatever Host says', async () => {
    const server = await subject();
    const wire = await wireTo(server);
    await wire.send(
      'POST /uploads HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nUpload-Length: 1\r\n' +
        'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    const answer = await wire.received(/\r\n\r\n/);
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
    expect(answer).toMatch(/\r\nLocation: \/uploads\/[0-9a-f-]{36}\r\n/);
  });

  it('echoes metadata byte by byte, also what is not ASCII, and lets none of it become a header', async () => {
    const server = await subject();
    const injection = Buffer.from('x\r\nX-Injected: 1').toString('base64');
    const metadata = Buffer.from(`\xe9 YQ==, filename ${injection},a ,b Yg==`, 'latin1');
    const wire = await wireTo(server);
    await wire.send(
      Buffer.concat([
        Buffer.from('POST /uploads HTTP/1.1\r\nHost: t\r\nUpload-Length: 1\r\nUpload-Metadata: '),
        metadata,
        Buffer.from('\r\n\r\n'),
      ]),
    );
    const path = /Location: (\S+)/.exec(await wire.received(/\r\n\r\n/))?.[1];
    await wire.send(`HEAD ${path} HTTP/1.1\r\nHost: t\r\n\r\n`);
    const answer = await wire.received(/ 200 [\s\S]*\r\n\r\n$/);
    expect(answer).toContain(`\r\nUpload-Metadata: ${metadata.toString('latin1')}\r\n`);
    expect(answer).not.toMatch(/^X-Injected/im);
  });
});

describe('trouble inside the server', () => {
  it('is told to the log and not to the client', async () => {
    const server = await subject({
      behaviour: { measure: () => Promise.reject(new Error("ENOENT: no such file, open '/home/someone/x'")) },
    });
    const url = await create(server, 0);
    const answer = await finalize(server, url);
    expect(answer.status).toBe(500);
    expect(await answer.text()).toBe('{"error":"internal error"}');
    expect(server.log.at(-1)?.fault).toContain('ENOENT');
    expect(answer.headers.get('tus-resumable')).toBe('1.0.0');
  });

  it('is 507 where the disk is full, and what was written before counts', async () => {
    let roomBytes = 400_000;
    const server = await subject({
      behaviour: {
        store: (store) => ({
          ...store,
          write: async (id) => {
            const writer = await store.write(id);
            return {
              ...writer,
              write: async (pieces, positionBytes) => {
                if (roomBytes === 0) throw Object.assign(new Error('disk full'), { code: 'ENOSPC' });
                const first = (pieces[0] ?? Buffer.alloc(0)).subarray(0, roomBytes);
                roomBytes -= first.length;
                return writer.write([first], positionBytes);
              },
            };
          },
        }),
      },
    });
    const bytes = payload(MiB);
    const url = await create(server, bytes.length);
    const answer = await patch(url, 0, bytes);
    expect(answer.status).toBe(507);
    expect(await offsetOf(url)).toBe(400_000);
    roomBytes = 10 * MiB;
    expect((await patch(url, 400_000, bytes.subarray(400_000))).status).toBe(204);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it('is 507 where a join fills the disk, and nothing of the whole stays', async () => {
    let isFull = false;
    const full = () => Object.assign(new Error('disk full'), { code: 'ENOSPC' });
    const server = await subject(
      onDisk((store) => ({
        write: async (id) => {
          const writer = await store.write(id);
          return {
            ...writer,
            write: (...args) => (isFull ? Promise.reject(full()) : writer.write(...args)),
          };
        },
      })),
    );
    const part = await create(server, 10, { 'Upload-Concat': 'partial' });
    await patch(part, 0, payload(10));
    isFull = true;
    const joined = () =>
      fetch(server.url, { method: 'POST', headers: { ...tus, 'Upload-Concat': `final;${part}` } });
    expect((await joined()).status).toBe(507);
    expect(await readdir(join(server.dir, '.incomplete'))).toHaveLength(3); // the part's two, and the lock
    isFull = false;
    expect((await joined()).status).toBe(201);
    expect(await offsetOf(part)).toBe(10);
  });

  it('leaves nothing of a creation that the disk had no room for: the same id can be chosen again', async () => {
    const folder = await freshFolder();
    const store = await diskStore(folder);
    onTestFinished(() => store.close());
    const info = { id: '11111111-2222-4333-8444-555555555555' };
    const blocked = join(folder, '.incomplete', `${info.id}.json`);
    await mkdir(join(blocked, 'in-the-way'), { recursive: true }); // rename onto it fails, as a full disk would
    await expect(store.create(info)).rejects.toThrow();
    await rm(blocked, { recursive: true });
    await store.create(info);
    expect(await store.load(info.id)).toMatchObject({ info, offsetBytes: 0 });
  });
});

describe('close', () => {
  it('lets a request in flight end, answers no other, and frees the folder', async () => {
    const server = await subject({ limits: { closeGraceMs: 5000 } });
    const url = await create(server, 10);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Content-Length': 10 }));
    await wire.send('12345');
    await offsetBecomes(url, 5);
    const closed = server.close();
    await expect(refused(server.port)).resolves.toBe('ECONNREFUSED');
    await wire.send('67890');
    const answer = await wire.untilClosed();
    expect(answer).toMatch(/^HTTP\/1\.1 204 /);
    expect(answer).toContain('Connection: close');
    await closed;
    expect(await readdir(`${server.dir}/.incomplete`)).not.toContain('lock');
    await server.close();
    const next = await subject({ dir: server.dir });
    expect(await offsetOf(url.replace(server.url, next.url))).toBe(10);
  });

  it('does not wait longer than its grace for one that never ends, and keeps its bytes', async () => {
    const server = await subject({ limits: { closeGraceMs: 50 } });
    const url = await create(server, 10);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Content-Length': 10 }));
    await wire.send('12345');
    await offsetBecomes(url, 5);
    await server.close();
    expect(server.log.at(-1)).toMatchObject({ method: 'PATCH', requestBytes: 5, aborted: true });
    const next = await subject({ dir: server.dir });
    expect(await offsetOf(url.replace(server.url, next.url))).toBe(5);
  });

  it('is not held up by a request that is never answered', async () => {
    const server = await subject({
      limits: { closeGraceMs: 20 },
      behaviour: { filter: () => new Promise(() => {}) },
    });
    const wire = await wireTo(server);
    await wire.send('GET /health HTTP/1.1\r\nHost: t\r\n\r\n');
    await server.close();
    await wire.untilClosed();
  });

  it('gives the folder free only when the last byte is written', async () => {
    const steps: string[] = [];
    const server = await subject({
      limits: { closeGraceMs: 300 },
      behaviour: {
        store: (store) => ({
          ...store,
          async write(id) {
            const writer = await store.write(id);
            return {
              ...writer,
              async write(pieces, positionBytes) {
                steps.push('write');
                await sleep(400);
                steps.push('written');
                return writer.write(pieces, positionBytes);
              },
            };
          },
          async close() {
            steps.push('close');
            await store.close();
          },
        }),
      },
    });
    const url = await create(server, 10);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Content-Length': 10 }));
    await wire.send('12345');
    await eventually(
      () => steps[0],
      () => 'the write to begin',
    );
    await server.close();
    expect(steps).toEqual(['write', 'written', 'close']);
  });
});

describe('the access log', () => {
  it('tells method, path without query, status, bytes, time and upload', async () => {
    const server = await subject();
    const url = await create(server, 10);
    await patch(`${url}?x=1`, 0, payload(10));
    const entry = await eventually(
      () => server.log.find(({ method }) => method === 'PATCH'),
      () => 'the entry',
    );
    expect(entry).toEqual({
      method: 'PATCH',
      path: new URL(url).pathname,
      status: 204,
      requestBytes: 10,
      elapsedMs: expect.any(Number),
      uploadId: url.slice(-36),
    });
  });
});

/** The error with which the port refuses a connection. */
async function refused(port: number): Promise<string> {
  return eventually(
    () =>
      new Promise<string | undefined>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.destroy();
          resolve(undefined);
        });
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      }),
    () => 'the port to be closed',
  );
}
