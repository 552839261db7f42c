import { describe, expect, it, vi } from 'vitest';
import { pulse } from '../../src/protocol/protocols/pulse.ts';
import { createTransport } from '../../src/transport/http.ts';
import { createRunTools } from '../../src/upload/host/host.ts';
import { type Clock, defaultSettings } from '../../src/upload/settings.ts';
import { openStateStore } from '../../src/upload/state/state-store.ts';
import { uploadFile } from '../../src/upload/upload-file.ts';
import { expectProven, startBench } from './harness.ts';

/** A clock that stands still until it is moved. */
function handMovedClock(): Clock & { readonly move: (ms: number) => void; readonly sleeping: () => number } {
  let nowMs = Date.now();
  let sleepers: readonly { readonly atMs: number; readonly wake: () => void }[] = [];
  return {
    nowMs: () => nowMs,
    dateMs: () => nowMs,
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers = [...sleepers, { atMs: nowMs + ms, wake }];
      }),
    sleeping: () => sleepers.length,
    move: (ms) => {
      nowMs += ms;
      const due = sleepers.filter(({ atMs }) => atMs <= nowMs);
      sleepers = sleepers.filter(({ atMs }) => atMs > nowMs);
      for (const { wake } of due) wake();
    },
  };
}

describe('a server that asks to be left alone', () => {
  it.each([429, 503])('with %i is left alone by every upload of the run', async (answer) => {
    const bench = await startBench();
    const clock = handMovedClock();
    const transport = createTransport();
    const settings = { ...defaultSettings, server: new URL(bench.server.url) };
    const tools = createRunTools(settings, {
      send: transport.send,
      report: (event) => bench.events.push(event),
      clock,
      random: () => 0.5,
      store: openStateStore(`${bench.dir}/state`),
    });
    const [first, second] = [await bench.file(10, 'a.mp4'), await bench.file(10, 'b.mp4')];

    bench.server.script.PATCH = [{ answer, headers: { 'Retry-After': '30' } }];
    const one = uploadFile(first, pulse, settings, tools);
    await vi.waitUntil(() => clock.sleeping() === 1, { timeout: 20_000 });
    const seen = bench.server.seen.length;
    const other = uploadFile(second, pulse, settings, tools);
    await vi.waitUntil(() => clock.sleeping() === 2, { timeout: 20_000 });
    expect(bench.server.seen).toHaveLength(seen);

    // The one that was refused is back first; the other follows a little later, so that they do not meet there.
    clock.move(30_000);
    expect((await one).proven).toBe(true);
    expect(clock.sleeping()).toBe(1);
    clock.move(1_000);
    expect((await other).proven).toBe(true);
    await transport.close();
  });

  it.each([429, 503])('with the last %i of a file gets no request of the next one before', async (answer) => {
    const bench = await startBench();
    const headers = { 'Retry-After': '4' };
    bench.server.script.POST = [{ answer, headers }, { answer, headers }, { answer }];
    const files = [
      await bench.file(10, 'a.mp4'),
      await bench.file(10, 'b.mp4'),
      await bench.file(10, 'c.mp4'),
    ];
    const askedAtMs: number[] = [];
    const transport = createTransport();
    await bench.upload(
      files,
      { retries: 0 },
      {
        send: (request, conditions) => {
          askedAtMs.push(bench.clock.nowMs());
          return transport.send(request, conditions);
        },
      },
    );
    await transport.close();
    expect(bench.server.lines()).toEqual(files.map(() => 'POST /uploads'));
    const [first = 0, second = 0, third = 0] = askedAtMs;
    expect(Math.min(second - first, third - second)).toBeGreaterThanOrEqual(4000);
    // The file that was last does not wait for anybody.
    expect(bench.clock.pausesMs).toHaveLength(2);
  });

  it('for longer than ten minutes gets no request of the files that follow', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer: 503, headers: { 'Retry-After': '3600' } }];
    const files = [await bench.file(10, 'a.mp4'), await bench.file(10, 'b.mp4')];
    expect((await bench.upload(files)).exitCode).toBe(4);
    expect(bench.server.lines()).toEqual(['POST /uploads', 'HEAD /uploads/<id>', 'PATCH /uploads/<id>']);
    expect(bench.of('upload.failed').map(({ message }) => message)).toEqual([
      expect.stringContaining('answered 503'),
      expect.stringMatching(/left alone for another 3(600|5\d\d) s/),
    ]);
  });

  it('for longer than ten minutes is waited for by a run that has the time', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ answer: 503, headers: { 'Retry-After': '3600' } }];
    const file = await bench.file(10);
    await bench.upload(file, { maxOutageMs: 2 * 60 * 60_000 });
    await expectProven(bench, file);
    expect(bench.clock.pausesMs).toEqual([3_600_000]);
  });
});
