import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type BenchmarkFile, writeRandomFile } from '../../bench/benchmark-file.ts';
import { type Sink, startSink } from '../../bench/sink/start.ts';
import { checkedTally, copies, runClient, runUploader } from '../../bench/uploader-run.ts';

// Each test starts processes, on machines where every core may be busy with other tests.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe('what the sink received of several files', () => {
  const upload = { lengthBytes: 25, offsetBytes: 25, patches: 3, finalized: true, transferMs: 7 };
  const other = { ...upload, lengthBytes: 10, offsetBytes: 10, patches: 1 };
  const good = { payloadBytes: 35, uploads: [upload, other] };
  const expected = { sizesBytes: [10, 25], finalizes: true, patches: 4 };

  test('is accepted where it is exactly these files', () => {
    expect(checkedTally(good, expected)).toBe(good);
  });

  test.each([
    ['nothing', { payloadBytes: 0, uploads: [] }],
    ['one file less', { payloadBytes: 25, uploads: [upload] }],
    ['a byte twice', { ...good, payloadBytes: 36 }],
    ['a file that is not whole', { ...good, uploads: [{ ...upload, offsetBytes: 24 }, other] }],
    ['one file twice in place of both', { ...good, uploads: [upload, upload] }],
    ['other chunks', { ...good, uploads: [{ ...upload, patches: 4 }, other] }],
    ['a file that was not finalized', { ...good, uploads: [{ ...upload, finalized: false }, other] }],
  ])('is refused where it is %s', (_, tally) => {
    expect(() => checkedTally(tally, expected)).toThrow('the sink saw');
  });
});

describe('several files, to the sink', () => {
  let folder: string;
  let file: BenchmarkFile;
  let files: string;
  let sink: Sink;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulse-upload-bench-test-'));
    file = await writeRandomFile(join(folder, 'small.bin'), 5000);
    files = await copies(file, 12, join(folder, 'files'));
    sink = await startSink([file]);
  });
  afterAll(async () => {
    await sink.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const expected = { sizesBytes: Array(12).fill(5000), finalizes: true, patches: 12 };

  test('are sent by our uploader, each once', async () => {
    const run = await runUploader({ args: ['-r', files, '--min-age', '0'], sink, folder }, expected);
    expect(run).toMatchObject({ payloadBytes: 60_000, patches: 12 });
  });

  test('are sent by the peer, each once', async () => {
    const run = await runClient('peer-files.mjs', [files, String(sink.port), '8'], sink, {
      ...expected,
      finalizes: false,
    });
    expect(run).toMatchObject({ payloadBytes: 60_000, patches: 12 });
  });

  test('that were to be more are an error', async () => {
    const more = { ...expected, sizesBytes: Array(13).fill(5000) };
    await expect(runUploader({ args: ['-r', files, '--min-age', '0'], sink, folder }, more)).rejects.toThrow(
      'uploads: 12, expected 13',
    );
  });
});
