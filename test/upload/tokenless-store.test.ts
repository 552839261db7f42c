import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { UploadSettings } from '../../src/upload/settings.ts';
import { type Bench, plainTus, startBench } from './harness.ts';

const TOKEN = 'a/b+c&d e$&f';

/** A server whose upload URLs hold a text, and which lets an upload break off after its first chunk. */
async function benchWith(text: string): Promise<{ readonly bench: Bench; readonly file: string }> {
  const bench = await startBench({ location: (id) => `/uploads/${id}?t=${text}&x=1` });
  bench.server.script.PATCH = [{ patchHeaders: {} }, { answer: 403 }];
  return { bench, file: await bench.file(2000) };
}

async function states({ dir }: Bench): Promise<string> {
  const state = join(dir, 'state');
  const names = await readdir(state).catch(() => []);
  return (await Promise.all(names.map((name) => readFile(join(state, name), 'utf8')))).join('\n');
}

/** The query of every request to the upload itself. */
const queries = ({ server }: Bench) =>
  new Set(server.seen.filter(({ method }) => ['HEAD', 'PATCH'].includes(method)).map(({ query }) => query));

const lower = (text: string) => text.replace(/%../g, (hex) => hex.toLowerCase());
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a token in the URL of an upload is not stored, and the upload resumes at just that URL', () => {
  it.each([
    ['percent-encoded', encodeURIComponent(TOKEN)],
    ['with small hex digits', lower(encodeURIComponent(TOKEN))],
    ['as a URI', encodeURI(TOKEN)],
    ['as far as it may be as it is', TOKEN.replace(' ', '%20')],
    ['in base64url', Buffer.from(TOKEN).toString('base64url')],
  ])('%s', async (_, text) => {
    const { bench, file } = await benchWith(text);
    const settings = { token: TOKEN, chunkBytes: 1000 };
    expect((await bench.upload(file, settings)).exitCode).toBe(5);
    expect(await states(bench)).toContain('/uploads/');
    expect(await states(bench)).not.toContain(text);
    expect((await bench.upload(file, settings)).exitCode).toBe(0);
    expect(bench.of('upload.resumed')).toMatchObject([{ offsetBytes: 1000 }]);
    expect(queries(bench)).toEqual(new Set([`t=${text}&x=1`]));
    expect(bench.of('upload.warning')).toEqual([]);
  });

  it('in small letters, which is no less a secret', async () => {
    const [token, text] = ['Kq7ZpSecretTok9X', 'kq7zpsecrettok9x'];
    const { bench, file } = await benchWith(text);
    expect((await bench.upload(file, { token, chunkBytes: 1000 })).exitCode).toBe(5);
    expect(await states(bench)).toContain('/uploads/');
    expect((await states(bench)).toLowerCase()).not.toContain(text);
    expect((await bench.upload(file, { token, chunkBytes: 1000 })).exitCode).toBe(0);
    expect(queries(bench)).toEqual(new Set([`t=${text}&x=1`]));
    expect(bench.of('upload.resumed')).toHaveLength(1);
    expect(JSON.stringify(bench.events).toLowerCase()).not.toContain(text);
  });

  it('also the one that was renewed meanwhile, in whose place the new one comes', async () => {
    const { bench, file } = await benchWith('old-token');
    bench.server.script.PATCH = [{ patchHeaders: {} }, { answer: 401 }, { answer: 403 }];
    const settings = { token: 'old-token', chunkBytes: 1000 };
    const outcome = await bench.upload(file, settings, { readToken: () => 'new-token' });
    expect(outcome.exitCode).toBe(5);
    expect(await states(bench)).toContain('/uploads/');
    expect(await states(bench)).not.toMatch(/old-token|new-token/);
    bench.server.seen.length = 0;
    expect((await bench.upload(file, { ...settings, token: 'new-token' })).exitCode).toBe(0);
    expect(queries(bench)).toEqual(new Set(['t=new-token&x=1']));
  });

  it('though it is a word that stands in URLs anyway', async () => {
    for (const token of ['uploads', 'token', 'here', 'http', 'e']) {
      const { bench, file } = await benchWith(token);
      await bench.upload(file, { token, chunkBytes: 1000 });
      expect((await bench.upload(file, { token, chunkBytes: 1000 })).exitCode).toBe(0);
      expect(queries(bench)).toEqual(new Set([`t=${token}&x=1`]));
      expect(bench.of('upload.resumed')).toHaveLength(1);
    }
  });
});

describe('an upload whose URL holds a secret that cannot be taken out of it', () => {
  const secrets: readonly (readonly [string, string, Partial<UploadSettings>])[] = [
    ['the token in base64 of a longer text', base64(`u:${TOKEN}`), { token: TOKEN }],
    ['the token encoded twice', encodeURIComponent(encodeURIComponent(TOKEN)), { token: TOKEN }],
    ['what a header of the user holds', 'own-s3cret', { headers: { Authorization: 'Bearer own-s3cret' } }],
  ];
  it.each(secrets)('is not remembered, which is said once: %s', async (_, text, changes) => {
    const { bench, file } = await benchWith(text);
    const settings = { ...changes, chunkBytes: 1000 };
    const other = await bench.file(2000, 'other.mp4');
    bench.server.script.PATCH?.push({ answer: 403 });
    expect((await bench.upload([file, other], settings)).exitCode).toBe(5);
    expect(await states(bench)).toBe('');
    expect(bench.of('upload.warning')).toEqual([
      { type: 'upload.warning', file: '', message: expect.stringContaining('are not remembered') },
    ]);
    expect(bench.of('upload.failed').map(({ resumable }) => resumable)).toEqual([false, false]);
    expect((await bench.upload(file, settings)).exitCode).toBe(0);
    expect(bench.of('upload.resumed')).toEqual([]);
  });

  it('is known within its run, and leaves no older record to be gone on with', async () => {
    let text = 'nothing';
    const bench = await startBench({ location: (id) => `/uploads/${id}?t=${text}` });
    const file = await bench.file(2000);
    const settings = { ...plainTus(bench), token: TOKEN, chunkBytes: 1000, resume: false } as const;
    bench.server.script.PATCH = [{ patchHeaders: {} }, { answer: 403 }];
    await bench.upload(file, settings);
    expect(await states(bench)).toContain('/uploads/');

    text = base64(`u:${TOKEN}`);
    bench.server.script.PATCH = [{ patchHeaders: {} }, { answer: 403 }];
    bench.server.script.DELETE = [{ answer: 204, headers: { 'Tus-Resumable': '1.0.0' } }];
    await bench.upload(file, { ...settings, abortOnFailure: true });
    expect(await states(bench)).toBe('');
    expect(bench.server.seen.find(({ method }) => method === 'DELETE')?.query).toBe(`t=${text}`);
  });
});
