import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planFiles } from '../../src/upload/plan.ts';
import { defaultSettings, type UploadSettings } from '../../src/upload/settings.ts';
import { openStateStore } from '../../src/upload/state/state-store.ts';
import { type Bench, expectProven, MIB, offsets, plainTus, startBench } from './harness.ts';

const stay = { first: () => {} };

describe('a server error on the last chunk, although all bytes are there', () => {
  it('is for finalize to judge, where there is one, and is said', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, { status: 500 }];
    const file = await bench.file(2 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(offsets(bench)).toEqual([0, MIB]);
    expect(bench.of('upload.warning').map(({ message }) => message)).toEqual([
      expect.stringMatching(/answered 500, yet the server says that it has every byte/),
    ]);
  });

  it.each([500, 502, 504])('(%i) is no success of plain tus: exit 8', async (status) => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, { status }];
    expect((await bench.upload(await bench.file(2 * MIB), plainTus(bench))).exitCode).toBe(8);
    expect(bench.of('upload.done')).toEqual([]);
    expect(bench.of('upload.failed')).toMatchObject([
      {
        kind: 'unknown',
        message: expect.stringMatching(
          new RegExp(`has every byte, but failed at the end: .* answered ${status}`),
        ),
        hint: expect.stringContaining('--no-resume'),
      },
    ]);
  });

  it('is not turned into a success by the next run', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ status: 500 }];
    const file = await bench.file(10);
    await bench.upload(file, plainTus(bench));
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(8);
    expect(offsets(bench)).toEqual([0]);
    expect((await bench.upload(file, { ...plainTus(bench), resume: false })).exitCode).toBe(0);
  });
});

describe('what a server holds that failed at the end', () => {
  const serve = (bench: Bench) => ({
    write: (res: ServerResponse) => res.writeHead(200).end([...bench.server.uploads.values()][0]?.data),
  });
  const readBack = (bench: Bench) => ({ ...plainTus(bench), readBack: true });

  it('is proven by --read-back in a later run, as the hint says, and sent no second time', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, { status: 500 }];
    bench.server.script.GET = [serve(bench)];
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(8);
    expect(bench.of('upload.failed')).toMatchObject([
      {
        hint: 'add --read-back to compare it without sending anything again, or check on the server whether the file is there; if it is not, upload it again with --no-resume',
        resumable: false,
      },
    ]);
    expect((await bench.upload(file, readBack(bench))).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'read-back', sentBytes: 0 }]);
    expect(offsets(bench)).toEqual([0, MIB]);
  });

  it('is proven by --read-back without HEAD, too, and no run sends it a second time', async () => {
    const bench = await startBench({ headless: true });
    // It is stored, and so out of place when it is repeated: 409.
    bench.server.script.PATCH = [stay, { status: 500 }];
    bench.server.script.GET = [serve(bench)];
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(8);
    expect(bench.of('upload.failed')[0]?.hint).toContain(
      'add --read-back to compare it without sending anything again',
    );
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(8);
    expect((await bench.upload(file, readBack(bench))).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'read-back', sentBytes: 0 }]);
    expect(offsets(bench)).toEqual([0, MIB, MIB]);
  });

  it.each([false, true])(
    'is foretold by --dry-run, unless it would be read back (no HEAD: %s)',
    async (headless) => {
      const bench = await startBench({ headless });
      bench.server.script.PATCH = [stay, { status: 500 }];
      const file = await bench.file(2 * MIB);
      await bench.upload(file, plainTus(bench));
      bench.events.length = 0;
      const plan = (changes: Partial<UploadSettings>) =>
        planFiles(
          [{ file }],
          { ...defaultSettings, server: new URL(bench.server.url), ...changes },
          {
            report: (event) => bench.events.push(event),
            store: openStateStore(join(bench.dir, 'state')),
            clock: bench.clock,
          },
        );
      expect((await plan(plainTus(bench))).exitCode).toBe(8);
      expect(bench.of('upload.failed')).toMatchObject([{ hint: expect.stringContaining('--read-back') }]);
      expect((await plan(readBack(bench))).exitCode).toBe(0);
      expect(bench.of('upload.planned')).toMatchObject([{ intention: 'resume', fromBytes: 2 * MIB }]);
    },
  );

  it('is proven by --read-back at once, where that was asked for', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, { status: 500 }];
    bench.server.script.GET = [serve(bench)];
    expect((await bench.upload(await bench.file(2 * MIB), readBack(bench))).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, proof: 'read-back' }]);
  });

  it.each([false, true])(
    'stays unknown where it cannot be read back, in every run (--require-proof %s)',
    async (requireProof) => {
      const bench = await startBench();
      bench.server.script.PATCH = [stay, { status: 500 }];
      bench.server.script.GET = [{ answer: 405 }, { answer: 405 }];
      const file = await bench.file(2 * MIB);
      for (const settings of [readBack(bench), readBack(bench), plainTus(bench)]) {
        expect((await bench.upload(file, { ...settings, requireProof })).exitCode).toBe(8);
        expect(bench.of('upload.failed').at(-1)).toMatchObject({
          message: expect.stringContaining('failed at the end'),
          resumable: false,
        });
      }
      expect(offsets(bench)).toEqual([0, MIB]);
    },
  );

  it('and what it lost meanwhile is sent again, and is no failure any more', async () => {
    const bench = await startBench();
    const lose = () => {
      for (const upload of bench.server.uploads.values()) upload.data = upload.data.subarray(0, MIB);
    };
    bench.server.script.PATCH = [stay, { status: 500 }];
    bench.server.script.HEAD = [stay, stay, { first: lose }];
    bench.server.script.GET = [{ answer: 405 }];
    expect((await bench.upload(await bench.file(2 * MIB), readBack(bench))).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
    expect(offsets(bench)).toEqual([0, MIB, MIB]);
  });
});

