import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ScriptedServer, startScriptedServer } from '../upload/scripted-server.ts';
import { type BinOptions, bin, type Running, startBin, temporaryFolder } from './run-bin.ts';

interface Bench {
  readonly server: ScriptedServer;
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly start: (args: readonly string[], options?: BinOptions) => Running;
}

/** A file of three chunks, and a server that never answers the second one: an upload in full flight. */
async function startBench(): Promise<Bench> {
  const server = await startScriptedServer();
  onTestFinished(() => server.close());
  const dir = await temporaryFolder();
  await writeFile(join(dir, 'video.mp4'), randomBytes(3000));
  const env = {
    PULSE_UPLOAD_SERVER: server.url,
    PULSE_UPLOAD_STATE_DIR: join(dir, 'state'),
    PULSE_UPLOAD_CHUNK_SIZE: '1000',
  };
  const start = (args: readonly string[], options: BinOptions = {}) =>
    startBin(args, { cwd: dir, ...options, env: { ...env, ...options.env } });
  return { server, dir, env, start };
}

async function untilStalled(server: ScriptedServer): Promise<void> {
  while (server.lines().filter((line) => line.startsWith('PATCH')).length < 2) await sleep(10);
}

const stallSecond: ScriptedServer['script'][string] = [{ patchHeaders: {} }, { stall: true }];

describe.skipIf(process.platform === 'win32')('a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s stops the upload, prints how to resume, and exits with %d', async (signal, exitCode) => {
    const { server, start } = await startBench();
    server.script.PATCH = [...stallSecond];
    const running = start(['video.mp4', '--token', 's3cret', '--no-resume']);
    await untilStalled(server);
    running.child.kill(signal);
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toMatch(
      /\nstopped: the upload of video\.mp4 was interrupted.*\n {3}next: pulse-upload video\.mp4 --token '<token>'\n$/,
    );
    expect(stderr).not.toContain('s3cret');

    const resumed = await start(['video.mp4', '--json', '--token', 's3cret']).ended;
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain('"type":"upload.resumed"');
    expect(resumed.stdout).toContain('"proven":true');
    expect(server.lines().filter((line) => line === 'POST /uploads')).toHaveLength(1);
  });

  test('has its exit code in the events too', async () => {
    const { server, start, dir } = await startBench();
    await writeFile(join(dir, 'other.mp4'), 'x');
    server.script.PATCH = [...stallSecond];
    const running = start(['video.mp4', 'other.mp4', '--jobs', '1', '--json']);
    await untilStalled(server);
    running.child.kill('SIGTERM');
    const { stdout, stderr } = await running.ended;
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.slice(-2)).toMatchObject([
      { type: 'upload.failed', kind: 'interrupted', exitCode: 143, resumable: true },
      { type: 'run.end', exitCode: 143, notAttempted: 1 },
    ]);
    expect(stderr).toMatch(/next: pulse-upload video\.mp4 other\.mp4 (?:--\S+ (?:1 )?)*--json.*\n$/);
  });

  test('names only the files that are left', async () => {
    const { server, start, dir } = await startBench();
    await writeFile(join(dir, 'small.mp4'), 'x');
    await writeFile(join(dir, 'other.mp4'), 'y');
    server.script.PATCH = [{ patchHeaders: {} }, { stall: true }];
    const running = start(['small.mp4', 'video.mp4', 'other.mp4', '--jobs', '1']);
    await untilStalled(server);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /3 files: 1 uploaded, 1 interrupted, 1 not attempted\n {3}next: pulse-upload video\.mp4 other\.mp4 --jobs 1\n$/,
    );
  });

  test('that comes a second time ends the process at once', async () => {
    const { server, start } = await startBench();
    server.script.PATCH = [...stallSecond];
    const deaf = 'AbortController.prototype.abort = () => process.stderr.write("first signal\\n");';
    const running = start(['video.mp4'], {
      node: ['--import', `data:text/javascript,${encodeURIComponent(deaf)}`],
    });
    await untilStalled(server);
    running.child.kill('SIGINT');
    await running.until('stderr', /first signal/);
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130, signal: null });
  });
});

