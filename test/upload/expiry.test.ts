import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { protocols } from '../../src/protocol/protocols/index.ts';
import { expiration } from '../../src/server/extensions/expiration.ts';
import { allExtensions } from '../../src/server/extensions.ts';
import { noticingExpiry } from '../../src/upload/open/expiry.ts';
import { planUpload } from '../../src/upload/plan.ts';
import type { Tools } from '../../src/upload/settings.ts';
import { defaultSettings } from '../../src/upload/settings.ts';
import { keptUploads } from '../../src/upload/state/kept-uploads.ts';
import type { UploadRecord } from '../../src/upload/state/state-store.ts';
import { openStateStore } from '../../src/upload/state/state-store.ts';
import { systemClock } from '../../src/upload/system-clock.ts';
import { type Bench, offsets, plainTus, startBench } from './harness.ts';
import { startReferenceBench } from './reference.ts';
import type { Step } from './scripted-server.ts';

const MINUTE_MS = 60_000;
const later = (ms: number) => new Date(Date.now() + ms).toUTCString();

/** Leaves an upload of 3,000 bytes behind, 1,000 of them at the server, with a term. */
async function begun(bench: Bench, termMs: number): Promise<string> {
  const file = await bench.file(3000);
  const term = { patchHeaders: { 'Upload-Expires': later(termMs) } };
  bench.server.script.POST = [term];
  bench.server.script.PATCH = [term, { answer: 403 }];
  expect((await bench.upload(file, { ...plainTus(bench), chunkBytes: 1000 })).exitCode).toBe(5);
  bench.events.length = 0;
  bench.server.seen.length = 0;
  return file;
}

/** The same clock, whose date is so much later. */
const laterBy = (bench: Bench, ms: number) => ({
  clock: { ...bench.clock, dateMs: () => bench.clock.dateMs() + ms },
});
const messages = (bench: Bench) => bench.of('upload.warning').map(({ message }) => message);

describe('an upload whose term is past', () => {
  it('and that is gone is made anew at once, and that is said', async () => {
    const bench = await startBench();
    const file = await begun(bench, MINUTE_MS);
    bench.server.uploads.clear();
    const pauses = bench.clock.pausesMs.length;
    const outcome = await bench.upload(file, plainTus(bench), laterBy(bench, 2 * MINUTE_MS));
    expect(outcome.exitCode).toBe(0);
    expect(messages(bench)).toEqual([
      expect.stringMatching(/^the upload expired at the server \(.*Z\); starting a new upload$/),
    ]);
    // Before its term is past, a 404 is asked about once more.
    expect(bench.clock.pausesMs).toHaveLength(pauses);
    expect(bench.server.lines().slice(1, 3)).toEqual(['HEAD /uploads/<id>', 'POST /uploads']);
  });

  it('and that is there all the same is gone on with: what is complete does not expire', async () => {
    const bench = await startBench();
    const file = await begun(bench, MINUTE_MS);
    const outcome = await bench.upload(file, plainTus(bench), laterBy(bench, 2 * MINUTE_MS));
    expect(outcome.exitCode).toBe(0);
    expect(bench.of('upload.resumed')).toMatchObject([{ offsetBytes: 1000 }]);
  });

  it('in the midst of a run is sent once more, and not given up', async () => {
    const bench = await startBench();
    const file = await bench.file(3000);
    let lateMs = 0;
    const clock = { ...bench.clock, dateMs: () => bench.clock.dateMs() + lateMs };
    bench.server.script.POST = [{ patchHeaders: { 'Upload-Expires': later(MINUTE_MS) } }];
    bench.server.script.PATCH = [
      {
        first: () => {
          // The machine sleeps for an hour, and the server cleans up.
          lateMs = 60 * MINUTE_MS;
          bench.server.uploads.clear();
        },
      },
    ];
    expect((await bench.upload(file, plainTus(bench), { clock })).exitCode).toBe(0);
    expect(bench.server.uploads.size).toBe(1);
    expect(messages(bench).at(-1)).toMatch(/sending it all once more$/);
  });
});

