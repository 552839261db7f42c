import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nameChoices, storableName } from '../../src/server/store/file-name.ts';
import {
  create,
  finalize,
  head,
  idOf,
  octets,
  offsetOf,
  patch,
  payload,
  provenAnswer,
  type Subject,
  sha256,
  subject,
  tus,
} from './harness.ts';

async function complete(server: Subject, bytes: Uint8Array): Promise<string> {
  const url = await create(server, bytes.length);
  await patch(url, 0, bytes);
  return url;
}

/** Two files of one tick of the system's clock have the same date, and then nothing tells them apart. */
function ofItsOwnDate(server: Subject, url: string): Promise<void> {
  return utimes(join(server.dir, '.incomplete', `${idOf(url)}.data`), 1_769_860_801, 1_769_860_801);
}

function post(server: Subject, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/uploads/finalize`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
  });
}

describe('finalize', () => {
  it('refuses an upload that lacks bytes, which can be completed afterwards', async () => {
    const server = await subject();
    const bytes = payload(10);
    const url = await create(server, 10);
    for (const at of [0, 4, 9]) {
      const from = await offsetOf(url);
      if (at > from) await patch(url, from, bytes.subarray(from, at));
      const answer = await finalize(server, url);
      expect(answer.status).toBe(409);
      expect(await answer.json()).toEqual({ error: `the upload has ${at} of 10 bytes` });
    }
    await patch(url, 9, bytes.subarray(9));
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it('gives the same answer again, with the same or another name, and moves the file once', async () => {
    const server = await subject();
    const bytes = payload(1000);
    const url = await complete(server, bytes);
    for (const name of ['a.mp4', 'a.mp4', 'b.mp4']) {
      const answer = await finalize(server, url, name);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual(provenAnswer(url, bytes));
    }
    expect(await readdir(server.dir)).toEqual(['.incomplete', 'a.mp4']);
  });

  it('gives the same answer to all who ask at once, and moves the file once', async () => {
    const server = await subject();
    const bytes = payload(300_000);
    const url = await complete(server, bytes);
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => finalize(server, url, `${name}.mp4`)),
    );
    for (const answer of answers) expect(await answer.json()).toEqual(provenAnswer(url, bytes));
    expect(await readdir(server.dir)).toHaveLength(2);
  });

  it('digests what is on the disk, whatever the client claims', async () => {
    const server = await subject();
    const url = await complete(server, payload(1000));
    const bytes = payload(1000, 'changed on disk');
    await writeFile(join(server.dir, '.incomplete', `${idOf(url)}.data`), bytes);
    const answer = await finalize(server, url, 'a.mp4', {
      checksum: 'sha256:00',
      size: 5,
      userId: 1,
      metadata: {},
    });
    expect(await answer.json()).toEqual(provenAnswer(url, bytes));
  });

  it('proves what was finished under another protocol, which asked for no checksum', async () => {
    const bytes = payload(1000);
    const before = await subject({ protocol: 'tus' });
    const url = await complete(before, bytes);
    await before.close();
    const server = await subject({ dir: before.dir });
    for (const _ of ['measured', 'remembered'])
      expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
    await rm(join(server.dir, idOf(url)));
    expect((await finalize(server, url)).status).toBe(410);
    const again = await subject({ protocol: 'tus' });
    const taken = await complete(again, bytes);
    await again.close();
    await rm(join(again.dir, idOf(taken)));
    expect((await finalize(await subject({ dir: again.dir }), taken)).status).toBe(410);
  });

  it('does not claim to hold a file that was taken away', async () => {
    const server = await subject();
    const url = await complete(server, payload(10));
    await finalize(server, url);
    await rm(join(server.dir, 'video.mp4'));
    expect((await finalize(server, url)).status).toBe(410);
  });

  it('takes no file of another upload that got its name for its own', async () => {
    const server = await subject({ page: true });
    const path = join(server.dir, 'same.mp4');
    const first = await complete(server, payload(1000, 'first'));
    await finalize(server, first, 'same.mp4');
    await rename(path, `${path}.taken`);
    const second = await complete(server, payload(1000, 'second'));
    await ofItsOwnDate(server, second);
    await finalize(server, second, 'same.mp4');
    expect((await finalize(server, first, 'same.mp4')).status).toBe(410);
    expect((await fetch(`${server.url}/page/files/${idOf(first)}`)).status).toBe(404);
    expect(await (await finalize(server, second)).json()).toEqual(
      provenAnswer(second, payload(1000, 'second')),
    );
    await rename(`${path}.taken`, path);
    expect(await (await finalize(server, first)).json()).toEqual(provenAnswer(first, payload(1000, 'first')));
  });

  it.each([
    ['milliseconds', 1],
    ['the steps of exFAT', 10],
    ['whole seconds', 1000],
    ['the steps of FAT and zip', 2000],
  ])('knows its own file also where a copy or an archive cut its date to %s', async (_what, unitMs) => {
    const server = await subject();
    const path = join(server.dir, 'video.mp4');
    const url = await complete(server, payload(10));
    await finalize(server, url);
    const seconds = (Math.floor((await stat(path)).mtimeMs / unitMs) * unitMs) / 1000;
    await utimes(path, seconds, seconds);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, payload(10)));
    expect((await fetch(url, { method: 'DELETE', headers: tus })).status).toBe(204);
    expect(await readdir(server.dir)).toEqual(['.incomplete']);
  });

  it.each([
    ['is longer', 11],
    ['is of the next second, where dates are whole seconds', 10],
  ])('removes with an upload no file of its name that %s', async (_what, sizeBytes) => {
    const server = await subject();
    const written = async (url: string, seconds: number) => {
      await utimes(join(server.dir, '.incomplete', `${idOf(url)}.data`), seconds, seconds);
      await finalize(server, url, 'same.mp4');
      return join(server.dir, 'same.mp4');
    };
    const first = await complete(server, payload(10, 'first'));
    await rm(await written(first, 1_769_860_801));
    const second = await complete(server, payload(sizeBytes, 'second'));
    const path = await written(second, sizeBytes === 10 ? 1_769_860_802 : 1_769_860_801);
    expect((await fetch(first, { method: 'DELETE', headers: tus })).status).toBe(204);
    expect(await readFile(path)).toEqual(Buffer.from(payload(sizeBytes, 'second')));
  });

  it('removes with an upload no file of another one that got its name', async () => {
    const server = await subject();
    const path = join(server.dir, 'same.mp4');
    const first = await complete(server, payload(1000, 'first'));
    await finalize(server, first, 'same.mp4');
    await rename(path, `${path}.taken`);
    const second = await complete(server, payload(1000, 'second'));
    await ofItsOwnDate(server, second);
    await finalize(server, second, 'same.mp4');
    const remove = (url: string) => fetch(url, { method: 'DELETE', headers: tus });
    expect((await remove(first)).status).toBe(204);
    expect(sha256(await readFile(path))).toBe(sha256(payload(1000, 'second')));
    expect((await remove(second)).status).toBe(204);
    expect((await readdir(server.dir)).toSorted()).toEqual(['.incomplete', 'same.mp4.taken']);
  });

  it('never lets one upload replace the file of another with the same name', async () => {
    const server = await subject();
    const files = ['first', 'second', 'third'].map((seed) => payload(1000, seed));
    const urls = await Promise.all(files.map((bytes) => complete(server, bytes)));
    await Promise.all(urls.map((url) => finalize(server, url, 'same.mp4')));
    const stored = (await readdir(server.dir)).filter((name) => name.endsWith('.mp4'));
    expect(stored).toHaveLength(3);
    const digests = await Promise.all(
      stored.map(async (name) => sha256(await readFile(join(server.dir, name)))),
    );
    expect(digests.sort()).toEqual(files.map(sha256).sort());
    expect(stored).toContain('same.mp4');
    for (const name of stored)
      expect(['same.mp4', ...urls.map((url) => `same-${idOf(url).slice(0, 8)}.mp4`)]).toContain(name);
  });

  it('cannot hit the working file of another upload by its name', async () => {
    const server = await subject();
    const victim = await create(server, 10);
    await patch(victim, 0, payload(5));
    const attacker = await complete(server, payload(10, 'attacker'));
    expect((await finalize(server, attacker, `.incomplete/${idOf(victim)}.data`)).status).toBe(400);
    expect((await finalize(server, attacker, '.incomplete')).status).toBe(200);
    await patch(victim, 5, payload(10).subarray(5));
    expect(await (await finalize(server, victim)).json()).toEqual(provenAnswer(victim, payload(10)));
  });

  const ids = (id: string) => [
    `./${id}`,
    `x/../${id}`,
    `${id}\u0000`,
    id.toUpperCase(),
    '',
    '../x',
    '__proto__',
    'finalize',
  ];
  it('takes the uploadId for a key, never for a path', async () => {
    const server = await subject();
    const url = await complete(server, payload(10));
    for (const uploadId of ids(idOf(url))) {
      expect((await post(server, JSON.stringify({ uploadId, filename: 'a.mp4' }))).status).toBe(404);
    }
  });

  it('refuses bodies that make no sense, and goes on working', async () => {
    const server = await subject();
    const url = await complete(server, payload(10));
    const uploadId = idOf(url);
    const bad = ['{', '', 'null', '[]', '"x"', '5', '{"filename":"x.mp4"}', JSON.stringify({ uploadId })];
    for (const value of [5, null, [], {}, ['x'], { $ne: 1 }]) {
      bad.push(
        JSON.stringify({ uploadId: value, filename: 'a' }),
        JSON.stringify({ uploadId, filename: value }),
      );
    }
    for (const body of bad) expect([body, (await post(server, body)).status]).toEqual([body, 400]);
    expect((await post(server, '{}', { 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await post(server, ' '.repeat(70_000))).status).toBe(413);
    // A field named like our own reply's must not be taken for one.
    expect((await post(server, '{"status":200,"body":"ok","refused":{"status":200}}')).status).toBe(400);
    const polluting = `{"__proto__":{"isAdmin":true,"status":200},"constructor":1,"uploadId":"${uploadId}","filename":"a.mp4"}`;
    expect(await (await post(server, polluting)).json()).toEqual(provenAnswer(url, payload(10)));
  });

  it('is no upload', async () => {
    const server = await subject();
    const url = `${server.url}/uploads/finalize`;
    for (const answer of [await fetch(url), await head(url), await patch(url, 0, payload(1))]) {
      expect(answer.status).toBe(405);
    }
  });
});

describe('names of files', () => {
  const refused = [
    '',
    ' ',
    '   ',
    '.',
    '..',
    '../x.mp4',
    '..\\x.mp4',
    'x/../../y.mp4',
    '/etc/x.mp4',
    'C:\\x.mp4',
    'sub/x.mp4',
    'a\u0000.mp4',
    'a\r\nb.mp4',
    'a\u007fb',
    'CON',
    'con.mp4',
    'NUL.tar.gz',
    'LPT1',
    'com¹.mp4',
    'x.',
    'x ',
    'a\u202egpj.exe',
    'a\ud800.mp4',
    'x'.repeat(300),
    'é'.repeat(101),
    'x'.repeat(70_000),
  ];
  it.each(refused)(
    'are refused where they could leave the folder or mean something else: %j',
    async (name) => {
      expect(storableName(name)).toBeUndefined();
    },
  );

  it('are refused by the server with 400, and nothing is written outside the folder', async () => {
    const server = await subject();
    const url = await complete(server, payload(10));
    for (const name of refused.filter(({ length }) => length < 1000)) {
      expect([name, (await finalize(server, url, name)).status]).toEqual([name, 400]);
    }
    expect(await readdir(server.dir)).toEqual(['.incomplete']);
    expect((await finalize(server, url)).status).toBe(200);
  });

  const kept = [
    'vidéo 🎥 日本.mp4',
    'e\u0301.mp4',
    '-rf.mp4',
    '$(id).mp4',
    '.hidden',
    'console.mp4',
    '%2e%2e%2fx.mp4',
    'x'.repeat(200),
  ];
  it.each(kept)('are kept as they are where they are harmless: %s', async (name) => {
    const server = await subject();
    const url = await complete(server, payload(10));
    expect((await finalize(server, url, name)).status).toBe(200);
    expect((await readdir(server.dir)).map((found) => found.normalize())).toContain(name.normalize());
  });

  it('lose the characters that Windows forbids', () => {
    expect(storableName('<script>: "a|b?*".mp4')).toBe('_script__ _a_b___.mp4');
  });

  it('get the beginning of the id where they are taken', () => {
    const id = '01234567-89ab-4def-8123-456789abcdef';
    expect(nameChoices('a.b.mp4', id)).toEqual(['a.b.mp4', 'a.b-01234567.mp4', `a.b-${id}.mp4`]);
    expect(nameChoices('noext', id)[1]).toBe('noext-01234567');
    expect(nameChoices('.hidden', id)[1]).toBe('.hidden-01234567');
  });
});

describe('a protected server', () => {
  const token = 'secret-token';

  it('serves pulse only with X-Upload-Token, and tells nothing to the others', async () => {
    const server = await subject({ token });
    const good = { 'X-Upload-Token': token };
    const url = await create(server, 10, good);
    const unknown = `${url.slice(0, -1)}${url.endsWith('0') ? '1' : '0'}`;
    for (const headers of [
      {},
      { 'X-Upload-Token': 'wrong' },
      { 'X-Upload-Token': '' },
      { 'X-Upload-Token': `${token}x` },
      { Authorization: `Bearer ${token}` },
    ]) {
      const answers = [
        await fetch(`${server.url}/uploads`, {
          method: 'POST',
          headers: { ...tus, ...headers, 'Upload-Length': '1' },
        }),
        await fetch(`${server.url}/uploads?token=${token}`, {
          method: 'POST',
          headers: { ...tus, ...headers, 'Upload-Length': '1' },
        }),
        await head(url, headers),
        await head(unknown, headers),
        await patch(url, 0, payload(5), headers),
        await fetch(url, { method: 'DELETE', headers }),
        await fetch(url, {
          method: 'POST',
          headers: { ...octets, ...headers, 'X-HTTP-Method-Override': 'PATCH', 'Upload-Offset': '0' },
          body: payload(5),
        }),
      ];
      for (const answer of answers) {
        expect(answer.status).toBe(401);
        expect(answer.headers.get('www-authenticate')).toBe('X-Upload-Token realm="uploads"');
        expect(answer.headers.has('upload-offset')).toBe(false);
      }
    }
    expect((await head(url, good)).headers.get('upload-offset')).toBe('0');
  });

  it('takes the token of finalize from header or body, but judges a header that is there', async () => {
    const server = await subject({ token });
    const good = { 'X-Upload-Token': token };
    const url = await create(server, 10, good);
    await patch(url, 0, payload(10), good);
    const ask = (headers: Record<string, string>, fields: object) =>
      post(server, JSON.stringify({ uploadId: idOf(url), filename: 'a.mp4', ...fields }), headers);
    const refused = [
      await ask({}, {}),
      await ask({}, { uploadToken: 'wrong' }),
      await ask({}, { uploadToken: [token] }),
      await ask({ 'X-Upload-Token': 'wrong' }, { uploadToken: token }),
      await ask({ 'X-Upload-Token': '' }, { uploadToken: token }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    expect(refused[0]?.headers.has('www-authenticate')).toBe(true);
    for (const answer of [await ask(good, { uploadToken: 'wrong' }), await ask({}, { uploadToken: token })]) {
      expect(await answer.json()).toEqual(provenAnswer(url, payload(10)));
    }
  });

  it('serves tus only with a bearer token, whatever the case of the scheme', async () => {
    const server = await subject({ token, protocol: 'tus' });
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      await create(server, 1, { Authorization: `${scheme} ${token}` });
    }
    for (const authorization of [`Basic ${token}`, token, 'Bearer', `Bearer ${token} x`]) {
      const answer = await fetch(server.url, {
        method: 'POST',
        headers: { ...tus, 'Upload-Length': '1', Authorization: authorization },
      });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="uploads"');
    }
  });

  it('never writes a token into the log', async () => {
    const server = await subject({ token });
    await head(`${server.url}/uploads/x?token=${token}`, { 'X-Upload-Token': token });
    await post(server, JSON.stringify({ uploadId: 'x', filename: 'a', uploadToken: token }));
    expect(server.log.length).toBeGreaterThan(1);
    expect(JSON.stringify(server.log)).not.toContain(token);
  });
});
