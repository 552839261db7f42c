import { appendFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Send } from '../../src/protocol/wire.ts';
import { createTransport } from '../../src/transport/http.ts';
import { type Bench, expectProven, MIB, offsets, startBench } from './harness.ts';

describe('after a doubtful PATCH the offset of HEAD decides', () => {
  it('when the connection was cut and the server kept a part', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ first: () => {} }, { cutAfterBytes: 400_000, keep: true }];
    const file = await bench.file(3 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(offsets(bench)).toEqual([0, MIB, MIB + 400_000, 2 * MIB + 400_000]);
    expect(bench.clock.pausesMs).toEqual([1_000]);
    expect(bench.of('upload.done')).toMatchObject([{ retries: 1 }]);
  });

  it('when the server kept nothing', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ cutAfterBytes: 400_000, keep: false }];
    const file = await bench.file(2 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(offsets(bench)).toEqual([0, 0, MIB]);
  });

  it('when only the answer was lost: nothing is sent twice', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ loseAnswer: true }, { loseAnswer: true }];
    const file = await bench.file(2 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(offsets(bench)).toEqual([0, MIB]);
    expect(bench.of('upload.done')).toMatchObject([{ sentBytes: 2 * MIB }]);
  });

  it('when the server took only a part and said so: no retry, no HEAD', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ acceptBytes: 300_000 }];
    const file = await bench.file(2 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(offsets(bench)).toEqual([0, 300_000, 300_000 + MIB]);
    expect(bench.server.lines().filter((line) => line.startsWith('HEAD'))).toHaveLength(1);
  });

  it('when it lost bytes that it had acknowledged', async () => {
    const bench = await startBench();
    const loseHalf = () => {
      for (const upload of bench.server.uploads.values()) upload.data = upload.data.subarray(0, MIB / 2);
    };
    bench.server.script.PATCH = [{ first: () => {} }, { first: loseHalf }];
    const file = await bench.file(2 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(offsets(bench)).toEqual([0, MIB, MIB / 2, MIB / 2 + MIB]);
  });

  it.each([
    ['no Upload-Offset', { 'Upload-Offset': undefined }],
    ['junk', { 'Upload-Offset': 'NaN' }],
    ['two values', { 'Upload-Offset': '5, 5' }],
    ['an offset beyond what was sent', { 'Upload-Offset': String(5 * MIB) }],
  ])('when the 204 has %s', async (_, patchHeaders) => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ patchHeaders }];
    const file = await bench.file(2 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(offsets(bench)).toEqual([0, MIB]);
  });

  it('at once, and with one word for all files, where the server never names the offset of a chunk', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = Array(4).fill({ patchHeaders: { 'Upload-Offset': undefined } });
    const files = [await bench.file(2 * MIB, 'a.mp4'), await bench.file(2 * MIB, 'b.mp4')];
    expect((await bench.upload(files)).exitCode).toBe(0);
    expect(bench.of('upload.done')).toMatchObject([
      { proven: true, retries: 0 },
      { proven: true, retries: 0 },
    ]);
    expect(bench.clock.pausesMs).toEqual([]);
    expect(bench.of('upload.warning').map(({ message }) => message)).toEqual([
      expect.stringContaining('answers chunks without a usable Upload-Offset'),
    ]);
    expect(offsets(bench)).toEqual([0, MIB, 0, MIB]);
  });

  it('after a pause, where the 204 names no offset and HEAD shows a part of the chunk', async () => {
    const bench = await startBench();
    const storePart = (res: ServerResponse) => {
      for (const upload of bench.server.uploads.values()) upload.data = Buffer.alloc(1000);
      res.writeHead(204).end();
    };
    bench.server.script.PATCH = [{ write: storePart }];
    const file = await bench.file(Buffer.alloc(MIB));
    await bench.upload(file);
    await expectProven(bench, file);
    expect(offsets(bench)).toEqual([0, 1000]);
    expect(bench.clock.pausesMs).toEqual([1_000]);
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 520])('when it answered %i', async (answer) => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer }, { answer }, { answer }];
    const file = await bench.file(MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(bench.clock.pausesMs).toEqual([1_000, 1_000, 1_000]);
  });

  it('when it was silent for as long as --timeout', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ stall: true }];
    const file = await bench.file(2 * MIB);
    await bench.upload(file, { timeoutMs: 1_000 });
    await expectProven(bench, file);
    expect(bench.of('upload.retry').map(({ reason }) => reason)).toEqual([
      expect.stringContaining('waited 1 s for an answer'),
    ]);
  });
});

