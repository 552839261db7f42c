import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../fixtures/free-port.ts';
import { startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { peakMeter } from '../system/peak-memory.ts';
import { run, runAndKill, serve, temporaryFolder } from './bin.ts';
import { startHashingSink } from './hashing-sink.ts';

const MIB = 1_048_576;
/** Far above what it takes, which grows with the load of the machine, and far below what is sent. */
const MOST_MIB = 300;

function lines(stdout: string): readonly Readonly<Record<string, unknown>>[] {
  return stdout
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line));
}

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('the real command', () => {
  it("after kill -9 in mid-upload, the same command goes on from the server's offset and ends proven", async () => {
    const dir = temporaryFolder();
    const server = await serve(join(dir, 'uploads'));
    const file = join(dir, 'video.mp4');
    writeFileSync(file, randomBytes(12 * MIB));
    // A slow line, so that the kill comes in mid-upload.
    const proxy = await startFaultProxy({ target: server.url, bytesPerSecond: 20 * MIB });
    const args = [file, '--server', proxy.url];
    const killed = await runAndKill(
      args,
      join(dir, 'state'),
      'SIGKILL',
      ({ acceptedBytes }) => Number(acceptedBytes) >= 3 * MIB,
    );
    expect(killed.signal).toBe('SIGKILL');

    const again = await run([...args, '--json'], join(dir, 'state'));
    await proxy.close();
    expect(again.stderr).toBe('');
    expect(again.code).toBe(0);
    const resumed = lines(again.stdout).find(({ type }) => type === 'upload.resumed');
    expect(Number(resumed?.offsetBytes)).toBeGreaterThanOrEqual(3 * MIB);
    expect(lines(again.stdout).find(({ type }) => type === 'upload.done')).toMatchObject({
      proven: true,
      sha256: sha256(file),
    });
    expect(sha256(join(dir, 'uploads', 'video.mp4'))).toBe(sha256(file));
  });

  it('after kill -9 of the server, goes on as soon as it is back', async () => {
    const dir = temporaryFolder();
    const server = await serve(join(dir, 'uploads'), await freePort());
    const file = join(dir, 'video.mp4');
    writeFileSync(file, randomBytes(8 * MIB));
    const proxy = await startFaultProxy({ target: server.url, bytesPerSecond: 20 * MIB });
    const args = [file, '--server', proxy.url, '--retries', '0', '--json'];
    const failed = await runAndKill(args, join(dir, 'state'), 'SIGCONT', ({ acceptedBytes }) => {
      if (Number(acceptedBytes) >= 2 * MIB) void server.kill('SIGKILL');
      return false;
    });
    expect(failed.code).toBe(4);
    const back = await serve(join(dir, 'uploads'), Number(new URL(server.url).port));
    expect(back.url).toBe(server.url);
    const again = await run([file, '--server', proxy.url, '--json'], join(dir, 'state'));
    await proxy.close();
    expect(again.code).toBe(0);
    expect(lines(again.stdout).some(({ type }) => type === 'upload.resumed')).toBe(true);
    expect(sha256(join(dir, 'uploads', 'video.mp4'))).toBe(sha256(file));
  });

  it.skipIf(process.platform === 'win32')('after Ctrl-C says how to resume, and exits with 130', async () => {
    const dir = temporaryFolder();
    const server = await serve(join(dir, 'uploads'));
    const file = join(dir, 'video.mp4');
    writeFileSync(file, randomBytes(12 * MIB));
    const proxy = await startFaultProxy({ target: server.url, bytesPerSecond: 20 * MIB });
    const stopped = await runAndKill(
      [file, '--server', proxy.url],
      join(dir, 'state'),
      'SIGINT',
      ({ acceptedBytes }) => Number(acceptedBytes) >= 2 * MIB,
    );
    expect(stopped.code).toBe(130);
    expect(lines(stopped.stdout).find(({ type }) => type === 'upload.failed')).toMatchObject({
      kind: 'interrupted',
      resumable: true,
    });
    expect((await run([file, '--server', proxy.url], join(dir, 'state'))).code).toBe(0);
    await proxy.close();
  });

  it('of an empty file and of one byte ends proven', async () => {
    const dir = temporaryFolder();
    const server = await serve(join(dir, 'uploads'));
    for (const [name, sizeBytes] of [
      ['empty.mp4', 0],
      ['one.mp4', 1],
    ] as const) {
      writeFileSync(join(dir, name), Buffer.alloc(sizeBytes));
      const { code, stderr } = await run([join(dir, name), '--server', server.url], join(dir, 'state'));
      expect([code, stderr]).toEqual([0, expect.stringContaining('proven')]);
    }
  });

  it('of a file over 4 GiB ends with the right digest, in less than 300 MiB of memory', async () => {
    const dir = temporaryFolder();
    const file = join(dir, 'huge.mp4');
    writeFileSync(file, '');
    truncateSync(file, 4 * 1024 * MIB + 5);
    const args = [file, '--server', await startHashingSink(), '--protocol', 'pulse', '--json'];
    const peak = peakMeter(join(dir, 'peak'));
    const { code, stdout } = await run(args, join(dir, 'state'), peak.node);
    expect(code).toBe(0);
    process.stdout.write(`peak memory, upload of 4 GiB: ${Math.round(peak.mib())} MiB\n`);
    expect(peak.mib()).toBeLessThan(MOST_MIB);
    const done = lines(stdout).find(({ type }) => type === 'upload.done');
    expect(done).toMatchObject({ proven: true, sizeBytes: 4 * 1024 * MIB + 5 });
  }, 600_000);
});
