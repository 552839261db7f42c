import { describe, expect, it, onTestFinished } from 'vitest';
import { createTransport } from '../../src/transport/http.ts';
import { autoChunks, type Clock, type Tools } from '../../src/upload/settings.ts';
import { openServerMemory } from '../../src/upload/state/server-memory.ts';
import { type Bench, expectProven, MIB, startBench } from './harness.ts';

const sizes = ({ server }: Bench) =>
  server.seen.filter(({ method }) => method === 'PATCH').map(({ body }) => body.byteLength / MIB);

/**
 * A long line: so much time for each chunk, and as much for each MiB in it. By a clock on which nothing else takes
 * time, so that a busy machine changes nothing.
 */
function longLine(partMs = 80): Pick<Tools, 'send' | 'clock'> {
  let nowMs = 0;
  const clock: Clock = {
    nowMs: () => nowMs,
    dateMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
  };
  const { send, close } = createTransport();
  onTestFinished(close);
  return {
    clock,
    send: async (request, conditions) => {
      const bytes = (request.body ?? []).reduce((sum, part) => sum + part.byteLength, 0);
      if (request.method === 'PATCH') await clock.sleep(partMs + (partMs * bytes) / MIB);
      return send(request, conditions);
    },
  };
}

const upload = (bench: Bench, files: string | string[], changes = {}, tools = {}) =>
  bench.upload(files, { ...autoChunks, ...changes }, { ...longLine(), ...tools });

describe('chunks of automatic size', () => {
  it('grow on a long line, and every byte arrives', async () => {
    const bench = await startBench();
    const file = await bench.file(20.5 * MIB);
    await upload(bench, file);
    expect(sizes(bench)).toEqual([1, 2, 4, 8, 5.5]);
    await expectProven(bench, file);
  });

  it('are not what happens by default', async () => {
    const bench = await startBench();
    await bench.upload(await bench.file(4 * MIB), {}, longLine());
    expect(sizes(bench)).toEqual([1, 1, 1, 1]);
  });

  it('grow as form data too', async () => {
    const bench = await startBench();
    const file = await bench.file(7 * MIB);
    await upload(bench, file, { body: 'multipart' });
    expect(sizes(bench)).toEqual([1, 2, 4]);
    await expectProven(bench, file);
  });

  it('go no further than they are allowed', async () => {
    const bench = await startBench();
    await upload(bench, await bench.file(11 * MIB), { mostChunkBytes: 4 * MIB });
    expect(sizes(bench)).toEqual([1, 2, 4, 4]);
  });

  it('have grown for the next file of the run', async () => {
    const bench = await startBench();
    await upload(bench, [await bench.file(3 * MIB, 'a.mp4'), await bench.file(12 * MIB, 'b.mp4')]);
    expect(sizes(bench)).toEqual([1, 2, 4, 8]);
  });

  it('stay with what the server lets pass, and later runs know it', async () => {
    const bench = await startBench();
    const memory = openServerMemory(bench.dir, bench.clock.nowMs);
    bench.server.script.PATCH = [{ status: 204 }, { status: 204 }, { answer: 413 }];
    const file = await bench.file(9 * MIB);
    await upload(bench, file, {}, { memory });
    expect(sizes(bench)).toEqual([1, 2, 4, 2, 2, 2]);
    expect(bench.of('upload.warning')).toMatchObject([
      { message: expect.stringContaining('refuses chunks of 4194304 bytes (413); going on with 2097152') },
    ]);
    await expectProven(bench, file);

    bench.server.seen.length = 0;
    await upload(bench, await bench.file(7 * MIB, 'later.mp4'), {}, { memory });
    expect(sizes(bench)).toEqual([1, 2, 2, 2]);
  });

  it('begin smaller where the server is known to want that', async () => {
    const bench = await startBench();
    const memory = openServerMemory(bench.dir, bench.clock.nowMs);
    bench.server.script.PATCH = [{ answer: 413 }];
    await upload(bench, await bench.file(MIB, 'first.mp4'), {}, { memory });
    bench.server.seen.length = 0;
    await upload(bench, await bench.file(MIB), {}, { memory });
    expect(sizes(bench)).toEqual([0.5, 0.5]);
  });
});

describe('a grown chunk that breaks', () => {
  it.each([
    ['is cut off', { cutAfterBytes: 1000, keep: false }],
    ['is too much for a proxy', { answer: 502 }],
  ])('because it %s falls back to the first size at once', async (_, step) => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ status: 204 }, { status: 204 }, step];
    const file = await bench.file(8 * MIB);
    await upload(bench, file);
    expect(sizes(bench).slice(3)).toEqual([1, 1, 1, 1, 1]);
    await expectProven(bench, file);
  });

  it('because nobody answers it falls back, and no try was lost', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [
      { status: 204 },
      { status: 204 },
      ...[1, 2, 3].map(() => ({ stall: true }) as const),
    ];
    const file = await bench.file(8 * MIB);
    await upload(bench, file, { timeoutMs: 600 }, longLine(8));
    expect(sizes(bench).slice(0, 6)).toEqual([1, 2, 4, 1, 0.5, 0.25]);
    await expectProven(bench, file);
  });

  it('does not fail where chunks of the first size would have passed', async () => {
    const bench = await startBench();
    const file = await bench.file(40 * MIB);
    // A middlebox that drops every connection that carries more than 3 MiB.
    const { send, clock } = longLine();
    const dropping: Partial<Tools> = {
      clock,
      send: async (request, conditions) => {
        const bytes = (request.body ?? []).reduce((sum, part) => sum + part.byteLength, 0);
        if (bytes > 3 * MIB)
          return { kind: 'break', cause: 'reset', detail: 'the connection was reset', delivered: true };
        return send(request, conditions);
      },
    };
    await upload(bench, file, {}, dropping);
    await expectProven(bench, file);
    // Once it met 4 MiB, and never again.
    expect(bench.of('upload.retry')).toHaveLength(1);
    expect(Math.max(...sizes(bench))).toBe(2);
  });

  it('is what a server answers that takes a part of each: it is asked for less, and not given up', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [
      { status: 204 },
      { status: 204 },
      { acceptBytes: MIB / 4 },
      ...Array.from({ length: 30 }, () => ({ acceptBytes: MIB / 8 })),
    ];
    const file = await bench.file(8 * MIB);
    await upload(bench, file);
    expect(sizes(bench).slice(0, 5)).toEqual([1, 2, 4, 1, 1]);
    await expectProven(bench, file);
  });
});

it('an upload that was interrupted goes on where the server is, with chunks that grow anew', async () => {
  const bench = await startBench();
  const file = await bench.file(12 * MIB);
  const stop = new AbortController();
  bench.server.script.PATCH = [{ status: 204 }, { status: 204 }, { first: () => stop.abort() }];
  expect((await upload(bench, file, {}, { signal: stop.signal })).exitCode).toBe(130);
  bench.server.seen.length = 0;
  bench.events.length = 0;
  await upload(bench, file);
  expect(sizes(bench)[0]).toBe(1);
  expect(sizes(bench)[1]).toBe(2);
  await expectProven(bench, file);
});