describe.skipIf(!existsSync('/dev/full'))('a full disk', () => {
  test.each([
    ['stdout', '>/dev/full', /^error: the output cannot be written: ENOSPC\n next: .+\n$/m],
    ['stderr', '2>/dev/full', /^$/],
    ['both', '>/dev/full 2>&1', /^$/],
  ])('under %s is exit 3, without a stack trace', async (_, redirection, said) => {
    const { dir, env } = await startBench();
    const command = `"${process.execPath}" "${bin}" video.mp4 ${redirection}`;
    const shell = spawn('sh', ['-c', command], { cwd: dir, env: { ...process.env, ...env } });
    let stderr = '';
    shell.stderr.on('data', (part) => (stderr += part));
    shell.stdout.resume();
    const code = await new Promise((resolve) => shell.on('close', resolve));
    expect(code).toBe(3);
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/ {4}at |Node\.js/);
  });
});

test.skipIf(!existsSync('/dev/full'))(
  'a full disk under the output leaves no lock of a ledger behind',
  async () => {
    const { dir, env } = await startBench();
    const command = `"${process.execPath}" "${bin}" video.mp4 --json --ledger done.jsonl >/dev/full`;
    const shell = spawn('sh', ['-c', command], {
      cwd: dir,
      env: { ...process.env, ...env },
      stdio: 'ignore',
    });
    expect(await new Promise((resolve) => shell.on('close', resolve))).toBe(3);
    expect([existsSync(join(dir, 'done.jsonl')), existsSync(join(dir, 'done.jsonl.lock'))]).toEqual([
      true,
      false,
    ]);
  },
);

describe('a pipe', () => {
  test('whose reader goes away ends the program quietly, and the upload can be resumed', async () => {
    const { server, start } = await startBench();
    server.script.PATCH = [{ patchHeaders: {} }, { first: () => sleep(300) }];
    const running = start(['video.mp4', '--json']);
    await running.until('stdout', /upload\.start/);
    running.child.stdout?.destroy();
    const { code, stderr } = await running.ended;
    expect(stderr).toBe('');
    expect(code).toBe(141);
    const again = await start(['video.mp4', '--json']).ended;
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('"proven":true');
  });

  test('whose reader goes away leaves no lock of a ledger behind', async () => {
    const { server, start, dir } = await startBench();
    server.script.PATCH = [{ patchHeaders: {} }, { first: () => sleep(300) }];
    const running = start(['video.mp4', '--json', '--ledger', 'done.jsonl']);
    await running.until('stdout', /upload\.start/);
    expect(existsSync(join(dir, 'done.jsonl.lock'))).toBe(true);
    running.child.stdout?.destroy();
    expect((await running.ended).code).toBe(141);
    expect(existsSync(join(dir, 'done.jsonl.lock'))).toBe(false);
  });

  test.skipIf(process.platform === 'win32')('into head shows one line and no complaint', async () => {
    const { dir, env } = await startBench();
    const command = `"${process.execPath}" "${bin}" video.mp4 --json --chunk-size 100 | head -1`;
    const shell = spawn('sh', ['-c', command], { cwd: dir, env: { ...process.env, ...env } });
    let stdout = '';
    let stderr = '';
    shell.stdout.on('data', (part) => (stdout += part));
    shell.stderr.on('data', (part) => (stderr += part));
    await new Promise((resolve) => shell.on('close', resolve));
    expect(stdout).toMatch(/^\{"type":"upload\.start"[^\n]+\n$/);
    expect(stderr).toBe('');
  });

  test('that is full and slowly read loses no line', async () => {
    const { start, dir } = await startBench();
    await writeFile(join(dir, 'many.mp4'), randomBytes(2000));
    const running = start(['many.mp4', '--json', '-v', '--chunk-size', '2']);
    running.child.stdout?.pause();
    await sleep(1500);
    running.child.stdout?.resume();
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout.length).toBeGreaterThan(128 * 1024);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).type).at(-1)).toBe('run.end');
    expect(lines.filter((line) => line.includes('"method":"PATCH"'))).toHaveLength(1000);
  });
});
