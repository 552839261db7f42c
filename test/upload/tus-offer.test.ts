import { describe, expect, it } from 'vitest';
import { plainTus, startBench } from './harness.ts';
import { startReferenceBench } from './reference.ts';

const tus = { protocol: 'tus' } as const;

describe('what a tus server says of itself', () => {
  it('is asked once a run, before the first creation, with the token', async () => {
    const bench = await startReferenceBench({ protocol: 'tus', token: 's3cret' });
    const files = [await bench.file(10, 'a.mp4'), await bench.file(10, 'b.mp4')];
    expect((await bench.upload(files, { ...tus, token: 's3cret' })).exitCode).toBe(0);
    const methods = bench.proxy.log.map(({ method }) => method);
    expect(methods[0]).toBe('OPTIONS');
    expect(methods.filter((method) => method === 'OPTIONS')).toHaveLength(1);
    expect(bench.proxy.log[0]?.headers.authorization).toBe('Bearer s3cret');
  });

  it('is not asked for form data, and the user hears that these are no chunks of tus', async () => {
    const bench = await startReferenceBench({ protocol: 'tus' });
    const files = [await bench.file(10, 'a.mp4'), await bench.file(10, 'b.mp4')];
    expect((await bench.upload(files, { ...tus, body: 'multipart' })).exitCode).toBe(0);
    expect(bench.of('upload.warning').map(({ message }) => message)).toEqual([
      'protocol tus has no chunks as form data: --body multipart has no effect, they are sent raw',
    ]);
  });

  it('is read from the answer by which the server was recognised', async () => {
    const bench = await startReferenceBench({ protocol: 'tus', maxSizeBytes: 1000 });
    expect((await bench.upload(await bench.file(1001), { protocol: 'auto' })).exitCode).toBe(5);
    expect(bench.lines().filter((line) => line.startsWith('OPTIONS'))).toHaveLength(1);
  });

  it('is respected: a file above Tus-Max-Size is exit 5, and not even created', async () => {
    const bench = await startReferenceBench({ protocol: 'tus', maxSizeBytes: 1000 });
    const file = await bench.file(1001);
    expect((await bench.upload(file, tus)).exitCode).toBe(5);
    expect(bench.of('upload.failed')).toMatchObject([
      {
        kind: 'refused',
        message: `${file} was not sent: the file has 1001 bytes, but the server takes at most 1000 (Tus-Max-Size)`,
      },
    ]);
    expect(bench.lines().map((line) => line.split(' ')[0])).toEqual(['OPTIONS']);
    expect((await bench.upload(await bench.file(1000), tus)).exitCode).toBe(0);
  });

  it.each([401, 403, 404, 405, 500, 501])('may be nothing: OPTIONS answered %i', async (answer) => {
    const bench = await startBench();
    bench.server.script.OPTIONS = [{ answer }];
    expect((await bench.upload(await bench.file(10), plainTus(bench))).exitCode).toBe(0);
    expect(bench.clock.pausesMs).toEqual([]);
  });

  it('may be nothing: OPTIONS answered by a page, or never', async () => {
    const bench = await startBench();
    bench.server.script.OPTIONS = [
      { answer: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>' },
      { stall: true },
    ];
    for (const name of ['a.mp4', 'b.mp4']) {
      const outcome = await bench.upload(await bench.file(10, name), { ...plainTus(bench), timeoutMs: 200 });
      expect(outcome.exitCode).toBe(0);
    }
    expect(bench.server.script.OPTIONS).toEqual([]);
  });

  it('is asked for again when the connection breaks, for it may be a lot', async () => {
    const bench = await startBench();
    const more = { 'Tus-Version': '1.0.0', 'Tus-Max-Size': '5' };
    bench.server.script.OPTIONS = [{ loseAnswer: true }, { answer: 503 }, { answer: 204, headers: more }];
    expect((await bench.upload(await bench.file(10), plainTus(bench))).exitCode).toBe(5);
    expect(bench.server.lines()).toEqual(Array(3).fill('OPTIONS /uploads'));
  });

  it('does not hide that nobody is there', async () => {
    const bench = await startBench();
    await bench.server.vanish();
    expect((await bench.upload(await bench.file(10), plainTus(bench))).exitCode).toBe(4);
    expect(bench.of('upload.failed')[0]?.message).toMatch(/OPTIONS .*/);
    expect(bench.clock.pausesMs).toHaveLength(3);
    await bench.server.appear();
  });
});