describe('the budget of tries', () => {
  it('is the first and three retries, then exit 4 with what is needed to resume', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = Array(4).fill({ answer: 503, body: 'maintenance' });
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(4);
    expect(offsets(bench)).toHaveLength(4);
    expect(bench.of('upload.failed')).toMatchObject([
      {
        kind: 'temporary',
        resumable: true,
        message: expect.stringContaining('answered 503: maintenance'),
        hint: 'run the same command again: it resumes',
      },
    ]);
  });

  it('is whole again after any advance', async () => {
    const bench = await startBench();
    const cut = { cutAfterBytes: 100_000, keep: true };
    bench.server.script.PATCH = Array(9).fill(cut);
    const file = await bench.file(MIB);
    await bench.upload(file, { retries: 1 });
    await expectProven(bench, file);
  });

  it('is not kept alive for ever by crumbs', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = Array(1_000).fill({ cutAfterBytes: 1, keep: true });
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(4);
    expect(offsets(bench).length).toBeLessThan(120);
    expect(bench.of('upload.failed')[0]?.message).toContain('takes so little of each request');
  });

  it('follows the options', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = Array(3).fill({ answer: 500 });
    await bench.upload(await bench.file(MIB), { retries: 2, retryDelayMs: 50 });
    expect(bench.clock.pausesMs).toEqual([50, 50]);
    expect(bench.of('upload.failed')).toHaveLength(1);
  });

  it('covers creation and HEAD too', async () => {
    const bench = await startBench();
    bench.server.script.POST = Array(3).fill({ answer: 502 });
    bench.server.script.HEAD = Array(3).fill({ answer: 502 });
    const file = await bench.file(10);
    await bench.upload(file);
    await expectProven(bench, file);
  });

  it('obeys Retry-After in seconds, and as a date', async () => {
    const bench = await startBench();
    // By the server's clock, which is years behind ours.
    const [now, later] = ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:50:29 GMT'];
    bench.server.script.PATCH = [
      { answer: 503, headers: { 'Retry-After': '7' } },
      { answer: 429, headers: { Date: now, 'Retry-After': later } },
    ];
    const file = await bench.file(10);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(bench.clock.pausesMs).toEqual([7_000, 52_000]);
  });

  it('waits for a lock for up to a minute, then exit 4', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = Array(100).fill({ answer: 423 });
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(4);
    const waitedMs = bench.clock.pausesMs.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThanOrEqual(60_000);
    expect(waitedMs).toBeLessThan(75_000);
  });
});

describe('what trying again cannot help', () => {
  it.each([
    [400, 5],
    [401, 5],
    [403, 5],
    [412, 5],
    [415, 5],
    [501, 5],
    [507, 4],
    [302, 6],
  ])('PATCH answered %i ends at once with exit %i', async (answer, exitCode) => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer, headers: { Location: 'http://elsewhere.example/' } }];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(exitCode);
    expect(offsets(bench)).toHaveLength(1);
    expect(bench.clock.pausesMs).toEqual([]);
  });

  it('an offset of HEAD that was never sent is exit 6', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer: 500 }];
    bench.server.script.HEAD = [{ first: () => {} }, { patchHeaders: { 'Upload-Offset': String(2 * MIB) } }];
    expect((await bench.upload(await bench.file(3 * MIB))).exitCode).toBe(6);
    expect(bench.of('upload.failed')[0]?.message).toContain(`no byte beyond ${MIB} was sent`);
  });

  it('a HEAD without a usable offset is exit 6, and no chunk is sent on a guess', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer: 500 }];
    bench.server.script.HEAD = [{ first: () => {} }, { patchHeaders: { 'Upload-Offset': '' } }];
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(6);
    expect(offsets(bench)).toEqual([0]);
  });

  it('a 204 that never moves is exit 6 after the budget', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = Array(10).fill({ acceptBytes: 0 });
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(6);
    expect(offsets(bench)).toHaveLength(4);
  });

  it('a 204 that names no offset and stores nothing is exit 6 after the budget, as slowly as any', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = Array(10).fill({ answer: 204 });
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(6);
    expect(offsets(bench)).toHaveLength(4);
    expect(bench.clock.pausesMs).toEqual([1_000, 1_000, 1_000]);
    expect(bench.of('upload.warning')).toEqual([]);
  });

  it('a 409 at the very offset that HEAD names is exit 6 after the budget', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = Array(10).fill({ answer: 409 });
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(6);
    expect(offsets(bench)).toHaveLength(4);
  });
});