describe('the term', () => {
  it('of the reference server is kept, and an upload that it removed is made anew', async () => {
    let aheadMs = 0;
    const extensions = [...allExtensions, expiration(MINUTE_MS, () => Date.now() + aheadMs)];
    const bench = await startReferenceBench({ protocol: 'tus', extensions });
    const file = await bench.file(3000);
    bench.proxy.setFaults([{ on: { method: 'PATCH', nth: 3 }, do: 'answer', status: 403 }]);
    const settings = { protocol: 'tus', chunkBytes: 1000 } as const;
    expect((await bench.upload(file, settings)).exitCode).toBe(5);
    const key = { server: new URL(bench.proxy.url).href, protocol: 'tus', path: file };
    const leftMs = Date.parse((await bench.store.peek(key))?.expiresAt ?? '') - Date.now();
    expect(leftMs).toBeGreaterThan(MINUTE_MS / 2);
    expect(leftMs).toBeLessThanOrEqual(MINUTE_MS);
    aheadMs = 2 * MINUTE_MS;
    const backInTime = async () => {
      aheadMs = 0;
    };
    bench.proxy.setFaults([{ on: { method: 'POST' }, do: 'meanwhile', run: backInTime }]);
    expect((await bench.upload(file, settings)).exitCode).toBe(0);
    expect(bench.lines().filter((line) => /^HEAD .* 410$/.test(line))).not.toEqual([]);
    expect(bench.of('upload.created')).toHaveLength(2);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, resumedFromBytes: 0 }]);
  });

  it('is told before it ends, when the upload is gone on with', async () => {
    const bench = await startBench();
    const file = await begun(bench, 5 * MINUTE_MS);
    await bench.upload(file, plainTus(bench));
    expect(messages(bench)).toEqual([
      expect.stringMatching(/^its upload expires at the server in [23]\d\d s/),
    ]);
  });

  it('is no news while it is long', async () => {
    const bench = await startBench();
    const file = await begun(bench, 60 * MINUTE_MS);
    await bench.upload(file, plainTus(bench));
    expect(messages(bench)).toEqual([]);
  });

  it.each([
    ['as it is where the clocks agree', 0, 3_600_000],
    ['by our own clock where the server’s is wrong', -86_400_000, 3_600_000],
  ])('is kept %s', async (_, skewMs, termMs) => {
    const nowMs = Date.parse('2026-11-25T12:00:00Z');
    const server = (ms: number) => new Date(nowMs + skewMs + ms).toUTCString();
    const written: UploadRecord[] = [];
    const headers = { date: server(0), 'upload-expires': server(termMs) };
    const tools = noticingExpiry({
      send: async () => ({ kind: 'answer', status: 201, headers, body: new Uint8Array(0) }),
      clock: { nowMs: () => 0, dateMs: () => nowMs, sleep: async () => {} },
      store: { write: async (record: UploadRecord) => void written.push(record) },
    } as unknown as Tools);
    await tools.send({ method: 'POST', url: new URL('http://host/'), headers: {} }, { idleTimeoutMs: 1 });
    await tools.store.write({} as UploadRecord);
    expect(written[0]?.expiresAt).toBe(new Date(nowMs + termMs).toISOString());
  });

  it('beyond all dates is none', async () => {
    const bench = await startBench();
    const far = { date: new Date(0).toUTCString(), 'Upload-Expires': 'Sat, 13 Sep 275760 00:00:00 GMT' };
    bench.server.script.POST = [{ patchHeaders: far }];
    const outcome = await bench.upload(await bench.file(3000), plainTus(bench));
    expect(bench.of('upload.failed')).toEqual([]);
    expect(outcome.exitCode).toBe(0);
  });

  it('is respected by a dry run, which asks nobody', async () => {
    const bench = await startBench();
    const file = await begun(bench, MINUTE_MS);
    const settings = { ...defaultSettings, ...plainTus(bench) } as Parameters<typeof planUpload>[2];
    const store = openStateStore(join(bench.dir, 'state'));
    const plan = (ms: number) => planUpload(file, protocols, settings, { store, ...laterBy(bench, ms) });
    expect(await plan(0)).toMatchObject({ intention: 'resume' });
    expect(await plan(2 * MINUTE_MS)).toMatchObject({
      intention: 'send',
      reason: expect.stringMatching(/^the upload expired at the server/),
    });
    expect((await keptUploads(join(bench.dir, 'state'), Date.now() + 2 * MINUTE_MS))[0]?.outlook).toBe(
      'expired',
    );
    expect(bench.server.seen).toEqual([]);
  });
});