describe('a refusal of the last chunk, although all bytes are there', () => {
  it.each([404, 408, 410, 413, 425, 429])(
    '(%i) is no success of plain tus, and is not turned into one later: exit 8',
    async (status) => {
      const bench = await startBench();
      bench.server.script.PATCH = [stay, { status }];
      const file = await bench.file(2 * MIB);
      expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(8);
      expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(8);
      expect(offsets(bench)).toEqual([0, MIB]);
      expect(bench.of('upload.done')).toEqual([]);
      expect(bench.of('upload.failed')[0]?.message).toMatch(
        new RegExp(`has every byte, but failed at the end: .* answered ${status}`),
      );
    },
  );

  it.each([
    [400, 5],
    [401, 5],
    [403, 5],
    [302, 6],
    [507, 8],
  ])('that ends the run (%i) is not turned into a success by the next one', async (status, exitCode) => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, { status }];
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(exitCode);
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(8);
    expect(bench.of('upload.failed').map(({ resumable }) => resumable)).toEqual([false, false]);
    expect(offsets(bench)).toEqual([0, MIB]);
    expect(bench.of('upload.done')).toEqual([]);
    expect((await bench.upload(file, { ...plainTus(bench), resume: false })).exitCode).toBe(0);
  });

  it('that HEAD refuted counts no more, though the run that heard it ends before anything is stored', async () => {
    const bench = await startBench();
    const { script } = bench.server;
    const file = await bench.file(10);
    const once = { ...plainTus(bench), retries: 0 };
    script.PATCH = [{ answer: 403 }];
    script.HEAD = [stay, { answer: 503 }];
    expect((await bench.upload(file, once)).exitCode).toBe(5);
    script.PATCH = [{ loseAnswer: true }];
    expect((await bench.upload(file, once)).exitCode).toBe(4);
    expect((await bench.upload(file, once)).exitCode).toBe(0);
    expect(offsets(bench)).toEqual([0, 0]);
  });

  it('with a pause longer than that between tries is asked about by the next run, not waited for', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer: 503, headers: { 'Retry-After': '4' } }];
    const file = await bench.file(10);
    const once = { ...plainTus(bench), retries: 0 };
    expect((await bench.upload(file, once)).exitCode).toBe(4);
    expect(bench.server.lines().at(-1)).toMatch(/^PATCH /);
    expect((await bench.upload(file, once)).exitCode).toBe(0);
  });

  it('that ends the run, after which HEAD answers nothing, is not forgotten either', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ status: 403 }];
    bench.server.script.HEAD = [stay, { answer: 403 }];
    const file = await bench.file(10);
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(5);
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(8);
  });

  it.each([404, 413, 429, 500])('(%i) of the last try is not taken for nothing', async (status) => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ status }];
    const file = await bench.file(10);
    const once = { ...plainTus(bench), retries: 0 };
    expect((await bench.upload(file, once)).exitCode).toBe(status === 413 ? 5 : 8);
    expect((await bench.upload(file, once)).exitCode).toBe(8);
    expect(offsets(bench)).toEqual([0]);
  });

  it.each([409, 423])('(%i) is none where our own first try came late', async (status) => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ status }];
    expect((await bench.upload(await bench.file(10), plainTus(bench))).exitCode).toBe(0);
  });

  it('is for finalize to judge, where there is one', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, { status: 413 }];
    const file = await bench.file(2 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(bench.of('upload.warning').map(({ message }) => message)).toEqual([
      expect.stringMatching(/answered 413, yet the server says that it has every byte/),
    ]);
  });
});