describe('chunks that are too large', () => {
  it('are halved on 413 until they pass, which is said once', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer: 413 }, { answer: 413 }];
    const file = await bench.file(2 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(offsets(bench).slice(0, 4)).toEqual([0, 0, 0, MIB / 4]);
    expect(bench.of('upload.warning').map(({ message }) => message)).toEqual([
      `the server, or a proxy before it, refuses chunks of ${MIB} bytes (413); going on with ${MIB / 4}, also in later uploads`,
    ]);
  });

  it('end as refused when nothing is small enough', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = Array(50).fill({ answer: 413 });
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(5);
    expect(offsets(bench)).toHaveLength(5);
  });

  it('are halved after two time-outs in a row', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ stall: true }, { stall: true }];
    const file = await bench.file(MIB);
    await bench.upload(file, { timeoutMs: 1_000 });
    await expectProven(bench, file);
    const sizes = bench.server.seen
      .filter(({ method }) => method === 'PATCH')
      .map(({ body }) => body.byteLength);
    expect(sizes).toEqual([MIB, MIB, MIB / 2, MIB / 2]);
  });
});

describe('chunks that time-outs made smaller', () => {
  const sizes = (bench: Bench) =>
    bench.server.seen.filter(({ method }) => method === 'PATCH').map(({ body }) => body.byteLength);

  it('are of the usual size again once the line is calm', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ stall: true }, { stall: true }];
    const file = await bench.file(6 * MIB);
    await bench.upload(file, { timeoutMs: 1_000 });
    await expectProven(bench, file);
    expect(sizes(bench)).toEqual([MIB, MIB, ...Array(8).fill(MIB / 2), MIB, MIB]);
  });

  it('do not come from waiting for a connection', async () => {
    const bench = await startBench();
    const transport = createTransport();
    onTestFinished(transport.close);
    let patches = 0;
    const send: Send = async (request, conditions) => {
      if (request.method === 'PATCH') patches += 1;
      return request.method === 'PATCH' && patches <= 3
        ? { kind: 'break', cause: 'timeout', detail: 'waited 30 s for a connection', delivered: false }
        : transport.send(request, conditions);
    };
    await bench.upload(await bench.file(2 * MIB), {}, { send });
    expect(sizes(bench)).toEqual([MIB, MIB]);
  });
});

describe('a file that changes while it is sent', () => {
  it('is never spliced: exit 3, nothing finalized', async () => {
    const bench = await startBench();
    const file = await bench.file(4 * MIB);
    bench.server.script.PATCH = [{ first: () => appendFile(file, 'more') }];
    expect((await bench.upload(file)).exitCode).toBe(3);
    expect(bench.of('upload.failed')[0]?.message).toMatch(
      /changed while it was being uploaded \(size, modification time\)/,
    );
    expect(bench.of('upload.failed')).toMatchObject([
      { hint: expect.stringMatching(/starts a new upload$/), resumable: false },
    ]);
    expect(bench.server.finished.size).toBe(0);
  });

  it('is noticed also after its last chunk was sent', async () => {
    const bench = await startBench();
    const file = await bench.file(10);
    bench.server.script.PATCH = [{ first: () => appendFile(file, 'more') }];
    expect((await bench.upload(file)).exitCode).toBe(3);
    expect(bench.server.finished.size).toBe(0);
  });
});
