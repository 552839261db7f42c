import { describe, expect, it } from 'vitest';
import {
  create,
  eventually,
  finalize,
  head,
  idOf,
  octets,
  offsetOf,
  patch,
  patchHead,
  payload,
  provenAnswer,
  subject,
  tus,
  wireTo,
} from './harness.ts';

const unknown = '00000000-0000-4000-8000-000000000000';

async function creation(url: string, headers: Record<string, string>): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { ...tus, ...headers } });
}

describe('version negotiation', () => {
  it('refuses another version with 412 and the list of its own, and processes nothing', async () => {
    const server = await subject();
    const url = await create(server, 10);
    const other = { 'Tus-Resumable': '0.0.9' };
    const answers = [
      await creation(`${server.url}/uploads`, { 'Upload-Length': '10', ...other }),
      await patch(url, 0, payload(5), other),
      await head(url, other),
      await fetch(url, { method: 'DELETE', headers: other }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(412);
      expect(answer.headers.get('tus-version')).toBe('1.0.0');
      expect(answer.headers.get('tus-resumable')).toBe('1.0.0');
      expect(answer.headers.has('location')).toBe(false);
    }
    expect(await offsetOf(url)).toBe(0);
  });

  it('serves a request that names no version, and refuses one that names two', async () => {
    const server = await subject();
    const wire = await wireTo(server);
    await wire.send('POST /uploads HTTP/1.1\r\nHost: t\r\nUpload-Length: 1\r\nContent-Length: 0\r\n\r\n');
    expect(await wire.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 201 /);
    const twice = 'Tus-Resumable: 1.0.0\r\nTus-Resumable: 0.0.9\r\n';
    await wire.send(
      `POST /uploads HTTP/1.1\r\nHost: t\r\n${twice}Upload-Length: 1\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(await wire.received(/ 412 /)).toContain('Tus-Version: 1.0.0');
  });
});

describe('OPTIONS', () => {
  it('tells version, extensions and the largest size, whatever version is asked for', async () => {
    const server = await subject({ maxSizeBytes: 1000, token: 'secret' });
    for (const url of [`${server.url}/uploads`, `${server.url}/uploads/${unknown}`]) {
      const answer = await fetch(url, { method: 'OPTIONS', headers: { 'Tus-Resumable': '9.9.9' } });
      expect(answer.status).toBe(204);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'tus-version': '1.0.0',
        'tus-extension': 'creation,creation-with-upload,termination',
        'tus-max-size': '1000',
      });
    }
  });

  it('leaves out what there is not, and is found at the creation URL of the protocol only', async () => {
    const pulse = await subject({ behaviour: { extensions: [] } });
    const answer = await fetch(`${pulse.url}/uploads`, { method: 'OPTIONS' });
    expect(answer.headers.has('tus-extension')).toBe(false);
    expect(answer.headers.has('tus-max-size')).toBe(false);
    const plain = await subject({ protocol: 'tus' });
    expect(plain.url).toMatch(/\/files$/);
    expect((await fetch(plain.url, { method: 'OPTIONS' })).status).toBe(204);
    for (const path of ['/', '/uploads', '/other', '/health', '/files/a/b']) {
      expect((await fetch(new URL(path, plain.url), { method: 'OPTIONS' })).status).toBe(404);
    }
    expect((await fetch(`${pulse.url}/files`, { method: 'OPTIONS' })).status).toBe(404);
  });

  it('creates nothing', async () => {
    const server = await subject();
    const answer = await fetch(`${server.url}/uploads`, {
      method: 'OPTIONS',
      headers: { 'Upload-Length': '1' },
    });
    expect(answer.headers.has('location')).toBe(false);
  });
});

describe('creation', () => {
  const bad = [
    '-1',
    'abc',
    '1.5',
    '1e3',
    '0x10',
    '10abc',
    '5, 5',
    '+5',
    '05',
    ' ',
    '9007199254740993',
    '18446744073709551616',
    '9'.repeat(400),
  ];
  it.each(bad)('refuses Upload-Length "%s"', async (text) => {
    const server = await subject();
    const answer = await creation(`${server.url}/uploads`, { 'Upload-Length': text });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: expect.any(String) });
    expect(answer.headers.get('content-type')).toBe('application/json');
  });

  it('refuses a creation without a length', async () => {
    const server = await subject();
    expect((await creation(`${server.url}/uploads`, {})).status).toBe(400);
  });

  it.each([1, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER])(
    'keeps the length %i exactly',
    async (lengthBytes) => {
      const server = await subject();
      expect((await head(await create(server, lengthBytes))).headers.get('upload-length')).toBe(
        String(lengthBytes),
      );
    },
  );

  it('refuses more than the largest size with 413, and allows exactly that much', async () => {
    const server = await subject({ maxSizeBytes: 1000 });
    const refused = await creation(`${server.url}/uploads`, { 'Upload-Length': '1001' });
    expect(refused.status).toBe(413);
    expect(refused.headers.get('tus-max-size')).toBe('1000');
    expect((await creation(`${server.url}/uploads`, { 'Upload-Length': '1000' })).status).toBe(201);
  });

  it.each(['a YQ==,a Yg==', 'a !!!', 'a YQ', 'a YQ==,', ',', 'a YQ== YQ=='])(
    'refuses the metadata "%s"',
    async (text) => {
      const server = await subject();
      const answer = await creation(`${server.url}/uploads`, {
        'Upload-Length': '1',
        'Upload-Metadata': text,
      });
      expect(answer.status).toBe(400);
    },
  );

  it('answers a POST with a trailing slash too, and 405 with Allow for methods it lacks', async () => {
    const server = await subject();
    expect((await creation(`${server.url}/uploads/`, { 'Upload-Length': '1' })).status).toBe(201);
    for (const method of ['PUT', 'PATCH', 'DELETE', 'GET']) {
      const answer = await fetch(`${server.url}/uploads`, { method, headers: tus });
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('POST, OPTIONS');
    }
  });

  it('refuses a body longer than the upload, and leaves nothing behind', async () => {
    const server = await subject();
    const answer = await fetch(`${server.url}/uploads`, {
      method: 'POST',
      headers: { ...tus, ...octets, 'Upload-Length': '3' },
      body: payload(5),
    });
    expect(answer.status).toBe(413);
    const wire = await wireTo(server);
    await wire.send(
      `POST /uploads HTTP/1.1\r\nHost: t\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 3\r\n` +
        `Content-Type: ${octets['Content-Type']}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n`,
    );
    expect(await wire.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 413 /);
    const id = await eventually(
      () => server.log.find(({ uploadId }) => uploadId)?.uploadId,
      () => 'the log',
    );
    expect((await head(`${server.url}/uploads/${id}`)).status).toBe(404);
  });
});

describe('PATCH', () => {
  const badOffsets = [
    '-1',
    'abc',
    'NaN',
    '1.5',
    '2abc',
    '0x0',
    '0e0',
    '+0',
    '00',
    ' ',
    '0, 0',
    '9007199254740993',
    '18446744073709551616',
  ];
  it.each(badOffsets)('refuses Upload-Offset "%s" and stores nothing', async (text) => {
    const server = await subject();
    const url = await create(server, 10);
    expect((await patch(url, text, payload(5))).status).toBe(400);
    expect(await offsetOf(url)).toBe(0);
  });

  it('refuses one without Upload-Offset', async () => {
    const server = await subject();
    const url = await create(server, 10);
    const answer = await fetch(url, { method: 'PATCH', headers: { ...tus, ...octets }, body: payload(5) });
    expect(answer.status).toBe(400);
    expect(await offsetOf(url)).toBe(0);
  });

  it('refuses an offset ahead or behind with 409 and the right one, and stores nothing', async () => {
    const server = await subject();
    const bytes = payload(10);
    const url = await create(server, 10);
    await patch(url, 0, bytes.subarray(0, 6));
    for (const offset of [0, 2, 7, 10, 11]) {
      const answer = await patch(url, offset, payload(3, 'other'));
      expect(answer.status).toBe(409);
      expect(answer.headers.get('upload-offset')).toBe('6');
    }
    await patch(url, 6, bytes.subarray(6));
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it.each([undefined, 'text/plain', 'multipart/form-data', 'application/offset+octet-streams', ''])(
    'refuses the type %s with 415 and stores nothing',
    async (type) => {
      const server = await subject();
      const url = await create(server, 10);
      const wire = await wireTo(server);
      const line = type === undefined ? '' : `Content-Type: ${type}\r\n`;
      await wire.send(
        `PATCH ${new URL(url).pathname} HTTP/1.1\r\nHost: t\r\n${line}Upload-Offset: 0\r\nContent-Length: 5\r\n\r\n12345`,
      );
      expect(await wire.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 415 /);
      expect(await offsetOf(url)).toBe(0);
    },
  );

  it.each([
    'Application/Offset+Octet-Stream',
    'application/offset+octet-stream; charset=binary',
    'application/octet-stream',
  ])('takes the type %s', async (type) => {
    const server = await subject();
    const url = await create(server, 5);
    expect((await patch(url, 0, payload(5), { 'Content-Type': type })).status).toBe(204);
  });

  it('refuses a body longer than the upload before it stores any of it', async () => {
    const server = await subject();
    const url = await create(server, 10);
    expect((await patch(url, 0, payload(20))).status).toBe(413);
    expect(await offsetOf(url)).toBe(0);
  });

  it('stores a chunked body up to the length of the upload and refuses the rest', async () => {
    const server = await subject();
    const bytes = payload(50);
    const url = await create(server, 10);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Transfer-Encoding': 'chunked' }));
    await wire.send(Buffer.concat([Buffer.from('32\r\n'), bytes, Buffer.from('\r\n0\r\n\r\n')]));
    expect(await wire.received(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await offsetOf(url)).toBe(10);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes.subarray(0, 10)));
  });

  it('stores exactly the data of a chunked body', async () => {
    const server = await subject();
    const bytes = payload(3000);
    const url = await create(server, 3000);
    const wire = await wireTo(server);
    await wire.send(patchHead(url, 0, { 'Transfer-Encoding': 'chunked' }));
    for (const [from, until] of [
      [0, 1],
      [1, 1000],
      [1000, 3000],
    ] as const) {
      const size = (until - from).toString(16);
      await wire.send(
        Buffer.concat([Buffer.from(`${size}\r\n`), bytes.subarray(from, until), Buffer.from('\r\n')]),
      );
    }
    await wire.send('0\r\n\r\n');
    expect(await wire.received(/\r\n\r\n/)).toContain('Upload-Offset: 3000');
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });
});

describe('an upload that does not exist', () => {
  const ids = [
    unknown,
    'finalize2',
    '__proto__',
    'constructor',
    'toString',
    '.',
    '..',
    '%2e%2e',
    '.info',
    '%zz',
    '%',
    '%00',
    'a'.repeat(9000),
  ];
  it.each(ids)('is 404 without an offset: %s', async (id) => {
    const server = await subject();
    const wire = await wireTo(server);
    await wire.send(`HEAD /uploads/${id} HTTP/1.1\r\nHost: t\r\nTus-Resumable: 1.0.0\r\n\r\n`);
    const answer = await wire.received(/\r\n\r\n/);
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).toMatch(/Cache-Control: no-store/);
    expect(answer).not.toMatch(/Upload-Offset/i);
    expect(answer).toMatch(/\r\n\r\n$/);
  });

  it('is 404 for every method, with the reason in JSON', async () => {
    const server = await subject();
    const url = `${server.url}/uploads/${unknown}`;
    for (const answer of [
      await patch(url, 0, payload(1)),
      await fetch(url, { method: 'DELETE' }),
      await finalize(server, url),
    ]) {
      expect(answer.status).toBe(404);
      expect(await answer.json()).toEqual({ error: 'no such upload' });
    }
  });

  it('is not reached by another spelling of one that does', async () => {
    const server = await subject();
    const id = idOf(await create(server, 10));
    const wire = await wireTo(server);
    for (const spelling of [
      `./${id}`,
      `x/../${id}`,
      `x%2f..%2f${id}`,
      `${id}%00`,
      `${id}%2F`,
      `${id}%5C`,
      `${id}/`,
      id.toUpperCase(),
      `${id}.json`,
      `${id}.data`,
    ]) {
      await wire.send(`HEAD /uploads/${spelling} HTTP/1.1\r\nHost: t\r\nX-Spelling: ${spelling}\r\n\r\n`);
    }
    const text = await eventually(
      async () => {
        const all = await wire.received(/\r\n\r\n/);
        return all.split('\r\n\r\n').length > 10 ? all : undefined;
      },
      () => 'ten answers',
    );
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(Array.from({ length: 10 }, () => 'HTTP/1.1 404'));
  });

  it('is not confused by a query', async () => {
    const server = await subject();
    expect((await head(`${await create(server, 10)}?x=1`)).status).toBe(200);
  });
});

describe('X-HTTP-Method-Override', () => {
  it('makes a POST what it names', async () => {
    const server = await subject();
    const url = await create(server, 5);
    const post = (method: string, headers: Record<string, string> = {}, body?: Buffer) =>
      fetch(url, {
        method: 'POST',
        headers: { ...tus, 'X-HTTP-Method-Override': method, ...headers },
        ...(body && { body }),
      });
    expect((await post('PATCH', { ...octets, 'Upload-Offset': '0' }, payload(5))).status).toBe(204);
    const answer = await post('HEAD');
    expect([answer.status, answer.headers.get('upload-offset')]).toEqual([200, '5']);
    expect((await post('F00')).status).toBe(405);
    expect((await post('__proto__')).status).toBe(405);
    expect((await post('DELETE')).status).toBe(204);
    expect((await head(url)).status).toBe(404);
  });

  it('does not turn a GET into anything', async () => {
    const server = await subject();
    const url = await create(server, 5);
    expect((await fetch(url, { headers: { 'X-HTTP-Method-Override': 'DELETE' } })).status).toBe(405);
    expect((await head(url)).status).toBe(200);
  });
});

describe('health', () => {
  it('says OK to anyone', async () => {
    const server = await subject({ token: 'secret' });
    const answer = await fetch(`${server.url}/health`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual({ status: 'OK' });
  });
});
