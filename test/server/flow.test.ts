import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  create,
  finalize,
  freshFolder,
  head,
  octets,
  offsetOf,
  patch,
  payload,
  provenAnswer,
  sha256,
  subject,
  tus,
} from './harness.ts';

const MiB = 1024 * 1024;

describe('the whole way of a video', () => {
  it('stores what was sent in chunks, under the name of finalize, and proves it', async () => {
    const server = await subject();
    const bytes = payload(2 * MiB + 17);
    const url = await create(server, bytes.length, { 'Upload-Metadata': 'filename dmlkZW8ubXA0,empty' });
    for (let at = 0; at < bytes.length; at += MiB) {
      const answer = await patch(url, at, bytes.subarray(at, at + MiB));
      expect(answer.status).toBe(204);
      expect(answer.headers.get('upload-offset')).toBe(String(Math.min(at + MiB, bytes.length)));
      expect(answer.headers.get('tus-resumable')).toBe('1.0.0');
    }
    const answer = await finalize(server, url, 'my video.mp4');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual(provenAnswer(url, bytes));
    expect(sha256(await readFile(join(server.dir, 'my video.mp4')))).toBe(sha256(bytes));
    expect(await readdir(server.dir)).toEqual(['.incomplete', 'my video.mp4']);
  });

  it('answers HEAD with offset, length, the metadata as it came, and forbids caching', async () => {
    const server = await subject();
    const metadata = 'filename dmlkZW8ubXA0,empty,bytes AAGA//4NCg==';
    const url = await create(server, 10, { 'Upload-Metadata': metadata });
    await patch(url, 0, payload(4));
    const answer = await head(url);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'upload-offset': '4',
      'upload-length': '10',
      'upload-metadata': metadata,
      'cache-control': 'no-store',
      'tus-resumable': '1.0.0',
    });
    expect(await answer.text()).toBe('');
  });

  it('invents no metadata', async () => {
    const server = await subject();
    expect((await head(await create(server, 1))).headers.has('upload-metadata')).toBe(false);
    expect(
      (await head(await create(server, 1, { 'Upload-Metadata': '' }))).headers.has('upload-metadata'),
    ).toBe(false);
  });

  it('takes an empty file without any PATCH', async () => {
    const server = await subject();
    const url = await create(server, 0);
    expect(await offsetOf(url)).toBe(0);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, Buffer.alloc(0)));
    expect(await readFile(join(server.dir, 'video.mp4'))).toHaveLength(0);
  });

  it('lets an empty PATCH at the right offset change nothing, also on a complete upload', async () => {
    const server = await subject();
    const url = await create(server, 4);
    for (const [at, bytes] of [
      [0, payload(0)],
      [0, payload(4)],
      [4, payload(0)],
    ] as const) {
      expect((await patch(url, at, bytes)).status).toBe(204);
    }
    expect(await offsetOf(url)).toBe(4);
  });

  it('takes no byte more once an upload is complete, and none after finalize', async () => {
    const server = await subject();
    const bytes = payload(4);
    const url = await create(server, 4);
    await patch(url, 0, bytes);
    expect((await patch(url, 4, payload(1))).status).toBe(413);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
    expect((await patch(url, 4, payload(1))).status).toBe(413);
    expect((await patch(url, 0, bytes)).status).toBe(409);
    expect((await patch(url, 4, payload(0))).status).toBe(204);
    expect(await offsetOf(url)).toBe(4);
    expect(await readFile(join(server.dir, 'video.mp4'))).toEqual(bytes);
  });

  it('keeps bytes apart that arrive for two uploads at once', async () => {
    const server = await subject();
    const files = Array.from({ length: 8 }, (_, at) => payload(300_000, `file ${at}`));
    const answers = await Promise.all(
      files.map(async (bytes, at) => {
        const url = await create(server, bytes.length);
        await patch(url, 0, bytes.subarray(0, 100_000));
        await patch(url, 100_000, bytes.subarray(100_000));
        return [await (await finalize(server, url, `${at}.mp4`)).json(), provenAnswer(url, bytes)] as const;
      }),
    );
    for (const [actual, expected] of answers) expect(actual).toEqual(expected);
  });

  it('takes the first bytes along with the creation, and says so', async () => {
    const server = await subject();
    const bytes = payload(100);
    const answer = await fetch(`${server.url}/uploads`, {
      method: 'POST',
      headers: { ...tus, ...octets, 'Upload-Length': '100' },
      body: bytes.subarray(0, 60),
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('upload-offset')).toBe('60');
    const url = server.url + answer.headers.get('location');
    expect((await patch(url, 60, bytes.subarray(60))).status).toBe(204);
    expect(await (await finalize(server, url)).json()).toEqual(provenAnswer(url, bytes));
  });

  it('creates empty uploads for an empty body of that type, and ignores bodies of other types', async () => {
    const server = await subject();
    for (const [type, body] of [
      ['application/offset+octet-stream', ''],
      ['text/plain', 'hello'],
    ] as const) {
      const answer = await fetch(`${server.url}/uploads`, {
        method: 'POST',
        headers: { ...tus, 'Content-Type': type, 'Upload-Length': '10' },
        body,
      });
      expect(answer.status).toBe(201);
      expect(await offsetOf(server.url + answer.headers.get('location'))).toBe(0);
    }
  });

  it('removes an upload for DELETE, finished or not, and no other', async () => {
    const server = await subject();
    const [unfinished, finished, other] = [
      await create(server, 10),
      await create(server, 4),
      await create(server, 4),
    ];
    await patch(unfinished, 0, payload(4));
    await patch(finished, 0, payload(4));
    await patch(other, 0, payload(4));
    await finalize(server, finished, 'finished.mp4');
    for (const url of [unfinished, finished]) {
      const remove = () => fetch(url, { method: 'DELETE', headers: tus });
      expect((await remove()).status).toBe(204);
      expect((await head(url)).status).toBe(404);
      expect((await patch(url, 4, payload(1))).status).toBe(404);
      expect((await remove()).status).toBe(404);
    }
    expect(await readdir(server.dir)).toEqual(['.incomplete']);
    expect(await (await finalize(server, other)).json()).toEqual(provenAnswer(other, payload(4)));
  });
});