describe('an upload that is complete and failed at the end', () => {
  it.each([false, true])(
    'has no term: a dry run foretells what the run does (no HEAD: %s)',
    async (headless) => {
      const bench = await startBench({ headless });
      bench.server.script.POST = [{ patchHeaders: { 'Upload-Expires': later(MINUTE_MS) } }];
      bench.server.script.PATCH = [{ status: 500 }];
      const file = await bench.file(3000);
      expect((await bench.upload(file, plainTus(bench))).exitCode).toBe(8);
      const before = offsets(bench);
      const settings = { ...defaultSettings, ...plainTus(bench) } as Parameters<typeof planUpload>[2];
      const store = openStateStore(join(bench.dir, 'state'));
      const tools = { store, ...laterBy(bench, 2 * MINUTE_MS) };
      expect(await planUpload(file, protocols, settings, tools)).toMatchObject({
        failure: { kind: 'unknown', message: expect.stringContaining('failed at the end') },
      });
      expect((await bench.upload(file, plainTus(bench), laterBy(bench, 2 * MINUTE_MS))).exitCode).toBe(8);
      expect(offsets(bench)).toEqual(before);
    },
  );
});

describe('when the clock of the machine is set in the midst of a run', () => {
  const HOUR_MS = 60 * MINUTE_MS;

  /** What is brought over while it leaps by five hours, with these answers to the chunks after that. */
  async function leaping(bench: Bench, answers: Step[], leapMs: number): Promise<number> {
    let leptMs = 0;
    bench.server.script.POST = [
      {
        first: () => {
          leptMs = leapMs;
        },
      },
    ];
    bench.server.script.PATCH = answers;
    const clock = { ...bench.clock, dateMs: () => bench.clock.dateMs() + leptMs };
    const settings = { ...plainTus(bench), chunkBytes: 1000 };
    return (await bench.upload(await bench.file(3000), settings, { clock })).exitCode;
  }

  it.each([5, -5])('by %i hours, a term is kept by the new time', async (hours) => {
    const bench = await startBench();
    const leapMs = hours * HOUR_MS;
    const headers = { Date: later(leapMs), 'Upload-Expires': later(leapMs + HOUR_MS) };
    const kept = async () => (await keptUploads(join(bench.dir, 'state'), Date.now() + leapMs))[0];
    expect(await leaping(bench, [{ patchHeaders: headers }, { answer: 403 }], leapMs)).toBe(5);
    expect((await kept())?.record.expiresAt).toBe(new Date(headers['Upload-Expires']).toISOString());
    expect((await kept())?.outlook).toBe('resumable');
  });

  it('a pause until a date is one by the new time', async () => {
    const bench = await startBench();
    const headers = { Date: '', 'Retry-After': later(5 * HOUR_MS + 10_000) };
    expect(await leaping(bench, [{ answer: 503, headers }], 5 * HOUR_MS)).toBe(0);
    const longestMs = Math.max(...bench.clock.pausesMs);
    expect(longestMs).toBeGreaterThan(0);
    expect(longestMs).toBeLessThanOrEqual(10_000);
  });

  it('durations go on evenly', () => {
    onTestFinished(() => void vi.useRealTimers());
    vi.useFakeTimers({ toFake: ['Date'] });
    const before = { nowMs: systemClock.nowMs(), dateMs: systemClock.dateMs() };
    vi.setSystemTime(before.dateMs + 5 * HOUR_MS);
    expect(systemClock.dateMs() - before.dateMs).toBe(5 * HOUR_MS);
    expect(systemClock.nowMs() - before.nowMs).toBeLessThan(HOUR_MS);
  });
});
