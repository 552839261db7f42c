import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type Bench, expectProven, MIB, offsets, plainTus, startBench } from './harness.ts';
import type { SeenRequest, Step } from './scripted-server.ts';

const stay = { first: () => {} };

/** Takes a chunk wherever it belongs, as a server does that only appends. */
const append = (bench: Bench) => ({
  write: (res: ServerResponse) => {
    const { headers, body } = bench.server.seen.at(-1) as SeenRequest;
    for (const upload of bench.server.uploads.values()) upload.data = Buffer.concat([upload.data, body]);
    res.writeHead(204, { 'Upload-Offset': String(Number(headers['upload-offset']) + body.byteLength) }).end();
  },
});

describe('a server without HEAD', () => {
  it('is recognised, said, and uploaded to all the same', async () => {
    const bench = await startBench({ headless: true });
    expect((await bench.upload(await bench.file(2 * MIB))).exitCode).toBe(0);
    expect(bench.of('upload.warning').map(({ message }) => message)).toEqual([
      expect.stringContaining('does not answer HEAD'),
    ]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
  });

  it.each([404, 405, 501])(
    'is recognised (%i) where the creation takes data and says how much: later nobody could tell',
    async (answer) => {
      const bench = await startBench({ takesData: true });
      bench.server.script.HEAD = Array(20).fill({ answer });
      bench.server.script.PATCH = [{ loseAnswer: true }];
      const file = await bench.file(3 * MIB);
      expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(0);
      expect(bench.of('upload.warning')).toMatchObject([
        { message: expect.stringContaining('does not answer HEAD') },
      ]);
      const methods = bench.server.lines().map((line) => line.split(' ')[0]);
      expect(methods).toEqual(['OPTIONS', 'POST', 'HEAD', ...Array(3).fill('PATCH')]);
      const content = await readFile(file);
      expect([...bench.server.uploads.values()].map(({ data }) => data.equals(content))).toEqual([true]);
    },
  );

  it('gets a cut chunk again, unchanged', async () => {
    const bench = await startBench({ headless: true });
    bench.server.script.PATCH = [stay, { cutAfterBytes: 400_000, keep: false }];
    const file = await bench.file(3 * MIB);
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect([...bench.server.finished.values()][0]?.equals(await readFile(file))).toBe(true);
  });

  it('that answers 409 to the repeated chunk had stored it', async () => {
    const bench = await startBench({ headless: true });
    bench.server.script.PATCH = [stay, { loseAnswer: true }];
    expect((await bench.upload(await bench.file(3 * MIB))).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, retries: 1 }]);
  });

  it.each([
    ['in the middle', 3 * MIB],
    ['at its last chunk', 2 * MIB],
  ])('that names in a 409 where it is gets the rest from there, %s', async (_, sizeBytes) => {
    const bench = await startBench({ headless: true });
    bench.server.script.PATCH = [
      stay,
      { cutAfterBytes: 30_000, keep: true },
      { patchHeaders: { 'Upload-Offset': String(MIB + 30_000) } },
    ];
    const file = await bench.file(sizeBytes);
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(0);
    expect([...bench.server.uploads.values()][0]?.data.equals(await readFile(file))).toBe(true);
    expect(offsets(bench).slice(0, 4)).toEqual([0, MIB, MIB, MIB + 30_000]);
  });

  it('that lost bytes and names in a 409 where it is gets them again', async () => {
    const bench = await startBench({ headless: true });
    const lose = (res: ServerResponse) => {
      for (const upload of bench.server.uploads.values()) upload.data = upload.data.subarray(0, 1000);
      res.writeHead(409, { 'Upload-Offset': '1000' }).end();
    };
    bench.server.script.PATCH = [stay, stay, { write: lose }];
    const file = await bench.file(3 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
  });

  it('that names in a 409 the offset of the chunk itself gets it again, within the budget', async () => {
    const bench = await startBench({ headless: true });
    const busy = { answer: 409, headers: { 'Upload-Offset': String(MIB) } };
    bench.server.script.PATCH = [stay, { cutAfterBytes: 1, keep: false }, busy, busy];
    const file = await bench.file(2 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    bench.server.script.PATCH = [stay, ...Array(9).fill(busy)];
    expect((await bench.upload(await bench.file(2 * MIB, 'other.mp4'))).exitCode).toBe(6);
    expect(bench.server.script.PATCH).toHaveLength(9 - 4);
  });

  it('that names in a 409 what was never sent is not believed', async () => {
    const bench = await startBench({ headless: true });
    bench.server.script.PATCH = [{ answer: 409, headers: { 'Upload-Offset': String(2 * MIB) } }];
    expect((await bench.upload(await bench.file(2 * MIB))).exitCode).toBe(6);
    expect(bench.of('upload.failed')[0]?.message).toContain('no byte beyond 1048576 was sent');
  });

  it.each([423, 429])(
    'that refused a chunk (%i) has not stored it, whatever 409 it answers next',
    async (answer) => {
      const bench = await startBench({ headless: true });
      bench.server.script.PATCH = [stay, { answer }, { answer: 409 }];
      expect((await bench.upload(await bench.file(2 * MIB), plainTus(bench))).exitCode).toBe(6);
      expect(bench.of('upload.done')).toEqual([]);
    },
  );

  it('that stored a repeated chunk twice gets everything once more', async () => {
    const bench = await startBench({ headless: true });
    // The documented binary server: what arrived before the cut stays in the file, but is not counted.
    bench.server.script.FINALIZE = [{ patchJson: { size: 3_545_728, checksum: `sha256:${'0'.repeat(64)}` } }];
    bench.server.script.PATCH = [stay, { cutAfterBytes: 400_000, keep: false }];
    expect((await bench.upload(await bench.file(3 * MIB))).exitCode).toBe(0);
    expect(
      bench
        .of('upload.warning')
        .map(({ message }) => message)
        .at(-2),
    ).toMatch(/3545728 bytes.*sending it all once more/);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: expect.any(Number) }]);
    expect(bench.server.uploads.size).toBe(2);
  });

  it.each([
    ['', {}],
    [', whether proof is required or not', { requireProof: true }],
  ])(
    'that may have stored a chunk twice and proves nothing is exit 8, which no run forgets%s',
    async (_, changes) => {
      const bench = await startBench({ headless: true });
      bench.server.script.PATCH = [stay, { loseAnswer: true }, append(bench), append(bench)];
      const file = await bench.file(3 * MIB);
      expect((await bench.upload(file, { ...plainTus(bench), ...changes })).exitCode).toBe(8);
      expect(bench.of('upload.done')).toEqual([]);
      expect(bench.of('upload.failed')).toMatchObject([
        {
          kind: 'unknown',
          message: expect.stringContaining('may be there twice'),
          hint: expect.stringContaining(
            `has ${3 * MIB} bytes; if it has not, upload it again with --read-back`,
          ),
          resumable: false,
        },
      ]);
      await bench.upload(file, plainTus(bench));
      expect(bench.of('upload.created')).toHaveLength(2);
    },
  );

  it('that may have stored a chunk twice is a success where finalize names the size, and unknown where it does not', async () => {
    const bench = await startBench({ headless: true });
    for (const [name, patchJson, exitCode] of [
      ['sized.mp4', { checksum: undefined }, 0],
      ['unsized.mp4', { checksum: undefined, size: undefined }, 8],
    ] as const) {
      bench.server.script.PATCH = [stay, { cutAfterBytes: 400_000, keep: false }];
      bench.server.script.FINALIZE = [{ patchJson }];
      expect((await bench.upload(await bench.file(3 * MIB, name))).exitCode).toBe(exitCode);
    }
  });

  it.each([
    ['was lost', { answer: 503 }],
    ['was a refusal', { answer: 429 }],
  ])(
    'that may have stored a chunk twice is unknown in the next run too, where the first answer to finalize %s',
    async (_, step) => {
      const bench = await startBench({ headless: true });
      const { script } = bench.server;
      script.PATCH = [stay, { cutAfterBytes: 400_000, keep: false }];
      script.FINALIZE = Array(20).fill(step);
      const file = await bench.file(3 * MIB);
      expect((await bench.upload(file)).exitCode).toBe(4);
      script.FINALIZE = [{ patchJson: { checksum: undefined, size: undefined } }];
      expect((await bench.upload(file)).exitCode).toBe(8);
      expect(bench.of('upload.failed').at(-1)?.message).toContain('may be there twice');
      expect(bench.of('upload.created')).toHaveLength(1);
    },
  );

  it('that may have stored a chunk twice is unknown where it is not asked to finalize', async () => {
    const bench = await startBench({ headless: true });
    bench.server.script.PATCH = [stay, { cutAfterBytes: 400_000, keep: false }];
    expect((await bench.upload(await bench.file(3 * MIB), { finalize: false })).exitCode).toBe(8);
    expect(bench.of('upload.failed')).toMatchObject([{ kind: 'unknown', resumable: false }]);
    expect(bench.server.lines().at(-1)).toMatch(/^PATCH /);
  });

  it('that may have stored a chunk twice is not proven by the checksums of its chunks', async () => {
    const bench = await startBench({ headless: true });
    const headers = {
      'Tus-Version': '1.0.0',
      'Tus-Extension': 'creation,checksum',
      'Tus-Checksum-Algorithm': 'sha256',
    };
    bench.server.script.OPTIONS = [{ answer: 204, headers }];
    bench.server.script.PATCH = [{ answer: 460 }, stay, { loseAnswer: true }, append(bench), append(bench)];
    expect((await bench.upload(await bench.file(3 * MIB), plainTus(bench))).exitCode).toBe(8);
    expect(bench.of('upload.done')).toEqual([]);
  });

  it.each<[string, Step[]]>([
    ['refused it', [{ answer: 423 }]],
    [
      'names its place in a 409',
      [{ loseAnswer: true }, { patchHeaders: { 'Upload-Offset': String(2 * MIB) } }],
    ],
    ['answers 409 to it', [{ loseAnswer: true }]],
  ])('has a chunk once where it %s', async (_, steps) => {
    const bench = await startBench({ headless: true });
    bench.server.script.PATCH = [stay, ...steps];
    const file = await bench.file(3 * MIB);
    expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(0);
    expect([...bench.server.uploads.values()][0]?.data.equals(await readFile(file))).toBe(true);
  });

  it('that spoils the second upload too ends in exit 7 with both checksums', async () => {
    const bench = await startBench({ headless: true });
    const wrong = { patchJson: { checksum: `sha256:${'0'.repeat(64)}` } };
    bench.server.script.FINALIZE = [wrong, wrong];
    const cut = { cutAfterBytes: 400_000, keep: false };
    bench.server.script.PATCH = [cut, stay, cut];
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(7);
    expect(bench.of('upload.failed')[0]?.message).toMatch(/sha256 0{64}.*expected.*sha256 [0-9a-f]{64}/);
  });

  it('that lies without any cut is not given a second chance', async () => {
    const bench = await startBench({ headless: true });
    bench.server.script.FINALIZE = [{ patchJson: { checksum: `sha256:${'0'.repeat(64)}` } }];
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(7);
    expect(bench.server.uploads.size).toBe(1);
  });

  it('is found behind a proxy that strips the prefix, too', async () => {
    const bench = await startBench({ headless: true, prefix: '/api', location: (id) => `/uploads/${id}` });
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(0);
    expect(bench.server.lines().slice(0, 6)).toEqual([
      'POST /api/uploads',
      'HEAD /uploads/<id>',
      'HEAD /api/uploads/<id>',
      'PATCH /uploads/<id>',
      'PATCH /api/uploads/<id>',
      'PATCH /api/uploads/<id>',
    ]);
  });

  it.each([
    ['no Upload-Offset', { 'Upload-Offset': undefined }],
    ['junk', { 'Upload-Offset': 'NaN' }],
    ['an offset beyond what was sent', { 'Upload-Offset': String(5 * MIB) }],
  ])('whose 204 has %s is exit 6: no chunk is sent on a guess', async (_, patchHeaders) => {
    const bench = await startBench({ headless: true });
    bench.server.script.PATCH = [{ patchHeaders }];
    expect((await bench.upload(await bench.file(2 * MIB))).exitCode).toBe(6);
    expect(bench.server.lines().filter((line) => line.startsWith('HEAD'))).toHaveLength(1);
    expect(offsets(bench)).toEqual([0]);
    expect(bench.server.finished.size).toBe(0);
  });

  it('is promised no resumption: what broke off starts over', async () => {
    const bench = await startBench({ headless: true });
    bench.server.script.PATCH = [stay, ...Array(4).fill({ answer: 503 })];
    expect((await bench.upload(await bench.file(2 * MIB))).exitCode).toBe(4);
    expect(bench.of('upload.failed')).toMatchObject([
      { hint: 'run the same command again', resumable: false },
    ]);
  });

  it('is promised none after an interruption either', async () => {
    const bench = await startBench({ headless: true });
    const stop = new AbortController();
    const file = await bench.file(2 * MIB);
    bench.server.script.PATCH = [stay, { first: () => stop.abort() }];
    expect((await bench.upload(file, {}, { signal: stop.signal })).exitCode).toBe(130);
    expect(bench.of('upload.failed')).toMatchObject([
      {
        message: `the upload of ${file} was interrupted`,
        hint: 'run the same command again',
        resumable: false,
      },
    ]);
  });

  it('of which only finalize is missing gets it from the next run, as was promised', async () => {
    const bench = await startBench({ headless: true });
    bench.server.script.FINALIZE = Array(4).fill({ answer: 503 });
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file)).exitCode).toBe(4);
    expect(bench.of('upload.failed')).toMatchObject([
      { hint: expect.stringContaining('run the same command again: it resumes'), resumable: true },
    ]);
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.of('upload.resumed')).toMatchObject([{ offsetBytes: 2 * MIB }]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sentBytes: 0 }]);
  });

  it('starts over in a later run, and says why', async () => {
    const bench = await startBench({ headless: true });
    bench.server.script.PATCH = [stay, ...Array(4).fill({ answer: 500 })];
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file)).exitCode).toBe(4);
    expect((await bench.upload(file)).exitCode).toBe(0);
    expect(bench.of('upload.warning').map(({ message }) => message)).toContainEqual(
      expect.stringContaining('cannot be resumed; starting a new upload'),
    );
  });
});
