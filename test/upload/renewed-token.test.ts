import { describe, expect, it } from 'vitest';
import { type Bench, expectProven, MIB, plainTus, startBench } from './harness.ts';

const stay = { first: () => {} };
const denied = { answer: 401 };
const tokensOf = (bench: Bench, method: string) =>
  bench.server.seen
    .filter((request) => request.method === method)
    .map(({ headers }) => headers['x-upload-token']);

/** A token file: `texts` in the order in which they are read, the last one again and again. */
function tokenFile(...texts: readonly string[]): {
  readonly readToken: () => string;
  readonly reads: () => number;
} {
  let reads = 0;
  return {
    readToken: () => {
      reads += 1;
      return texts[Math.min(reads, texts.length) - 1] ?? '';
    },
    reads: () => reads,
  };
}

describe('a 401 in the middle of an upload', () => {
  it('reads the token again and goes on where it was', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, denied];
    const file = await bench.file(3 * MIB);
    const { readToken } = tokenFile('new-token');
    await bench.upload(file, { token: 'old-token' }, { readToken });
    await expectProven(bench, file);
    expect(tokensOf(bench, 'PATCH')).toEqual(['old-token', 'old-token', 'new-token', 'new-token']);
    expect(bench.server.uploads.size).toBe(1);
    expect(bench.of('upload.retry').map(({ reason }) => reason)).toEqual([
      expect.stringContaining('answered 401; the token was read again and has changed'),
    ]);
  });

  it.each(['POST', 'HEAD', 'FINALIZE'])('does so for %s too', async (method) => {
    const bench = await startBench();
    bench.server.script[method] = [denied];
    const file = await bench.file(10);
    const { readToken } = tokenFile('new-token');
    await bench.upload(file, { token: 'old-token' }, { readToken });
    await expectProven(bench, file);
    const finalize = bench.server.seen.at(-1);
    expect(JSON.parse(String(finalize?.body)).uploadToken).toBe('new-token');
    expect(finalize?.headers['x-upload-token']).toBe('new-token');
  });

  it('with the same token in the file is exit 5, and the progress is kept', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, denied];
    const { readToken, reads } = tokenFile('old-token');
    const outcome = await bench.upload(await bench.file(3 * MIB), { token: 'old-token' }, { readToken });
    expect(outcome.exitCode).toBe(5);
    expect(reads()).toBe(1);
    expect(bench.of('upload.failed')).toMatchObject([
      { kind: 'refused', resumable: true, hint: expect.stringContaining('--token-file') },
    ]);
  });

  it('that a new token does not help is exit 5: it is read once for a request', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [denied, denied];
    const { readToken, reads } = tokenFile('second', 'third', 'fourth');
    const outcome = await bench.upload(await bench.file(10), { token: 'first' }, { readToken });
    expect(outcome.exitCode).toBe(5);
    expect(reads()).toBe(1);
  });

  it('with a file that is gone, or without a file, is exit 5', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [denied, denied];
    const readToken = () => {
      throw new Error('gone');
    };
    const file = await bench.file(10);
    expect((await bench.upload(file, { token: 'first' }, { readToken })).exitCode).toBe(5);
    expect((await bench.upload(file, { token: 'first' })).exitCode).toBe(5);
  });

  it('holds for the files that follow, and for plain tus', async () => {
    const bench = await startBench();
    bench.server.script.POST = [denied];
    const files = [await bench.file(10, 'a.mp4'), await bench.file(10, 'b.mp4')];
    const { readToken, reads } = tokenFile('new-token');
    const outcome = await bench.upload(files, { ...plainTus(bench), token: 'old-token' }, { readToken });
    expect(outcome.done).toBe(2);
    expect(reads()).toBe(1);
    const sent = bench.server.seen
      .filter(({ method }) => method !== 'OPTIONS')
      .map(({ headers }) => headers.authorization);
    expect(sent).toEqual(['Bearer old-token', ...Array(sent.length - 1).fill('Bearer new-token')]);
  });

  it('shows neither the old nor the new token, whatever the server echoes', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [denied, { answer: 400, body: 'no: old-token, new-token' }];
    const { readToken } = tokenFile('new-token');
    await bench.upload(await bench.file(10), { token: 'old-token' }, { readToken });
    const told = JSON.stringify(bench.events);
    expect(told).toContain('no: [token], [token]');
    expect(told).not.toMatch(/old-token|new-token/);
  });
});
