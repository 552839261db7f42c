import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { creationDeferLength } from '../../src/server/extensions/creation-defer-length.ts';
import { allExtensions } from '../../src/server/extensions.ts';
import { MIB, offsets, plainTus, startBench } from './harness.ts';
import { type ReferenceBench, startReferenceBench } from './reference.ts';

const tus = { protocol: 'tus' } as const;
const offer = { 'Tus-Version': '1.0.0', 'Tus-Extension': 'creation,creation-with-upload' };
const offering = [{ answer: 204, headers: offer }] as const;

const answers = (bench: ReferenceBench) =>
  bench.lines().map((line) => line.replace(/^(\S+) .* (\d+)$/, '$1 $2'));
const creations = (bench: ReferenceBench) =>
  bench.proxy.log.filter(({ method }) => method === 'POST').map(({ bodyBytesReceived }) => bodyBytesReceived);

async function expectStored(bench: ReferenceBench, file: string): Promise<void> {
  expect(bench.of('upload.failed')).toEqual([]);
  expect((await bench.stored('video.mp4')).equals(await readFile(file))).toBe(true);
  // Nothing else was finished.
  expect((await readdir(bench.server.dir)).filter((name) => !name.startsWith('.'))).toEqual(['video.mp4']);
}

describe('a creation that takes data', () => {
  it('takes the first chunk, and saves a PATCH', async () => {
    const bench = await startReferenceBench(tus);
    const file = await bench.file(2 * MIB + 7);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(answers(bench)).toEqual([
      'OPTIONS 204',
      'POST 201',
      'HEAD 200',
      'PATCH 204',
      'PATCH 204',
      'HEAD 200',
    ]);
    expect(creations(bench)).toEqual([MIB]);
    expect(bench.of('upload.done')).toMatchObject([
      { sentBytes: 2 * MIB + 7, resumedFromBytes: 0, retries: 0 },
    ]);
    expect(bench.of('upload.progress').at(-1)).toMatchObject({ acceptedBytes: 2 * MIB + 7 });
    await expectStored(bench, file);
  });

  it('saves HEAD too, once it was seen in the run that the server answers it', async () => {
    const bench = await startReferenceBench(tus);
    await bench.upload([await bench.file(1000, 'a.mp4'), await bench.file(1000, 'b.mp4')], tus);
    const first = ['OPTIONS 204', 'POST 201', 'HEAD 200', 'PATCH 204', 'HEAD 200'];
    expect(answers(bench)).toEqual([...first, 'POST 201', 'PATCH 204', 'HEAD 200']);
  });

  it('never takes the last byte: what is lost with its answer is no second file', async () => {
    const bench = await startReferenceBench(tus);
    const file = await bench.file(1000);
    bench.proxy.setFaults([{ on: { method: 'POST', nth: 1 }, do: 'swallow-response', by: 'rst' }]);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(answers(bench)).toEqual([
      'OPTIONS 204',
      'POST 201',
      'POST 201',
      'HEAD 200',
      'PATCH 204',
      'HEAD 200',
    ]);
    expect(creations(bench)).toEqual([999, 0]);
    await expectStored(bench, file);
  });

  it.each([0, 1])('takes none of %i bytes', async (sizeBytes) => {
    const bench = await startReferenceBench(tus);
    const file = await bench.file(sizeBytes);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(creations(bench)).toEqual([0]);
    await expectStored(bench, file);
  });

  it('takes no more than 1 MiB, however large the chunks, and no more than a chunk', async () => {
    const bench = await startReferenceBench(tus);
    await bench.upload(await bench.file(3 * MIB, 'a.mp4'), { ...tus, chunkBytes: 8 * MIB });
    await bench.upload(await bench.file(3 * MIB, 'b.mp4'), { ...tus, chunkBytes: 300_000 });
    expect(creations(bench)).toEqual([MIB, 300_000]);
  });

  it('is not tried where the server does not offer it, or compares checksums', async () => {
    const plain = await startReferenceBench({ ...tus, extensions: [creationDeferLength()] });
    await plain.upload(await plain.file(1000), tus);
    expect(creations(plain)).toEqual([0]);
    const comparing = await startReferenceBench({ ...tus, extensions: allExtensions });
    await comparing.upload(await comparing.file(1000), tus);
    expect(creations(comparing)).toEqual([0]);
  });

  it.each(['cut-request', 'answer'] as const)('that comes to nothing (%s) is made without', async (how) => {
    const bench = await startReferenceBench(tus);
    const file = await bench.file(2 * MIB);
    bench.proxy.setFaults([
      how === 'answer'
        ? { on: { method: 'POST', nth: 1 }, do: 'answer', status: 413 }
        : { on: { method: 'POST', nth: 1 }, do: 'cut-request', afterBodyBytes: 500_000, by: 'rst' },
    ]);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(creations(bench)[1]).toBe(0);
    await expectStored(bench, file);
  });

  it('that is refused is not tried for the files that follow', async () => {
    const bench = await startReferenceBench(tus);
    bench.proxy.setFaults([{ on: { method: 'POST' }, do: 'limit-body', bytes: 100 }]);
    await bench.upload([await bench.file(1000, 'a.mp4'), await bench.file(1000, 'b.mp4')], tus);
    expect(bench.of('upload.done')).toHaveLength(2);
    expect(creations(bench).slice(-2)).toEqual([0, 0]);
    expect(creations(bench)).toHaveLength(3);
  });

  it('that does not say how much it took is asked', async () => {
    const bench = await startReferenceBench(tus);
    bench.proxy.setFaults([
      { on: { method: 'POST' }, do: 'alter-response', headers: { 'Upload-Offset': null } },
    ]);
    const file = await bench.file(2 * MIB);
    expect((await bench.upload(file, tus)).exitCode).toBe(0);
    expect(answers(bench)).toEqual(['OPTIONS 204', 'POST 201', 'HEAD 200', 'PATCH 204', 'HEAD 200']);
    await expectStored(bench, file);
  });

  it('that takes less, or nothing, is gone on with where it is', async () => {
    // The scripted server takes nothing with a creation.
    const bench = await startBench();
    bench.server.script.OPTIONS = [...offering];
    expect((await bench.upload(await bench.file(2 * MIB), plainTus(bench))).exitCode).toBe(0);
    expect(offsets(bench)).toEqual([0, MIB]);
    expect(bench.server.seen.find(({ method }) => method === 'POST')?.body).toHaveLength(MIB);
  });

  it('that claims more than was sent is left alone', async () => {
    const bench = await startBench();
    bench.server.script.OPTIONS = [...offering];
    bench.server.script.POST = [{ patchHeaders: { 'Upload-Offset': String(MIB + 1) } }];
    expect((await bench.upload(await bench.file(2 * MIB), plainTus(bench))).exitCode).toBe(0);
    expect(bench.server.lines().filter((line) => line.startsWith('POST'))).toHaveLength(2);
    expect(offsets(bench)).toEqual([0, MIB]);
  });

  it('that names another origin gets nothing there', async () => {
    const bench = await startBench({ location: (id) => `http://elsewhere.example/uploads/${id}` });
    bench.server.script.OPTIONS = [...offering];
    expect((await bench.upload(await bench.file(1000), plainTus(bench))).exitCode).toBe(6);
  });
});
