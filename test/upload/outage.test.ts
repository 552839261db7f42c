import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { pulse } from '../../src/protocol/protocols/pulse.ts';
import { createTransport } from '../../src/transport/http.ts';
import { createRunTools } from '../../src/upload/host/host.ts';
import { createOutage } from '../../src/upload/host/outage.ts';
import { type Clock, defaultSettings } from '../../src/upload/settings.ts';
import { openStateStore } from '../../src/upload/state/state-store.ts';
import { uploadFile } from '../../src/upload/upload-file.ts';
import { type Bench, expectProven, MIB, quickClock, startBench } from './harness.ts';

const MINUTE = 60_000;
const stay = { first: () => {} };

/** The server is gone after its first chunk, and back during pause number `backAt`. */
async function cutOff(bench: Bench, backAt: number): Promise<Clock> {
  bench.server.script.PATCH = [stay, { first: () => bench.server.vanish() }];
  const quick = bench.clock;
  return {
    ...quick,
    sleep: async (ms, signal) => {
      await quick.sleep(ms, signal);
      if (quick.pausesMs.length === backAt) await bench.server.appear();
    },
  };
}

describe('a server that cannot be reached at all', () => {
  it('ends the upload after the tries, where no longer outage was allowed', async () => {
    const bench = await startBench();
    const clock = await cutOff(bench, 99);
    expect((await bench.upload(await bench.file(3 * MIB), {}, { clock })).exitCode).toBe(4);
    expect(bench.of('upload.failed')).toMatchObject([{ kind: 'temporary', resumable: true }]);
    expect(bench.of('outage.start')).toEqual([]);
  });

  it('is waited for with growing pauses, and the upload goes on where it was', async () => {
    const bench = await startBench();
    const clock = await cutOff(bench, 12);
    const file = await bench.file(3 * MIB);
    await bench.upload(file, { maxOutageMs: 15 * MINUTE }, { clock });
    await expectProven(bench, file);
    // The broken chunk, three ordinary tries of HEAD, then the outage.
    expect(bench.clock.pausesMs.slice(0, 4)).toEqual(Array(4).fill(1_000));
    expect(bench.clock.pausesMs.slice(4)).toEqual([1, 2, 4, 8, 16, 30, 30, 30].map((s) => s * 1_000));
    const { origin } = new URL(bench.server.url);
    expect(bench.of('outage.start')).toEqual([
      {
        type: 'outage.start',
        server: origin,
        reason: 'nothing is listening there (connection refused)',
        maxOutageMs: 15 * MINUTE,
      },
    ]);
    expect(bench.of('outage.end')).toMatchObject([{ server: origin }]);
    expect(bench.server.uploads.size).toBe(1);
  });

  it('for longer than allowed is exit 4, and the files after it get only their tries', async () => {
    const bench = await startBench();
    const clock = await cutOff(bench, Number.POSITIVE_INFINITY);
    const files = [await bench.file(3 * MIB, 'a.mp4'), await bench.file(10, 'b.mp4')];
    const startedMs = clock.nowMs();
    expect((await bench.upload(files, { maxOutageMs: 15 * MINUTE }, { clock })).exitCode).toBe(4);
    const waitedMs = bench.clock.pausesMs.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThan(14 * MINUTE);
    expect(clock.nowMs() - startedMs).toBeLessThan(17 * MINUTE);
    expect(bench.clock.pausesMs.slice(-3)).toEqual([1_000, 1_000, 1_000]);
    expect(bench.of('upload.failed')).toMatchObject([{ resumable: true }, { resumable: false }]);
    expect(bench.of('outage.start')).toHaveLength(1);
    expect(bench.of('outage.end')).toEqual([]);
  });

  it('does not use up the outage while the machine sleeps', async () => {
    const bench = await startBench();
    const awake = await cutOff(bench, 8);
    let sleptMs = 0;
    const clock: Clock = {
      nowMs: () => awake.nowMs() + sleptMs,
      dateMs: () => awake.dateMs() + sleptMs,
      sleep: async (ms, signal) => {
        await awake.sleep(ms, signal);
        if (bench.clock.pausesMs.length === 5) sleptMs = 9 * 60 * MINUTE;
      },
    };
    const file = await bench.file(3 * MIB);
    await bench.upload(file, { maxOutageMs: 5 * MINUTE }, { clock });
    await expectProven(bench, file);
  });

  it('and comes back without the upload gets it afresh', async () => {
    const bench = await startBench();
    const back = await cutOff(bench, 7);
    const clock: Clock = {
      ...back,
      sleep: async (ms, signal) => {
        if (bench.clock.pausesMs.length === 6) bench.server.uploads.clear();
        await back.sleep(ms, signal);
      },
    };
    const file = await bench.file(3 * MIB);
    await bench.upload(file, { maxOutageMs: 15 * MINUTE }, { clock });
    await expectProven(bench, file);
    expect(bench.of('upload.warning').at(-1)?.message).toContain('sending it all once more');
  });

  it('is said once, however many files wait for it', async () => {
    const bench = await startBench();
    const files = await Promise.all([1, 2, 3].map((n) => bench.file(10, `${n}.mp4`)));
    await bench.server.vanish();
    const clock = quickClock();
    let pauses = 0;
    const appearing: Clock = {
      ...clock,
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal);
        await sleep(1);
        pauses += 1;
        if (pauses === 20) await bench.server.appear();
      },
    };
    const transport = createTransport();
    const settings = { ...defaultSettings, server: new URL(bench.server.url), maxOutageMs: 60 * MINUTE };
    const tools = createRunTools(settings, {
      send: transport.send,
      report: (event) => bench.events.push(event),
      clock: appearing,
      random: Math.random,
      store: openStateStore(`${bench.dir}/state`),
    });
    // At once, as the bulk mode sends them.
    const results = await Promise.all(files.map((file) => uploadFile(file, pulse, settings, tools)));
    await transport.close();
    expect(results.map(({ proven }) => proven)).toEqual([true, true, true]);
    expect(bench.of('outage.start')).toHaveLength(1);
    expect(bench.of('outage.end')).toHaveLength(1);
  });

  it('has one pace, however many uploads ask for it', () => {
    let nowMs = 0;
    const settings = { ...defaultSettings, server: new URL('http://host/'), maxOutageMs: MINUTE };
    const clock = { nowMs: () => nowMs, dateMs: () => nowMs, sleep: async () => {} };
    const outage = createOutage(settings, { clock, random: () => 0.5, report: () => {} });
    outage.saw({ kind: 'break', cause: 'refused', detail: 'refused', delivered: false });
    const asked = () => [1, 2, 3].map(() => outage.pauseMs('refused'));
    expect(asked()).toEqual([1_000, 1_000, 1_000]);
    nowMs += 1_000;
    expect(asked()).toEqual([2_000, 2_000, 2_000]);
  });

  it('by a name that was never known is no outage but a mistake', async () => {
    const bench = await startBench();
    const transport = createTransport();
    const send: typeof transport.send = async () => ({
      kind: 'break',
      cause: 'unknown-host',
      detail: 'the host name is not known (DNS)',
      delivered: false,
    });
    const outcome = await bench.upload(await bench.file(10), { maxOutageMs: 15 * MINUTE }, { send });
    expect(outcome.exitCode).toBe(4);
    expect(bench.clock.pausesMs).toEqual([1_000, 1_000, 1_000]);
    await transport.close();
  });

  it('by a name that was known a moment ago is waited for', async () => {
    const bench = await startBench();
    const transport = createTransport();
    let requests = 0;
    const send: typeof transport.send = async (request, conditions) => {
      requests += 1;
      return requests >= 3 && requests < 20
        ? { kind: 'break', cause: 'unknown-host', detail: 'DNS does not answer', delivered: false }
        : transport.send(request, conditions);
    };
    const file = await bench.file(10);
    await bench.upload(file, { maxOutageMs: 15 * MINUTE }, { send });
    await expectProven(bench, file);
    await transport.close();
  });

  it('is given up at once when the run is interrupted', async () => {
    const bench = await startBench();
    const stop = new AbortController();
    const quick = await cutOff(bench, Number.POSITIVE_INFINITY);
    const clock: Clock = {
      ...quick,
      sleep: async (ms, signal) => {
        if (bench.clock.pausesMs.length === 8) stop.abort();
        await quick.sleep(ms, signal);
      },
    };
    const outcome = await bench.upload(
      await bench.file(3 * MIB),
      { maxOutageMs: 15 * MINUTE },
      { clock, signal: stop.signal },
    );
    expect(outcome.exitCode).toBe(130);
    expect(bench.of('upload.failed')).toMatchObject([{ kind: 'interrupted', resumable: true }]);
  });
});
