import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseMetadata } from '../../src/protocol/headers.ts';
import { MIB, startBench } from './harness.ts';

describe('an upload over a good line', () => {
  it('is creation, one HEAD, sequential 1 MiB chunks and finalize, and proven', async () => {
    const bench = await startBench();
    const file = await bench.file(2.5 * MIB);
    const outcome = await bench.upload(file, { token: 's3cret' });
    expect(outcome).toEqual({ exitCode: 0, done: 1, failed: 0, notAttempted: 0 });
    expect(bench.server.lines()).toEqual([
      'POST /uploads',
      'HEAD /uploads/<id>',
      'PATCH /uploads/<id>',
      'PATCH /uploads/<id>',
      'PATCH /uploads/<id>',
      'POST /uploads/finalize',
    ]);
    const [created, , ...rest] = bench.server.seen;
    expect(created?.headers).toMatchObject({
      'tus-resumable': '1.0.0',
      'upload-length': String(2.5 * MIB),
      'content-length': '0',
      'x-upload-token': 's3cret',
    });
    const metadata = parseMetadata(String(created?.headers['upload-metadata'])) ?? {};
    expect(Object.entries(metadata).map(([key, value]) => [key, Buffer.from(value).toString()])).toEqual([
      ['filename', 'video.mp4'],
      ['filetype', 'video/mp4'],
    ]);
    expect(rest.slice(0, 3).map(({ headers, body }) => [headers['upload-offset'], body.byteLength])).toEqual([
      ['0', MIB],
      [String(MIB), MIB],
      [String(2 * MIB), MIB / 2],
    ]);
    expect(rest[0]?.headers['content-type']).toBe('application/offset+octet-stream');
    const content = await readFile(file);
    expect([...bench.server.finished.values()].map((stored) => stored.equals(content))).toEqual([true]);
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(bench.of('upload.done')).toMatchObject([
      { proven: true, sha256, sizeBytes: 2.5 * MIB, sentBytes: 2.5 * MIB, retries: 0 },
    ]);
    expect(JSON.parse(String(rest.at(-1)?.body))).toEqual({
      uploadId: [...bench.server.uploads.keys()][0],
      filename: 'video.mp4',
      uploadToken: 's3cret',
    });
  });

  it.each([
    [0, 0],
    [1, 1],
    [MIB, 1],
    [MIB + 1, 2],
    [3 * MIB, 3],
  ])('of %i bytes takes %i chunks', async (sizeBytes, chunks) => {
    const bench = await startBench();
    const outcome = await bench.upload(await bench.file(sizeBytes));
    expect(outcome.exitCode).toBe(0);
    expect(bench.server.lines().filter((line) => line.startsWith('PATCH'))).toHaveLength(chunks);
    expect(bench.of('upload.done')).toMatchObject([{ proven: true, sizeBytes }]);
  });

  it('sends the same bytes as form data when asked', async () => {
    const bench = await startBench();
    const file = await bench.file(MIB + 77);
    expect((await bench.upload(file, { body: 'multipart' })).exitCode).toBe(0);
    const patches = bench.server.seen.filter(({ method }) => method === 'PATCH');
    expect(patches.map(({ headers }) => headers['content-type']?.split(';')[0])).toEqual(
      Array(2).fill('multipart/form-data'),
    );
    expect(Buffer.concat(patches.map(({ body }) => body)).equals(await readFile(file))).toBe(true);
  });

  it('keeps the path prefix of the server', async () => {
    const bench = await startBench({ prefix: '/api/v2' });
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(0);
    expect(bench.server.lines()).toContain('POST /api/v2/uploads');
    expect(bench.server.lines()).toContain('POST /api/v2/uploads/finalize');
  });

  it('finds its upload behind a proxy that strips the prefix, and says so', async () => {
    const bench = await startBench({ prefix: '/api', location: (id) => `/uploads/${id}` });
    expect((await bench.upload(await bench.file(10))).exitCode).toBe(0);
    expect(bench.server.lines().slice(0, 3)).toEqual([
      'POST /api/uploads',
      'HEAD /uploads/<id>',
      'HEAD /api/uploads/<id>',
    ]);
    expect(
      bench
        .of('upload.warning')
        .map(({ message }) => message)
        .join(),
    ).toMatch(/it is found at \/api\/uploads\//);
  });

  it('asks an unknown server what it speaks', async () => {
    const bench = await startBench();
    expect((await bench.upload(await bench.file(10), { protocol: 'auto' })).exitCode).toBe(0);
    expect(bench.server.lines().slice(0, 2)).toEqual(['GET /capabilities', 'GET /health']);
    expect(bench.of('upload.start')).toMatchObject([{ protocol: 'pulse', concluded: '/health answered OK' }]);
  });

  it('reports progress that never falls and ends at the size', async () => {
    const bench = await startBench();
    await bench.upload(await bench.file(3 * MIB));
    const accepted = bench.of('upload.progress').map(({ acceptedBytes }) => acceptedBytes);
    expect(accepted).toEqual([...accepted].sort((a, b) => a - b));
    expect(accepted.at(-1)).toBe(3 * MIB);
  });

  it('stops before finalize when asked, and a later run finalizes without sending a byte', async () => {
    const bench = await startBench();
    const file = await bench.file(MIB + 5);
    await bench.upload(file, { finalize: false });
    expect(bench.of('upload.done')).toMatchObject([{ proven: false }]);
    expect(bench.server.finished.size).toBe(0);
    await bench.upload(file);
    expect(bench.of('upload.done').at(-1)).toMatchObject({
      proven: true,
      sentBytes: 0,
      resumedFromBytes: MIB + 5,
    });
    expect(bench.server.uploads.size).toBe(1);
  });

  it('says how many files it did, and gives differing failures code 1', async () => {
    const bench = await startBench();
    const good = await bench.file(10, 'good.mp4');
    const outcome = await bench.upload([good, `${bench.dir}/absent.mp4`, bench.dir]);
    expect(outcome).toEqual({ exitCode: 3, done: 1, failed: 2, notAttempted: 0 });
    expect(bench.of('upload.failed').map(({ message }) => message)).toEqual([
      `${bench.dir}/absent.mp4 does not exist`,
      `${bench.dir} is a folder, expected a file`,
    ]);
    bench.server.script.POST = [{ answer: 403 }];
    const other = await bench.file(10, 'other.mp4');
    expect((await bench.upload([other, `${bench.dir}/absent.mp4`])).exitCode).toBe(1);
  });

  it('looks at the files before the first request', async () => {
    const bench = await startBench();
    expect((await bench.upload(`${bench.dir}/absent.mp4`, { protocol: 'auto' })).exitCode).toBe(3);
    expect(bench.server.seen).toEqual([]);
  });
});
