import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { run, runAndKill, serve, temporaryFolder } from './bin.ts';

const MIB = 1_048_576;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

it.each(['pulse-v1', 'tus'])(
  '%s: after kill -9 in mid-upload the same command goes on, and the content read back is the file',
  async (protocol) => {
    const dir = temporaryFolder();
    const server = await serve(join(dir, 'uploads'), 0, ['--protocol', protocol]);
    const content = randomBytes(12 * MIB);
    const file = join(dir, 'video.mp4');
    writeFileSync(file, content);
    // A slow line, so that the kill comes in mid-upload.
    const proxy = await startFaultProxy({ target: server.url, bytesPerSecond: 20 * MIB });
    onTestFinished(() => proxy.close());
    const args = [file, '--server', proxy.url, '--read-back'];
    const killed = await runAndKill(
      args,
      join(dir, 'state'),
      'SIGKILL',
      ({ acceptedBytes }) => Number(acceptedBytes) >= 3 * MIB,
    );
    expect(killed.signal).toBe('SIGKILL');

    const again = await run([...args, '--json'], join(dir, 'state'));
    expect([again.code, again.stderr]).toEqual([0, '']);
    const events = again.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const resumed = events.find(({ type }) => type === 'upload.resumed');
    expect(resumed?.offsetBytes).toBeGreaterThanOrEqual(3 * MIB);
    const done = events.find(({ type }) => type === 'upload.done');
    expect(done).toMatchObject({ proven: true, proof: 'read-back', sha256: sha256(content) });
    const [name = ''] = readdirSync(join(dir, 'uploads')).filter((entry) => entry.endsWith('.mp4'));
    expect(sha256(readFileSync(join(dir, 'uploads', name)))).toBe(sha256(content));
  },
);