describe('a last chunk', () => {
  it('that is too large is halved, and passes', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, { answer: 413 }];
    expect((await bench.upload(await bench.file(2 * MIB), plainTus(bench))).exitCode).toBe(0);
    expect(offsets(bench)).toEqual([0, MIB, MIB, 1.5 * MIB]);
  });

  it.each([
    ['said so', [stay]],
    ['answered no HEAD then', [stay, { answer: 403 }]],
  ])('whose refusal stored nothing is sent by the next run, also where the server %s', async (_, heads) => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, { answer: 403 }];
    bench.server.script.HEAD = heads;
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(5);
    // Its answer is lost: what an earlier run was told is no longer about these bytes.
    bench.server.script.PATCH = [{ loseAnswer: true }];
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(0);
    expect(offsets(bench)).toEqual([0, MIB, MIB]);
  });

  it('whose error stored nothing is sent again, and its success counts', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, { answer: 500 }];
    expect((await bench.upload(await bench.file(2 * MIB), plainTus(bench))).exitCode).toBe(0);
    expect(offsets(bench)).toEqual([0, MIB, MIB]);
  });

  it('whose answer was lost on the way is a success as soon as HEAD says so', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, { loseAnswer: true }];
    const outcome = await bench.upload(await bench.file(2 * MIB), plainTus(bench));
    expect(outcome.exitCode).toBe(0);
    expect(offsets(bench)).toEqual([0, MIB]);
    expect(bench.server.lines().filter((line) => line.startsWith('POST'))).toHaveLength(1);
    expect(bench.of('upload.done')).toMatchObject([{ proven: false, sentBytes: 2 * MIB }]);
  });

  it('that an earlier run had brought over needs no further byte from plain tus', async () => {
    const bench = await startBench();
    const file = await bench.file(MIB);
    bench.server.script.PATCH = [{ loseAnswer: true }];
    bench.server.script.HEAD = [stay, ...Array(4).fill({ answer: 503 })];
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(4);
    bench.server.seen.length = 0;
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(0);
    expect(new Set(bench.server.seen.map(({ method }) => method))).toEqual(new Set(['OPTIONS', 'HEAD']));
    expect(bench.of('upload.done')).toMatchObject([{ sentBytes: 0, resumedFromBytes: MIB }]);
  });

  it.each([
    ['holds more than the file', { 'Upload-Offset': String(MIB + 7) }, 7, 'integrity'],
    ['waits for more than the file', { 'Upload-Length': String(2 * MIB) }, 6, 'protocol'],
    ['is for less than the file', { 'Upload-Length': '5' }, 6, 'protocol'],
  ])('after which HEAD says that the upload %s is no success of plain tus', async (_, said, code, kind) => {
    const bench = await startBench();
    bench.server.script.HEAD = [stay, { patchHeaders: said as Record<string, string> }];
    const file = await bench.file(MIB);
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(code);
    expect(bench.of('upload.done')).toEqual([]);
    expect(bench.of('upload.failed')).toMatchObject([{ kind }]);
  });

  it.each([404, 410])(
    'after which a plain tus server no longer knows the upload (%i) is done, unproven, with a warning',
    async (answer) => {
      const bench = await startBench();
      bench.server.script.HEAD = [stay, { answer }];
      const file = await bench.file(MIB);
      expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(0);
      expect(bench.of('upload.done')).toMatchObject([
        { proven: false, gone: true, reason: 'the server no longer knows the upload' },
      ]);
      expect(bench.of('upload.warning').map(({ message }) => message)).toEqual([
        expect.stringContaining('it may have moved it away'),
      ]);
      bench.server.script.HEAD = [stay, { answer }];
      expect((await bench.upload(file, { ...plainTus(bench), requireProof: true })).exitCode).toBe(8);
    },
  );
});
