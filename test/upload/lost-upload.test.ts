import { describe, expect, it } from 'vitest';
import { type Bench, expectProven, MIB, offsets, startBench } from './harness.ts';

const stay = { first: () => {} };
const gone = { answer: 404, headers: { 'Tus-Resumable': '1.0.0' } };
const creations = (bench: Bench) => bench.server.lines().filter((line) => line === 'POST /uploads').length;

describe('a 404 for an upload of this run', () => {
  it('that passes is no loss', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, gone];
    bench.server.script.HEAD = [stay, gone];
    const file = await bench.file(3 * MIB);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(offsets(bench)).toEqual([0, MIB, MIB, 2 * MIB]);
  });

  it('that stays is exit 5 after the budget, without another creation', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [stay, gone];
    bench.server.script.HEAD = [stay, ...Array(9).fill(gone)];
    expect((await bench.upload(await bench.file(3 * MIB))).exitCode).toBe(5);
    expect(bench.of('upload.failed')[0]?.message).toContain(
      'the server lost the upload while it was being sent',
    );
    expect(bench.server.lines().filter((line) => line.startsWith('HEAD'))).toHaveLength(1 + 3);
    expect(creations(bench)).toBe(1);
  });

  it('right after its creation is waited for: the upload may not be everywhere yet', async () => {
    const bench = await startBench();
    bench.server.script.HEAD = [gone];
    bench.server.script.PATCH = [gone, gone];
    const file = await bench.file(10);
    await bench.upload(file);
    await expectProven(bench, file);
    expect(creations(bench)).toBe(1);
  });

  it('right after its creation that stays is exit 5, and no second upload is made', async () => {
    const bench = await startBench();
    bench.server.script.HEAD = Array(9).fill(gone);
    bench.server.script.PATCH = Array(9).fill(gone);
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(5);
    expect(offsets(bench)).toHaveLength(4);
    expect(creations(bench)).toBe(1);
  });
});

describe('a 404 for an upload of an earlier run, in the middle of sending', () => {
  async function resumedAndLost(times: number): Promise<{ bench: Bench; exitCode: number; file: string }> {
    const bench = await startBench();
    const file = await bench.file(3 * MIB);
    bench.server.script.PATCH = [stay, ...Array(4).fill({ answer: 503 })];
    expect((await bench.upload(file)).exitCode).toBe(4);
    bench.events.length = 0;
    bench.server.seen.length = 0;
    // Per loss: HEAD and PATCH find it, then it is gone for good.
    bench.server.script.PATCH = Array(times).fill([stay, gone]).flat();
    bench.server.script.HEAD = Array(times).fill([stay, gone, gone, gone]).flat();
    return { bench, file, exitCode: (await bench.upload(file)).exitCode };
  }

  it('starts anew once', async () => {
    const { bench, file } = await resumedAndLost(1);
    await expectProven(bench, file);
    expect(creations(bench)).toBe(1);
    expect(bench.of('upload.warning').map(({ message }) => message)).toEqual([
      expect.stringContaining('sending it all once more'),
    ]);
  });

  it('and only once', async () => {
    const { bench, exitCode } = await resumedAndLost(2);
    expect(exitCode).toBe(5);
    expect(creations(bench)).toBe(1);
  });
});
