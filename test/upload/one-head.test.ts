import { expect, it } from 'vitest';
import { type Bench, MIB, plainTus, startBench } from './harness.ts';

const MANY = ['a.mp4', 'b.mp4', 'c.mp4'];

async function uploadMany(bench: Bench): Promise<readonly string[]> {
  await bench.upload(await Promise.all(MANY.map((name) => bench.file(MIB, name))));
  expect(bench.of('upload.done')).toMatchObject(MANY.map(() => ({ proven: true })));
  return bench.server.lines().map((line) => line.split(' ')[0] ?? '');
}

it('a server that answers HEAD is asked to show it once in a run', async () => {
  const bench = await startBench();
  const one = ['POST', 'PATCH', 'POST'];
  expect(await uploadMany(bench)).toEqual(['POST', 'HEAD', 'PATCH', 'POST', ...one, ...one]);
});

it('a server that answers no HEAD is asked for every upload: it may have been a lost one', async () => {
  const bench = await startBench({ headless: true });
  expect((await uploadMany(bench)).filter((method) => method === 'HEAD')).toHaveLength(3);
});

it('a Location that a proxy has made wrong is found out for every upload', async () => {
  const bench = await startBench({ prefix: '/api', location: (id) => `/uploads/${id}` });
  // In vain at the Location itself, then below the prefix.
  expect((await uploadMany(bench)).filter((method) => method === 'HEAD')).toHaveLength(6);
});

it('an upload of which HEAD was not asked is gone on with after a cut all the same', async () => {
  const bench = await startBench();
  bench.server.script.PATCH = [{ status: 204 }, { cutAfterBytes: 1000, keep: true }];
  const methods = await uploadMany(bench);
  expect(methods).toEqual([
    'POST',
    'HEAD',
    'PATCH',
    'POST',
    'POST',
    'PATCH',
    'HEAD',
    'PATCH',
    'POST',
    'POST',
    'PATCH',
    'POST',
  ]);
});

it('two files that are given one upload are no two uploads', async () => {
  let first: string | undefined;
  const location = (id: string) => {
    first ??= id;
    return `/uploads/${first}`;
  };
  const bench = await startBench({ location });
  const files = [await bench.file(1000, 'a.mp4'), await bench.file(1000, 'b.mp4')];
  expect((await bench.upload(files, plainTus(bench))).exitCode).toBe(6);
  expect(bench.of('upload.done')).toHaveLength(1);
  expect(bench.of('upload.failed')).toMatchObject([
    {
      kind: 'protocol',
      message: expect.stringMatching(/gave .*b\.mp4 the upload of .*a\.mp4 .*expected one of its own/),
    },
  ]);
});
