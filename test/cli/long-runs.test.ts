import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ScriptedServer, startScriptedServer } from '../upload/scripted-server.ts';
import { type Running, startBin, temporaryFolder } from './run-bin.ts';

interface Bench {
  readonly server: ScriptedServer;
  readonly dir: string;
  readonly content: Buffer;
  readonly start: (...args: readonly string[]) => Running;
}

/** A file of three chunks, and the real command. */
async function startBench(): Promise<Bench> {
  const server = await startScriptedServer();
  onTestFinished(() => server.close());
  const dir = await temporaryFolder();
  const content = randomBytes(3000);
  await writeFile(join(dir, 'video.mp4'), content);
  const env = {
    PULSE_UPLOAD_SERVER: server.url,
    PULSE_UPLOAD_STATE_DIR: join(dir, 'state'),
    PULSE_UPLOAD_CHUNK_SIZE: '1000',
  };
  const start = (...args: readonly string[]) => startBin(['video.mp4', ...args], { cwd: dir, env });
  return { server, dir, content, start };
}

const stay = { first: () => {} };
const patches = (server: ScriptedServer) => server.lines().filter((line) => line.startsWith('PATCH')).length;
const storedBy = (server: ScriptedServer) => [...server.finished.values()];

describe.skipIf(process.platform === 'win32')(
  'a process that is stopped (SIGSTOP) for longer than --timeout',
  () => {
    test.each([
      ['while the answer is on its way', [stay, { first: () => sleep(200) }]],
      ['while the server is silent', [stay, { stall: true }]],
      ['while it waits to try again', [stay, { answer: 503, headers: { 'Retry-After': '2' } }]],
    ] as const)('%s goes on when it is continued', async (_, steps) => {
      const { server, content, start } = await startBench();
      server.script.PATCH = [...steps];
      const running = start('--timeout', '1s', '--json');
      await vi.waitUntil(() => patches(server) === 2, { timeout: 60_000 });
      running.child.kill('SIGSTOP');
      await sleep(1_500);
      running.child.kill('SIGCONT');
      const { code, stdout, stderr } = await running.ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('"proven":true');
      expect(storedBy(server).map((stored) => stored.equals(content))).toEqual([true]);
      expect(server.uploads.size).toBe(1);
    });
  },
);

describe('--max-outage', () => {
  test('says calmly that the server is gone and that it is back, and nothing in between', async () => {
    const { server, content, start } = await startBench();
    server.script.PATCH = [stay, { first: () => server.vanish() }];
    const running = start('--max-outage', '5m', '--retry-delay', '50ms', '--progress', 'plain');
    await running.until('stderr', /cannot be reached/);
    await server.appear();
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    const { origin } = new URL(server.url);
    const lines = stderr.split('\n').filter((line) => line.includes(origin));
    expect(lines.map((line) => line.replace(/^\S+Z /, ''))).toEqual([
      expect.stringMatching(/^video\.mp4: .* to send to /),
      `${origin} cannot be reached (nothing is listening there (connection refused)); waiting for it, up to 5m 00s`,
      expect.stringMatching(new RegExp(`^${origin} answers again after .* s; going on$`)),
      expect.stringMatching(/^ {2}url /),
    ]);
    expect(storedBy(server).map((stored) => stored.equals(content))).toEqual([true]);
  });

  test('that passes is exit 4, with what to do next', async () => {
    const { server, start } = await startBench();
    server.script.PATCH = [stay, { first: () => server.vanish() }];
    const { code, stderr } = await start('--max-outage', '1s', '--retry-delay', '20ms').ended;
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /error: .*connection refused.*did not come back within 1 s \(--max-outage\)\n +next: .*run the same command again: it resumes\n$/,
    );
  });
});

describe('--token-file', () => {
  test('is read again when the server no longer takes its token', async () => {
    const { server, dir, start } = await startBench();
    const path = join(dir, 'token');
    await writeFile(path, 'first-token\n');
    server.script.PATCH = [stay, { answer: 401 }];
    server.script.HEAD = [{ first: () => writeFile(path, 'second-token\n') }];
    const { code, stdout, stderr } = await start('--token-file', path, '-v', '--json').ended;
    expect(code).toBe(0);
    expect(server.seen.at(-1)?.headers['x-upload-token']).toBe('second-token');
    expect(stdout + stderr).not.toMatch(/first-token|second-token/);
  });

  test.skipIf(process.platform === 'win32')(
    'that is a named pipe is not waited at when the server no longer takes its token: exit 5',
    async () => {
      const { server, dir, start } = await startBench();
      const path = join(dir, 'token');
      spawnSync('mkfifo', [path]);
      server.script.PATCH = [stay, { answer: 401 }];
      const running = start('--token-file', path);
      await writeFile(path, 'first-token\n');
      const { code, stderr } = await running.ended;
      expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining('answered 401') });
      expect(server.seen.at(-1)?.headers['x-upload-token']).toBe('first-token');
    },
  );
});
