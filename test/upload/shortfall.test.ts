import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type Bench, MIB, startBench } from './harness.ts';

/** The server forgets the last half MiB of what it has acknowledged. */
function loseTail(bench: Bench): void {
  for (const upload of bench.server.uploads.values()) upload.data = upload.data.subarray(0, -MIB / 2);
}

describe('a server that loses bytes after it acknowledged the last of them', () => {
  it('gets them again, and is asked to finalize again', async () => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [{ answer: 409 }];
    bench.server.script.HEAD = [{ first: () => {} }, { first: () => loseTail(bench) }];
    const file = await bench.file(2 * MIB);
    const { exitCode } = await bench.upload(file);
    expect(exitCode).toBe(0);
    expect(bench.of('upload.warning')).toMatchObject([
      { message: expect.stringContaining('sending the rest again') },
    ]);
    const content = await readFile(file);
    expect([...bench.server.finished.values()].map((stored) => stored.equals(content))).toEqual([true]);
    expect(bench.server.lines().filter((line) => line.startsWith('PATCH'))).toHaveLength(3);
  });

  it('also where the loss is found by a later run, and the answer to the first finalize was lost', async () => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [
      { loseAnswer: true },
      ...Array.from({ length: 3 }, () => ({ answer: 503 })),
    ];
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file)).exitCode).toBe(4);
    bench.server.script.FINALIZE = [{ answer: 409 }];
    loseTail(bench);
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.server.uploads.size).toBe(1);
    const content = await readFile(file);
    expect([...bench.server.finished.values()].map((stored) => stored.equals(content))).toEqual([true]);
  });

  it.each([
    ['400', [{ answer: 400 }]],
    ['404', [{ answer: 404 }]],
    ['422', [{ answer: 422 }]],
    ['500 to each try', Array.from({ length: 4 }, () => ({ answer: 500 }))],
    ['200 and an error', [{ answer: 200, body: '{"error":"upload is not complete"}' }]],
  ])('is asked what it has where it then answers finalize with %s', async (_, refusals) => {
    const bench = await startBench();
    const file = await bench.file(2 * MIB);
    bench.server.script.FINALIZE = Array.from({ length: 4 }, () => ({ loseAnswer: true }));
    expect((await bench.upload(file)).exitCode).toBe(4);
    bench.server.finished.clear();
    loseTail(bench);
    bench.server.script.FINALIZE = refusals;
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: MIB / 2 }]);
    expect(bench.server.uploads.size).toBe(1);
    const content = await readFile(file);
    expect([...bench.server.finished.values()].map((stored) => stored.equals(content))).toEqual([true]);
  });

  it('but has every byte, and refuses them after a lost answer: what it said of finalize stays', async () => {
    const bench = await startBench();
    const file = await bench.file(MIB);
    bench.server.script.FINALIZE = Array.from({ length: 4 }, () => ({ loseAnswer: true }));
    expect((await bench.upload(file)).exitCode).toBe(4);
    bench.server.script.FINALIZE = [{ answer: 400 }];
    bench.server.script.HEAD = Array.from({ length: 4 }, () => ({ answer: 500 }));
    expect((await bench.upload(file)).exitCode).toBe(5);
    expect(bench.of('upload.failed').at(-1)?.message).toContain('finalize answered 400');
  });

  it('and does so again and again: the run ends', async () => {
    const bench = await startBench();
    bench.server.script.FINALIZE = Array.from({ length: 20 }, () => ({ answer: 409 }));
    bench.server.script.HEAD = [
      { first: () => {} },
      ...Array.from({ length: 20 }, () => ({ first: () => loseTail(bench) })),
    ];
    const { exitCode } = await bench.upload(await bench.file(2 * MIB));
    expect(exitCode).toBe(6);
    expect(bench.server.seen.length).toBeLessThan(30);
  });
});

describe('a refused finalize', () => {
  it('of an upload that HEAD calls complete stays refused', async () => {
    const bench = await startBench();
    bench.server.script.FINALIZE = [{ answer: 409 }];
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(5);
    expect(bench.of('upload.failed')).toMatchObject([{ kind: 'refused' }]);
  });
});

describe('a cache that answers HEAD with an offset of the past', () => {
  it('at the end of an upload without finalize is seen through', async () => {
    const bench = await startBench();
    const stale = { patchHeaders: { 'Upload-Offset': '0' } };
    bench.server.script.HEAD = [{ first: () => {} }, stale];
    const file = await bench.file(2 * MIB);
    const { exitCode } = await bench.upload(file, {
      server: new URL(`${bench.server.url}/uploads`),
      protocol: 'tus',
    });
    expect(bench.of('upload.failed')).toEqual([]);
    expect(exitCode).toBe(0);
    expect([...bench.server.uploads.values()][0]?.data.equals(await readFile(file))).toBe(true);
  });

  it('at the start of a later run is seen through', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [...Array.from({ length: 3 }, () => ({ first: () => {} })), { answer: 403 }];
    const file = await bench.file(4 * MIB);
    expect((await bench.upload(file)).exitCode).toBe(5);
    bench.server.script.HEAD = [{ patchHeaders: { 'Upload-Offset': '0' } }];
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect([...bench.server.finished.values()].map((stored) => stored.length)).toEqual([4 * MIB]);
  });
});

it('a server that moves a complete upload away at once is believed, and that is said', async () => {
  const bench = await startBench();
  bench.server.script.HEAD = [{ first: () => {} }, { answer: 404 }, { answer: 404 }, { answer: 404 }];
  const server = new URL(`${bench.server.url}/uploads`);
  const { exitCode } = await bench.upload(await bench.file(2 * MIB), { server, protocol: 'tus' });
  expect(exitCode).toBe(0);
  expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
  expect(bench.of('upload.warning')).toMatchObject([
    { message: expect.stringContaining('no longer knows the upload') },
  ]);
});

it('an upload is forgotten only after it was reported as done', async () => {
  const bench = await startBench();
  const kept: number[] = [];
  const records = () =>
    readdirSync(`${bench.dir}/state`).filter((name) => /^[0-9a-f]{40}\.json$/.test(name)).length;
  await bench.upload(
    await bench.file(MIB),
    {},
    {
      report: (event) => event.type === 'upload.done' && kept.push(records()),
    },
  );
  expect([...kept, records()]).toEqual([1, 0]);
});
