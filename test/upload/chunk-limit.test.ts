import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openServerMemory } from '../../src/upload/state/server-memory.ts';
import { type Bench, MIB, offsets, startBench } from './harness.ts';

const tooLarge = { answer: 413 };
const sizes = (bench: Bench) =>
  bench.server.seen.filter(({ method }) => method === 'PATCH').map(({ body }) => body.byteLength);
const memoryOf = (bench: Bench) => openServerMemory(bench.dir, bench.clock.nowMs);

/** One upload that learned to send half a MiB at once. */
async function learned(bench: Bench): Promise<void> {
  bench.server.script.PATCH = [tooLarge];
  await bench.upload(await bench.file(MIB, 'first.mp4'), {}, { memory: memoryOf(bench) });
  bench.server.seen.length = 0;
  bench.events.length = 0;
}

describe('the chunk size that passes', () => {
  it('holds for the files that follow, and is said once for all of them', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [tooLarge, tooLarge];
    const files = await Promise.all(['a', 'b', 'c'].map((name) => bench.file(MIB, name)));
    await bench.upload(files);
    expect(sizes(bench)).toEqual([MIB, MIB / 2, ...Array(12).fill(MIB / 4)]);
    expect(bench.of('upload.warning')).toHaveLength(1);
    expect(bench.of('upload.done')).toMatchObject(Array(3).fill({ proven: true }));
  });

  it('holds for later runs, which say nothing', async () => {
    const bench = await startBench();
    await learned(bench);
    await bench.upload(await bench.file(MIB, 'second.mp4'), {}, { memory: memoryOf(bench) });
    expect(sizes(bench)).toEqual([MIB / 2, MIB / 2]);
    expect(bench.of('upload.warning')).toEqual([]);
  });

  it('does not make smaller what was asked for smaller', async () => {
    const bench = await startBench();
    await learned(bench);
    const file = await bench.file(MIB / 2, 'second.mp4');
    await bench.upload(file, { chunkBytes: MIB / 4 }, { memory: memoryOf(bench) });
    expect(sizes(bench)).toEqual([MIB / 4, MIB / 4]);
  });

  it('is another one for another form of chunks, and for another server', async () => {
    const bench = await startBench();
    await learned(bench);
    const memory = memoryOf(bench);
    await bench.upload(await bench.file(MIB, 'b.mp4'), { body: 'multipart' }, { memory });
    const other = await startBench();
    await other.upload(await other.file(MIB), {}, { memory });
    expect([sizes(bench), sizes(other)]).toEqual([[MIB], [MIB]]);
  });

  it('is the same one where the server is spelled with a slash more', async () => {
    const bench = await startBench({ prefix: '/api' });
    const memory = memoryOf(bench);
    bench.server.script.PATCH = [tooLarge];
    const server = new URL(bench.server.url);
    await bench.upload(await bench.file(MIB, 'first.mp4'), { server }, { memory });
    bench.server.seen.length = 0;
    await bench.upload(await bench.file(MIB, 'b.mp4'), { server: new URL(`${server}/`) }, { memory });
    expect(sizes(bench)).toEqual([MIB / 2, MIB / 2]);
  });

  it('is tried anew after a month', async () => {
    const bench = await startBench();
    await learned(bench);
    await bench.clock.sleep(31 * 24 * 60 * 60_000);
    await bench.upload(await bench.file(MIB, 'b.mp4'), {}, { memory: memoryOf(bench) });
    expect(sizes(bench)).toEqual([MIB]);
  });

  it.each(['', '{', '{"schema":99}', '[]', 'null'])('in a file that reads %j is not known', async (text) => {
    const bench = await startBench();
    await learned(bench);
    const dir = join(bench.dir, 'servers');
    for (const name of await readdir(dir)) await writeFile(join(dir, name), text);
    await bench.upload(await bench.file(MIB, 'b.mp4'), {}, { memory: memoryOf(bench) });
    expect(sizes(bench)).toEqual([MIB]);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
  });

  it('is found all the same where it cannot be stored', async () => {
    const bench = await startBench();
    await writeFile(join(bench.dir, 'servers'), 'a file where the folder should be');
    bench.server.script.PATCH = [tooLarge];
    await bench.upload(await bench.file(MIB), {}, { memory: memoryOf(bench) });
    expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
  });

  it('is stored without anything else about the user', async () => {
    const bench = await startBench();
    await learned(bench);
    const [name = ''] = await readdir(join(bench.dir, 'servers'));
    const record = JSON.parse(await readFile(join(bench.dir, 'servers', name), 'utf8'));
    expect(Object.keys(record).sort()).toEqual(['body', 'chunkBytes', 'learnedAt', 'schema', 'server']);
  });

  it('is not what time-outs brought it down to: those are the line’s', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = [{ stall: true }, { stall: true }];
    await bench.upload(await bench.file(MIB, 'a.mp4'), { timeoutMs: 300 }, { memory: memoryOf(bench) });
    expect(bench.of('upload.done')).toHaveLength(1);
    bench.server.seen.length = 0;
    await bench.upload(await bench.file(MIB, 'b.mp4'), {}, { memory: memoryOf(bench) });
    expect(sizes(bench)).toEqual([MIB]);
  });

  it('is not learned from a refusal that no size helps against', async () => {
    const bench = await startBench();
    bench.server.script.PATCH = Array(5).fill(tooLarge);
    expect((await bench.upload(await bench.file(MIB, 'a'), {}, { memory: memoryOf(bench) })).exitCode).toBe(
      5,
    );
    expect(offsets(bench)).toHaveLength(5);
    expect(await memoryOf(bench).recall(new URL(bench.server.url).href, 'raw')).toBeUndefined();
  });
});

describe('a creation that is too large', () => {
  it('is final, and names the limit that the server states', async () => {
    const bench = await startBench();
    bench.server.script.POST = [{ answer: 413, headers: { 'Tus-Max-Size': '5' } }];
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(5);
    expect(bench.of('upload.failed')[0]?.message).toContain('answered 413 (Tus-Max-Size: 5)');
    expect(bench.server.lines()).toEqual(['POST /uploads']);
  });
});
