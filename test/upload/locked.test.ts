import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type Bench, expectProven, offsets, startBench } from './harness.ts';
import type { Step } from './scripted-server.ts';

/** 423, because somebody else stores so many of the right bytes each time. */
function heldBy(bench: Bench, content: Buffer, storedBytes: number, headers = {}): Step {
  return {
    write: (res) => {
      const [upload] = bench.server.uploads.values();
      if (upload !== undefined) upload.data = content.subarray(0, upload.data.byteLength + storedBytes);
      res.writeHead(423, headers);
      res.end();
    },
  };
}

describe('an upload that somebody else writes to', () => {
  it('in crumbs is waited for like any lock, with growing pauses, and the lock is named', async () => {
    const bench = await startBench();
    const file = await bench.file(5_000);
    const held = heldBy(bench, await readFile(file), 1);
    bench.server.script.PATCH = [{ first: () => {} }, ...Array(200).fill(held)];
    expect((await bench.upload(file, { chunkBytes: 1_000 })).exitCode).toBe(4);
    const { pausesMs } = bench.clock;
    const waitedMs = pausesMs.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThanOrEqual(60_000);
    expect(waitedMs).toBeLessThan(75_000);
    expect(pausesMs.at(-1)).toBe(10_000);
    expect(offsets(bench).length).toBeLessThan(20);
    const [{ message = '', hint = '' } = {}] = bench.of('upload.failed');
    expect(message).toMatch(/answered 423, and meanwhile its offset went from 1000 to 10\d\d$/);
    expect(hint).toMatch(/^something else writes to this upload; .* run the same command again: it resumes$/);
  });

  it('is not given up while it stores as much as a chunk now and then', async () => {
    const bench = await startBench();
    const file = await bench.file(30_000);
    const held = heldBy(bench, await readFile(file), 500, { 'Retry-After': '7' });
    bench.server.script.PATCH = Array(40).fill(held);
    await bench.upload(file, { chunkBytes: 1_000 });
    await expectProven(bench, file);
    expect(bench.clock.pausesMs.length).toBeGreaterThan(30);
  });

  it('is not held against a later lock, once a part of a chunk of ours was taken', async () => {
    const bench = await startBench();
    const file = await bench.file(3_000);
    const locked = { answer: 423, headers: { 'Retry-After': '25' } };
    bench.server.script.PATCH = [locked, locked, { acceptBytes: 500 }, locked, locked];
    await bench.upload(file, { chunkBytes: 1_000 });
    await expectProven(bench, file);
  });
});

describe('a server that is stopped for its crumbs', () => {
  it('is told what went wrong last', async () => {
    const bench = await startBench();
    const crumb = { cutAfterBytes: 1, keep: true };
    bench.server.script.PATCH = Array(200).fill(crumb);
    expect((await bench.upload(await bench.file(5_000), { chunkBytes: 1_000 })).exitCode).toBe(4);
    expect(bench.of('upload.failed')[0]?.message).toMatch(
      /takes so little of each request .*; the last trouble: PATCH http.*: the connection was reset$/,
    );
  });
});
