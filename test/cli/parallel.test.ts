import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.ts';
import { type FaultProxy, startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { allExtensions } from '../../src/server/extensions.ts';
import { payload, subject } from '../server/harness.ts';
import { startBin, temporaryFolder } from './run-bin.ts';

const MIB = 1024 * 1024;
const inThree = ['--protocol', 'tus', '--parallel', '3', '--read-back', '--retry-delay', '50ms'];

async function lined(target: string): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ target });
  onTestFinished(() => proxy.close());
  return proxy;
}

async function video(dir: string, sizeBytes: number): Promise<string> {
  const file = join(dir, 'video.mp4');
  await writeFile(file, payload(sizeBytes));
  return file;
}

/** The reference server as a process of its own, on a folder that outlives it. */
async function startServe(dir: string, port: number) {
  const running = startBin(['serve', '--port', String(port), '--protocol', 'tus', '--dir', dir, '-q']);
  return { ...running, url: (await running.until('stdout', /http.*\n/)).trim() };
}

test('a client that is killed goes on with every part where the server is', async () => {
  const server = await subject({ protocol: 'tus', extensions: allExtensions });
  const proxy = await lined(new URL('/files', server.url).href);
  const dir = await temporaryFolder();
  const file = await video(dir, 8 * MIB);
  const args = [file, '--server', proxy.url, ...inThree];
  const env = { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
  const first = startBin(args, { env });
  proxy.setFaults([
    { on: { method: 'PATCH', nth: 5 }, do: 'meanwhile', run: async () => first.child.kill('SIGKILL') },
  ]);
  expect((await first.ended).signal).toBe('SIGKILL');
  const from = proxy.log.length;
  const list = await startBin(['list', '--json'], { env }).ended;
  expect(JSON.parse(list.stdout)).toMatchObject({ outlook: 'resumable', sizeBytes: 8 * MIB });

  const { code, stderr } = await startBin(args, { env }).ended;
  expect([code, stderr]).toEqual([0, expect.stringMatching(/resuming at(.|\n)*they were read back/)]);
  const posts = proxy.log.slice(from).filter(({ method }) => method === 'POST');
  expect(posts.map(({ headers }) => String(headers['upload-concat']).slice(0, 6))).toEqual(['final;']);
});

test('a server that is killed is gone on with when it is back', async () => {
  const dir = await temporaryFolder();
  const port = await freePort();
  const before = await startServe(join(dir, 'served'), port);
  const proxy = await lined(before.url);
  const file = await video(dir, 8 * MIB);
  proxy.setFaults([
    {
      on: { method: 'PATCH', nth: 5 },
      do: 'meanwhile',
      run: async () => {
        before.child.kill('SIGKILL');
        await before.ended;
        await startServe(join(dir, 'served'), port);
      },
    },
  ]);
  const { code, stderr } = await startBin([file, '--server', proxy.url, ...inThree, '--retries', '100'], {
    env: { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') },
  }).ended;
  expect([code, stderr]).toEqual([0, expect.stringContaining('they were read back')]);
});

test('abort removes every part from the server', async () => {
  const server = await subject({ protocol: 'tus', extensions: allExtensions });
  const proxy = await lined(new URL('/files', server.url).href);
  const dir = await temporaryFolder();
  const file = await video(dir, 8 * MIB);
  const env = { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
  proxy.setFaults([{ on: { method: 'PATCH', nth: 4, times: 99 }, do: 'answer', status: 503 }]);
  const args = [file, '--server', proxy.url, ...inThree, '--retries', '0'];
  expect((await startBin(args, { env }).ended).code).toBe(4);
  const { code, stderr } = await startBin(['abort', file, '--server', proxy.url], { env }).ended;
  expect([code, stderr]).toMatchObject([0, expect.anything()]);
  const deleted = server.log.filter(({ method, status }) => method === 'DELETE' && status === 204);
  expect(deleted).toHaveLength(3);
});

test('abort says that the parts may have been joined, where the answer to that was lost', async () => {
  const server = await subject({ protocol: 'tus', extensions: allExtensions });
  const proxy = await lined(new URL('/files', server.url).href);
  const dir = await temporaryFolder();
  const file = await video(dir, 8 * MIB);
  const env = { PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
  // The creations of three parts go before it.
  proxy.setFaults([{ on: { method: 'POST', nth: 4 }, do: 'swallow-response', by: 'rst' }]);
  const args = [file, '--server', proxy.url, ...inThree, '--retries', '0'];
  expect((await startBin(args, { env }).ended).code).toBe(4);
  const { code, stdout } = await startBin(['abort', file, '--server', proxy.url], { env }).ended;
  expect([code, stdout]).toEqual([0, expect.stringContaining('may have joined them to a file before')]);
});

test.each([
  [['--parallel', '0'], '--parallel'],
  [['--parallel', '17'], 'from 1 to 16'],
  [['--parallel', '16', '--jobs', '17'], 'makes 272 requests at a time'],
])('%j is a usage error', async (args, words) => {
  const { code, stderr } = await startBin(['a.mp4', '--server', 'http://127.0.0.1:1', ...args]).ended;
  expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
});
