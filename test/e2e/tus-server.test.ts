import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { run, temporaryFolder } from './bin.ts';

async function startTusServer(directory: string): Promise<string> {
  mkdirSync(directory);
  const tus = new Server({ path: '/files', relativeLocation: true, datastore: new FileStore({ directory }) });
  const server = createServer((req, res) => void tus.handle(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/files`;
}

describe('@tus/server, plain tus 1.0', () => {
  it('is recognised, survives a cut chunk, and is not called proven: it offers nothing to compare with', async () => {
    const dir = temporaryFolder();
    const proxy = await startFaultProxy({
      target: await startTusServer(join(dir, 'files')),
      faults: [{ on: { method: 'PATCH', nth: 2 }, do: 'cut-request', afterBodyBytes: 400_000, by: 'rst' }],
    });
    onTestFinished(() => proxy.close());
    const content = randomBytes(3_200_000);
    writeFileSync(join(dir, 'video.mp4'), content);
    const args = [join(dir, 'video.mp4'), '--server', proxy.url, '--retry-delay', '100ms'];
    const { code, stdout, stderr } = await run(args, join(dir, 'state'));
    expect(stderr).toMatch(/proven\s+no/);
    expect([code, stdout.trim().startsWith(proxy.url)]).toEqual([0, true]);
    const stored = readdirSync(join(dir, 'files')).filter((name) => !name.endsWith('.json'));
    expect(stored.map((name) => readFileSync(join(dir, 'files', name)).equals(content))).toEqual([true]);

    const strict = await run([...args, '--require-proof'], join(dir, 'state'));
    expect(strict.code).toBe(8);
  });

  it('has an unfinished upload removed by abort, and nothing is left of it', async () => {
    const dir = temporaryFolder();
    const proxy = await startFaultProxy({
      target: await startTusServer(join(dir, 'files')),
      faults: [{ on: { method: 'PATCH', nth: 2, times: 9 }, do: 'answer', status: 503 }],
    });
    onTestFinished(() => proxy.close());
    const file = join(dir, 'video.mp4');
    writeFileSync(file, randomBytes(3_200_000));
    const args = [file, '--server', proxy.url, '--protocol', 'tus', '--retries', '0'];
    expect((await run(args, join(dir, 'state'))).code).toBe(4);
    expect(readdirSync(join(dir, 'files'))).not.toEqual([]);
    const { code, stdout } = await run(['abort', file], join(dir, 'state'));
    expect([code, stdout]).toEqual([0, `aborted ${file} at ${proxy.url}: the server has removed it\n`]);
    expect(readdirSync(join(dir, 'files'))).toEqual([]);
  });
});
