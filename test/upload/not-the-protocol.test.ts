import { describe, expect, it } from 'vitest';
import { expectProven, MIB, offsets, startBench } from './harness.ts';

const stay = { first: () => {} };
const loginPage = {
  answer: 200,
  headers: { 'Content-Type': 'text/html' },
  body: '<h1>Welcome to the hotel. Please log in</h1>',
};

describe('a HEAD that names no usable offset', () => {
  it.each([undefined, '', 'NaN', '-1', '5, 5', '1.5', '0x10', '1e3', '99999999999999999999'])(
    '(%s) is exit 6: no chunk is sent on a guess, and it is not asked again',
    async (offset) => {
      const bench = await startBench();
      bench.server.script.PATCH = [{ answer: 500 }];
      bench.server.script.HEAD = [stay, { patchHeaders: { 'Upload-Offset': offset } }];
      expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(6);
      expect(offsets(bench)).toEqual([0]);
      expect(bench.server.lines().filter((line) => line.startsWith('HEAD'))).toHaveLength(2);
      expect(bench.of('upload.failed')).toMatchObject([{ resumable: true }]);
    },
  );
});

describe('a HEAD without Upload-Length', () => {
  it('is warned about once for all files, whose own size counts', async () => {
    const bench = await startBench();
    bench.server.script.HEAD = Array(9).fill({ patchHeaders: { 'Upload-Length': undefined } });
    const files = [await bench.file(10, 'a.mp4'), await bench.file(10, 'b.mp4')];
    expect((await bench.upload(files)).done).toBe(2);
    expect(bench.of('upload.warning').map(({ message }) => message)).toEqual([
      expect.stringContaining('no Upload-Length'),
    ]);
  });

  it('with another one in the middle of the upload is exit 6', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer: 500 }];
    bench.server.script.HEAD = [stay, { patchHeaders: { 'Upload-Length': '11' } }];
    expect((await bench.upload(await bench.file(MIB))).exitCode).toBe(6);
    expect(bench.of('upload.failed')[0]?.message).toContain(
      `Upload-Length 11, but the file has ${MIB} bytes`,
    );
  });
});

describe('a PATCH', () => {
  it.each([200, 201, 202])('that answers %i with the right offset is as good as 204', async (status) => {
    const bench = await startBench();
    bench.server.script.PATCH = Array(2).fill({ status });
    const file = await bench.file(2 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(offsets(bench)).toEqual([0, MIB]);
  });

  it('that the server finds damaged (460) is read and sent again, at most three times, then exit 7', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = Array(9).fill({ answer: 460 });
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(7);
    expect(offsets(bench)).toEqual([0, 0, 0, 0]);
    expect(bench.of('upload.failed')[0]?.hint).toContain('damaged on their way');
  });
});

describe('a login page in the place of the server', () => {
  it('in the middle of an upload is exit 6 and keeps the state: the next run goes on', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, loginPage];
    bench.server.script.HEAD = [stay, loginPage];
    const file = await bench.file(3 * MIB);
    expect((await bench.upload(file)).exitCode).toBe(6);
    expect(bench.of('upload.failed')).toMatchObject([
      {
        message: expect.stringContaining('(an HTML page)'),
        hint: expect.stringMatching(
          /no login page .* answers in its place; then run the same command again: it resumes/,
        ),
        resumable: true,
      },
    ]);
    bench.events.length = 0;
    await bench.upload(file);
    await expectProven(bench, file);
    expect(bench.of('upload.done')).toMatchObject([{ resumedFromBytes: MIB, sentBytes: 2 * MIB }]);
  });

  it('when an upload is resumed is exit 6 and keeps the state', async () => {
    const bench = await startBench();
    const file = await bench.file(3 * MIB);
    bench.server.script.PATCH = [stay, ...Array(4).fill({ answer: 503 })];
    await bench.upload(file);
    bench.server.script.HEAD = [loginPage];
    expect((await bench.upload(file)).exitCode).toBe(6);
    bench.events.length = 0;
    await bench.upload(file);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, resumedFromBytes: MIB }]);
  });

  it('that is met for a moment only is passed', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [loginPage];
    const file = await bench.file(MIB);
    await bench.upload(file);
    await expectProven(bench, file);
  });
});

describe('an empty file', () => {
  it.each([
    [404, 5],
    [400, 5],
    [411, 5],
  ])('whose creation is refused with %i is not tried again', async (answer, exitCode) => {
    const bench = await startBench();
    bench.server.script.POST = [{ answer }];
    expect((await bench.upload(await bench.file(0))).exitCode).toBe(exitCode);
    expect(bench.server.lines()).toEqual(['POST /uploads']);
  });
});
