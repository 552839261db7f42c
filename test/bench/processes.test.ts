import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type BenchmarkFile, writeRandomFile, writeSparseFile } from '../../bench/benchmark-file.ts';
import { checkedTransferMs, contenderNames, runContender } from '../../bench/contenders.ts';
import { measureNode, neutralEnvironment, timeNode } from '../../bench/measured-process.ts';
import { type Sink, startSink } from '../../bench/sink/start.ts';

// Each test starts processes, on machines where every core may be busy with other tests.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const MiB = 1024 ** 2;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pulse-upload-bench-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the benchmark files', () => {
  test('the random one has the stated size and digest, and does not compress', async () => {
    const file = await writeRandomFile(join(folder, 'digest.bin'), MiB + 7);
    const bytes = await readFile(file.path);
    expect(bytes.length).toBe(MiB + 7);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
    expect(gzipSync(bytes).length).toBeGreaterThan(bytes.length);
  });

  test('the sparse one has the stated size, and the digest of its zeros', async () => {
    const file = await writeSparseFile(join(folder, 'sparse.bin'), 3 * MiB + 1);
    const bytes = await readFile(file.path);
    expect(bytes.length).toBe(3 * MiB + 1);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
  });
});

describe('a measured process', () => {
  test('is charged for the processor time that it used', async () => {
    const idle = await measureNode(['-e', '0']);
    const spinning = await measureNode(['-e', 'while (process.cpuUsage().user < 400_000);']);
    expect(spinning.userMs).toBeGreaterThanOrEqual(400);
    expect(idle.userMs).toBeLessThan(400);
  });

  test('is charged for the memory that it touched', async () => {
    const { peakRssBytes } = await measureNode(['-e', 'Buffer.alloc(150e6, 1)']);
    expect(peakRssBytes).toBeGreaterThan(150e6);
  });

  test.runIf(process.platform === 'linux')('is not charged for the memory of its parent', async () => {
    const ballast = Buffer.alloc(250e6, 1);
    const { peakRssBytes } = await measureNode(['-e', '0']);
    expect(ballast.length).toBe(250e6);
    expect(peakRssBytes).toBeLessThan(200e6);
  });

  test('counts once, also when it has worker threads', async () => {
    const worker = "new (require('node:worker_threads').Worker)('0', { eval: true })";
    await expect(measureNode(['-e', worker])).resolves.toHaveProperty('peakRssBytes');
  });

  test('that fails is an error with what it said', async () => {
    const failing = "console.error('no such thing'); process.exitCode = 3";
    await expect(measureNode(['-e', failing])).rejects.toThrow(
      /exit code 3, expected exit code 0\nno such thing/,
    );
  });

  test.skipIf(process.platform === 'win32')('that is killed is an error', async () => {
    await expect(measureNode(['-e', "process.kill(process.pid, 'SIGKILL')"])).rejects.toThrow(
      'signal SIGKILL',
    );
  });

  test('that ends without an account of itself is an error', async () => {
    const mute = "process.removeAllListeners('exit')";
    await expect(measureNode(['-e', mute])).rejects.toThrow('without saying what it used');
  });

  test('does not see settings that would change what is measured', () => {
    const environment = {
      PATH: '/bin',
      PULSE_UPLOAD_TOKEN: 'x',
      https_proxy: 'x',
      NODE_OPTIONS: '--inspect',
    };
    expect(neutralEnvironment(environment)).toEqual({ PATH: '/bin' });
  });

  test('timed alone returns what it printed', async () => {
    expect((await timeNode(['-e', "process.stdout.write('hello')"])).stdout).toBe('hello');
  });
});

describe('against the sink', () => {
  let file: BenchmarkFile;
  let sink: Sink;
  beforeAll(async () => {
    file = await writeRandomFile(join(folder, 'upload.bin'), 2 * MiB + 5);
    sink = await startSink([file]);
  });
  afterAll(() => sink.stop());

  test.each(contenderNames)('%s uploads exactly the file', async (name) => {
    const run = await runContender(name, { file, sink, chunkBytes: MiB, folder });
    expect(run.transferMs).toBeGreaterThan(0);
    expect(run.transferMs).toBeLessThan(run.elapsedMs);
  });

  test('a sink that was told another checksum is believed neither by our uploader nor by the floor that hashes', async () => {
    const deceived = await startSink([{ ...file, sha256: '0'.repeat(64) }]);
    try {
      const race = { file, sink: deceived, chunkBytes: MiB, folder };
      await expect(runContender('ours', race)).rejects.toThrow('exit code 7');
      await deceived.take();
      await expect(runContender('floor, SHA-256', race)).rejects.toThrow('exit code 1');
    } finally {
      await deceived.stop();
    }
  });

  test('a sink that is gone is an error, not an empty tally', async () => {
    const stopped = await startSink([file]);
    await stopped.stop();
    await expect(stopped.take()).rejects.toThrow('the sink is gone');
  });
});

describe('what the sink received', () => {
  const upload = { lengthBytes: 25, offsetBytes: 25, patches: 3, finalized: true, transferMs: 7 };
  const expected = { sizeBytes: 25, chunkBytes: 10, finalizes: true };

  test('is accepted where it is exactly the file', () => {
    expect(checkedTransferMs({ payloadBytes: 25, uploads: [upload] }, expected)).toBe(7);
  });

  test.each([
    ['nothing', { payloadBytes: 0, uploads: [] }],
    ['two uploads', { payloadBytes: 25, uploads: [upload, upload] }],
    ['a byte twice', { payloadBytes: 26, uploads: [upload] }],
    ['a byte less', { payloadBytes: 25, uploads: [{ ...upload, offsetBytes: 24 }] }],
    ['larger chunks', { payloadBytes: 25, uploads: [{ ...upload, patches: 1 }] }],
    ['no finalize', { payloadBytes: 25, uploads: [{ ...upload, finalized: false }] }],
  ])('is refused where it is %s', (_, tally) => {
    expect(() => checkedTransferMs(tally, expected)).toThrow('the sink saw');
  });
});