describe('plain tus', () => {
  it('names a complete file by its metadata and serves it as an attachment of no type', async () => {
    const server = await subject({ protocol: 'tus' });
    const bytes = Buffer.from('<script>alert(1)</script>');
    const url = await create(server, bytes.length, {
      'Upload-Metadata': `filename ${Buffer.from('page.html').toString('base64')},filetype dGV4dC9odG1s`,
    });
    expect((await fetch(url)).status).toBe(404);
    await patch(url, 0, bytes);
    const answer = await fetch(url);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
    });
    expect(await readFile(join(server.dir, 'page.html'))).toEqual(bytes);
    expect((await head(url)).headers.get('upload-offset')).toBe(String(bytes.length));
  });

  it('falls back to the id where the metadata has no name that can be stored', async () => {
    const server = await subject({ protocol: 'tus' });
    const url = await create(server, 0, {
      'Upload-Metadata': `filename ${Buffer.from('../up').toString('base64')}`,
    });
    expect(await readdir(server.dir)).toEqual(['.incomplete', url.slice(-36)]);
  });

  it('has neither health nor finalize nor forms', async () => {
    const server = await subject({ protocol: 'tus' });
    const base = server.url.replace(/\/files$/, '');
    expect((await fetch(`${base}/health`)).status).toBe(404);
    expect((await fetch(`${base}/uploads/finalize`, { method: 'POST' })).status).toBe(404);
    const url = await create(server, 4);
    expect((await patch(url, 0, payload(4), { 'Content-Type': 'application/octet-stream' })).status).toBe(
      415,
    );
  });
});

describe('the folder', () => {
  it('is made where it is missing, and one that cannot be used is an input error', async () => {
    const folder = join(await freshFolder(), 'a', 'b');
    await subject({ dir: folder });
    expect(await readdir(folder)).toEqual(['.incomplete']);
    await expect(subject({ dir: join(import.meta.filename, 'below a file') })).rejects.toMatchObject({
      kind: 'input',
    });
  });

  it('never loses a file that was there before', async () => {
    const server = await subject();
    await mkdir(join(server.dir, 'video.mp4'));
    const url = await create(server, 1);
    await patch(url, 0, payload(1));
    expect((await finalize(server, url)).status).toBe(200);
    expect(await readFile(join(server.dir, `video-${url.slice(-36, -28)}.mp4`))).toEqual(payload(1));
  });
});
