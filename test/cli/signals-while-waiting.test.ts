import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ScriptedServer, startScriptedServer } from '../upload/scripted-server.ts';
import { startBin, temporaryFolder } from './run-bin.ts';

async function startBench() {
  const server = await startScriptedServer();
  onTestFinished(() => server.close());
  const dir = await temporaryFolder();
  await writeFile(join(dir, 'video.mp4'), randomBytes(3000));
  const env = { PULSE_UPLOAD_SERVER: server.url, PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
  const start = (
    args: readonly string[],
    more: Readonly<Record<string, string>> = {},
    node: readonly string[] = [],
  ) => startBin(args, { cwd: dir, env: { ...env, ...more }, node });
  return { server, dir, env, start };
}

async function untilSeen(server: ScriptedServer, method: string, times: number): Promise<void> {
  while (server.seen.filter((request) => request.method === method).length < times) await sleep(10);
}

/** What the tool waits for, how the server brings it about, and the request after which it waits. */
const waits: readonly (readonly [string, ScriptedServer['script'], string, number])[] = [
  ['for the answer of discovery', { GET: [{ stall: true }] }, 'GET', 1],
  ['for the answer to POST', { POST: [{ stall: true }] }, 'POST', 1],
  ['in the pause before another try of discovery', { GET: [{ answer: 503 }] }, 'GET', 1],
  ['in the pause before another try of a chunk', { PATCH: [{ answer: 503 }] }, 'PATCH', 1],
  [
    'as long as the server asked for',
    { PATCH: [{ answer: 429, headers: { 'Retry-After': '500' } }] },
    'PATCH',
    1,
  ],
  ['for the lock of a chunk', { PATCH: [{ answer: 423 }] }, 'PATCH', 1],
  ['for the answer to finalize', { FINALIZE: [{ stall: true }] }, 'POST', 2],
];

describe.skipIf(process.platform === 'win32')('a signal while the tool waits', () => {
  test.each(waits)('%s: stops, and prints how to resume', async (_, script, method, times) => {
    const { server, start } = await startBench();
    Object.assign(server.script, script);
    // Nothing but the signal ends these waits before the test does.
    const running = start(['video.mp4', '--retry-delay', '9m', '--timeout', '9m']);
    await untilSeen(server, method, times);
    running.child.kill('SIGINT');
    const { code, signal, stdout, stderr } = await running.ended;
    expect({ code, signal, stdout }).toEqual({ code: 130, signal: null, stdout: '' });
    expect(stderr).toMatch(
      /stopped: .*interrupted.*\n {3}next: pulse-upload video\.mp4 --retry-delay 9m --timeout 9m\n$/,
    );
    const again = await start(['video.mp4', '--json']).ended;
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('"proven":true');
  });

  test('for a name server that does not answer: ends without it', async () => {
    const { start } = await startBench();
    // Stands in for getaddrinfo, which cannot be stopped and keeps the process alive.
    const silent = `import dns from 'node:dns';
      dns.lookup = () => { process.stderr.write('asked\\n'); setTimeout(() => {}, 600_000); };`;
    const node = ['--import', `data:text/javascript,${encodeURIComponent(silent)}`];
    const running = start(['video.mp4', '-s', 'http://upload.example/', '--timeout', '9m'], {}, node);
    await running.until('stderr', /asked/);
    running.child.kill('SIGINT');
    const { code, signal, stderr } = await running.ended;
    expect({ code, signal }).toEqual({ code: 130, signal: null });
    expect(stderr).toMatch(/next: pulse-upload video\.mp4 .*\n$/);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'for the end of a list that comes from a pipe: %s ends it, and the ledger is free again',
    async (name, code) => {
      const { server, dir, env } = await startBench();
      const args = ['--files-from', '-', '--ledger', 'done.jsonl', '--json'];
      const { child, ended } = startBin(args, { cwd: dir, env, stdin: 'pipe' });
      child.stdin?.write('video.mp4\n');
      while (!existsSync(join(dir, 'done.jsonl.lock'))) await sleep(10);
      child.kill(name);
      const { stdout, stderr, ...end } = await ended;
      expect(end).toEqual({ code, signal: null });
      expect(stderr).toMatch(
        /^error: interrupted before the first upload.*\n next: run the same command again\n$/,
      );
      expect(stdout).toMatch(new RegExp(`"type":"run.end",.*"exitCode":${code},`));
      expect(await readdir(dir)).toEqual(['done.jsonl', 'video.mp4']);
      expect(server.seen).toEqual([]);
    },
  );

  test('SIGHUP does the same and exits with 129', async () => {
    const { server, start } = await startBench();
    server.script.PATCH = [{ stall: true }];
    const running = start(['video.mp4']);
    await untilSeen(server, 'PATCH', 1);
    running.child.kill('SIGHUP');
    const { code, stderr } = await running.ended;
    expect(code).toBe(129);
    expect(stderr).toMatch(/next: pulse-upload video\.mp4\n$/);
  });

  test('SIGHUP is ignored where a shell says that nohup started us', async () => {
    const { server, start } = await startBench();
    let answer = () => {};
    server.script.PATCH = [{ first: () => new Promise<void>((resolve) => (answer = resolve)) }];
    const running = start(['video.mp4'], { _: '/usr/bin/nohup' });
    await untilSeen(server, 'PATCH', 1);
    running.child.kill('SIGHUP');
    await sleep(200);
    answer();
    expect(await running.ended).toMatchObject({ code: 0, signal: null });
  });
});
