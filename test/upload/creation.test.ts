import { describe, expect, it } from 'vitest';
import { startBench } from './harness.ts';
import { startScriptedServer } from './scripted-server.ts';

describe('an answer to creation that is none of the protocol', () => {
  it.each([
    ['201 without Location', { patchHeaders: { Location: undefined } }, 6, /without Location/],
    [
      'a login page',
      { answer: 200, headers: { 'Content-Type': 'text/html' }, body: '<h1>Log in</h1>' },
      6,
      /200 without Location \(an HTML page\)/,
    ],
    [
      'a redirect',
      { answer: 307, headers: { Location: 'http://127.0.0.1:9/x' } },
      6,
      /answered 307 to http:\/\/127.0.0.1:9\/x/,
    ],
    ['a refusal', { answer: 403, body: '{"error":"not you"}' }, 5, /answered 403: \{"error":"not you"\}/],
    ['too large', { answer: 413 }, 5, /answered 413/],
    ['there already', { answer: 409 }, 5, /answered 409/],
    ['no such place', { answer: 404 }, 5, /answered 404/],
  ])('%s', async (_, step, exitCode, message) => {
    const bench = await startBench();
    bench.server.script.POST = [step];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(exitCode);
    expect(bench.of('upload.failed')).toMatchObject([
      { message: expect.stringMatching(message), resumable: false },
    ]);
    expect(bench.server.lines()).toEqual(['POST /uploads']);
  });

  it('a HEAD right after it that claims bytes nobody sent', async () => {
    const bench = await startBench();
    bench.server.script.HEAD = [{ patchHeaders: { 'Upload-Offset': '10' } }];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(6);
    expect(bench.of('upload.failed')[0]?.message).toContain('says offset 10, expected 0');
  });

  it('a HEAD that states another length', async () => {
    const bench = await startBench();
    bench.server.script.HEAD = [{ patchHeaders: { 'Upload-Length': '11' } }];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(6);
  });
});

describe('a URL that creates no uploads', () => {
  it.each([404, 405])('(%i) is said to have been guessed at, where it was', async (status) => {
    const bench = await startBench();
    bench.server.script.GET = Array(2).fill({ answer: 404 });
    bench.server.script.OPTIONS = [{ answer: 404 }];
    bench.server.script.POST = [{ answer: status }];
    await bench.upload(await bench.file(10), { protocol: 'auto' });
    const hint = bench.of('upload.failed')[0]?.hint;
    expect(hint).toContain('no sign of any protocol was seen there, so pulse was assumed');
    expect(hint).toContain(`for example ${bench.server.url}/files`);
  });

  it('is not, where the protocol was named', async () => {
    const bench = await startBench();
    bench.server.script.POST = [{ answer: 405 }];
    await bench.upload(await bench.file(10));
    expect(bench.of('upload.failed')[0]?.hint).toMatch(/^check --server: /);
  });
});

describe('credentials', () => {
  it('go nowhere else: a Location on another origin gets no request at all', async () => {
    const other = await startScriptedServer();
    const bench = await startBench({ location: (id) => `${other.url}/uploads/${id}` });
    expect((await bench.upload(await bench.file(10), { token: 's3cret' })).exitCode).toBe(6);
    expect(other.seen).toEqual([]);
    await other.close();
  });

  it('appear in no event, whatever the server echoes', async () => {
    const bench = await startBench();
    const token = 's3cr/t+x';
    bench.server.script.POST = [{ answer: 400, body: `bad token ${token} (${encodeURIComponent(token)})` }];
    await bench.upload(await bench.file(10), { token });
    const told = JSON.stringify(bench.events);
    expect(told).toContain('bad token [token] ([token])');
    expect(told).not.toContain('s3cr');
  });
});

describe('a lost 201', () => {
  it('is created once more, and exactly one upload is finished', async () => {
    const bench = await startBench();
    bench.server.script.POST = [{ loseAnswer: true }];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(0);
    expect(bench.server.uploads.size).toBe(2);
    expect(bench.server.finished.size).toBe(1);
  });
});
