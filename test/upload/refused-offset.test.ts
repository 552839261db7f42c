import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { expectProven, MIB, offsets, plainTus, startBench } from './harness.ts';

const heads = (lines: readonly string[]) => lines.filter((line) => line.startsWith('HEAD'));
const stay = { first: () => {} };

describe('a 409', () => {
  it('that names the offset needs no HEAD', async () => {
    const bench = await startBench();
    // The first chunk is stored and its answer lost; HEAD is cached and still says 0.
    bench.server.script.PATCH = [
      { loseAnswer: true },
      { answer: 409, headers: { 'Upload-Offset': String(MIB) } },
    ];
    bench.server.script.HEAD = [stay, { patchHeaders: { 'Upload-Offset': '0' } }];
    const file = await bench.file(2 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(offsets(bench)).toEqual([0, 0, MIB]);
    expect(heads(bench.server.lines())).toHaveLength(2);
  });

  it.each([
    ['an offset that was never sent', String(5 * MIB), 6],
    ['junk', 'NaN', 0],
  ])('that names %s is not believed', async (_, offset, exitCode) => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer: 409, headers: { 'Upload-Offset': offset } }];
    const outcome = await bench.upload(await bench.file(2 * MIB));
    expect(outcome.exitCode).toBe(exitCode);
    expect(offsets(bench)).toEqual(exitCode === 0 ? [0, 0, MIB] : [0]);
  });

  it.each([false, true])(
    'and a HEAD beyond what was sent end the upload: the next run begins another (--abort-on-failure %s)',
    async (abortOnFailure) => {
      const bench = await startBench();
      const settings = { ...plainTus(bench), chunkBytes: 1000, abortOnFailure };
      const foreign = Buffer.alloc(4500, 'x');
      const replace = () => {
        for (const upload of bench.server.uploads.values()) upload.data = foreign;
      };
      bench.server.script.PATCH = [stay, { first: replace }];
      const file = await bench.file(5000);
      expect((await bench.upload(file, settings)).exitCode).toBe(6);
      expect(bench.of('upload.failed')).toMatchObject([
        {
          message: expect.stringContaining('no byte beyond 2000 was sent'),
          hint: expect.stringContaining('starts a new upload'),
          resumable: false,
        },
      ]);
      expect(bench.server.lines().filter((line) => line.startsWith('DELETE'))).toEqual([]);
      await bench.upload(file, settings);
      expect(bench.of('upload.resumed')).toEqual([]);
      const held = [...bench.server.uploads.values()].map(({ data }) => data.toString('latin1'));
      expect(held).toEqual([foreign.toString('latin1'), await readFile(file, 'latin1')]);
    },
  );

  it('at the very offset that HEAD names is tried more slowly each time, as a lock would be', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer: 409 }, { answer: 409 }, { answer: 409 }];
    const file = await bench.file(10);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(bench.clock.pausesMs).toEqual([1_000, 2_000, 4_000]);
  });

  it('that a cached HEAD keeps alive ends in exit 6, and the cache is named', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ loseAnswer: true }];
    const stale = { patchHeaders: { 'Upload-Offset': '0', Age: '35' } };
    bench.server.script.HEAD = [stay, ...Array(9).fill(stale)];
    expect((await bench.upload(await bench.file(2 * MIB))).exitCode).toBe(6);
    expect(bench.of('upload.failed')).toMatchObject([
      {
        message: expect.stringMatching(
          /409.*although HEAD says offset 0; that answer came from a cache \(age: 35\)/,
        ),
        hint: expect.stringContaining('a proxy caches'),
        resumable: true,
      },
    ]);
    expect(offsets(bench)).toEqual([0, 0, 0, 0]);
    expect(bench.server.seen.find(({ method }) => method === 'HEAD')?.headers['cache-control']).toBe(
      'no-cache',
    );
  });

  it('of a resumed upload whose HEAD was cached is passed: the earlier run had sent more than that', async () => {
    const bench = await startBench();
    const file = await bench.file(4 * MIB);
    bench.server.script.PATCH = [stay, stay, stay, ...Array(4).fill({ answer: 503 })];
    expect((await bench.upload(file)).exitCode).toBe(4);
    bench.events.length = 0;
    bench.server.script.HEAD = [{ patchHeaders: { 'Upload-Offset': String(MIB), Age: '9' } }];
    await bench.upload(file);
    await expectProven(bench, file);
    expect(bench.of('upload.done')).toMatchObject([{ sentBytes: 2 * MIB }]);
  });

  it('that a HEAD was cached for once is passed', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ loseAnswer: true }];
    bench.server.script.HEAD = [stay, { patchHeaders: { 'Upload-Offset': '0', Age: '1' } }];
    const file = await bench.file(2 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(offsets(bench)).toEqual([0, 0, MIB]);
  });
});

describe('a server that loses everything it had', () => {
  it('gets it again, however many chunks that takes', async () => {
    const bench = await startBench();
    const loseAll = () => {
      for (const upload of bench.server.uploads.values()) upload.data = Buffer.alloc(0);
    };
    bench.server.script.PATCH = [...Array(250).fill(stay), { first: loseAll }];
    const file = await bench.file(256 * 1024);
    await bench.upload(file, { chunkBytes: 1024 });
    await expectProven(bench, file);
    expect(offsets(bench)).toHaveLength(250 + 1 + 256);
  });

  it('again and again is stopped', async () => {
    const bench = await startBench();
    const loseAll = () => {
      for (const upload of bench.server.uploads.values()) upload.data = Buffer.alloc(0);
    };
    const round = [stay, stay, { first: loseAll }];
    bench.server.script.PATCH = Array(100).fill(round).flat();
    expect((await bench.upload(await bench.file(4 * MIB))).exitCode).toBe(6);
    expect(offsets(bench).length).toBeLessThan(16);
  });
});
