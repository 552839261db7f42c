import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PulseEvent } from '../../src/events.ts';
import { type ScriptedOptions, type ScriptedServer, startScriptedServer } from '../upload/scripted-server.ts';
import { type BinOptions, bin, type Ended, runBin, temporaryFolder } from './run-bin.ts';

interface Bench {
  readonly server: ScriptedServer;
  readonly dir: string;
  readonly run: (args: readonly string[], options?: BinOptions) => Promise<Ended>;
}

/** A scripted server, and a folder that holds `video.mp4` (3,000 bytes) and all state. */
async function startBench(options: ScriptedOptions = {}): Promise<Bench> {
  const server = await startScriptedServer(options);
  onTestFinished(() => server.close());
  const dir = await temporaryFolder();
  await writeFile(join(dir, 'video.mp4'), randomBytes(3000));
  const base = { PULSE_UPLOAD_SERVER: server.url, PULSE_UPLOAD_STATE_DIR: join(dir, 'state') };
  return {
    server,
    dir,
    run: (args, { env, ...options } = {}) => runBin(args, { cwd: dir, ...options, env: { ...base, ...env } }),
  };
}

function eventsIn(stdout: string): readonly PulseEvent[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as PulseEvent);
}

describe('a finished upload', () => {
  test('puts its URL on stdout and everything for people on stderr', async () => {
    const { run, server } = await startBench();
    const { code, stdout, stderr } = await run(['video.mp4']);
    const [id] = server.uploads.keys();
    expect(code).toBe(0);
    expect(stdout).toBe(`${server.url}/uploads/${id}\n`);
    expect(stderr).toMatch(
      /\n {2}size {4}3,000 bytes \(2\.9 KiB\)\n {2}sha256 {2}[0-9a-f]{64}\n {2}proven {2}yes, .*\n$/,
    );
  });

  test('is pure NDJSON on stdout with --json, ending in run.end', async () => {
    const { run } = await startBench();
    const { code, stdout, stderr } = await run(['video.mp4', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const events = eventsIn(stdout);
    expect(events[0]).toMatchObject({ type: 'upload.start', file: 'video.mp4', sizeBytes: 3000 });
    expect(events.at(-2)).toMatchObject({ type: 'upload.done', proven: true });
    expect(events.at(-1)).toMatchObject({ type: 'run.end', exitCode: 0, done: 1 });
  });

  test('may be named upload, and its files may look like flags behind --', async () => {
    const { run, dir, server } = await startBench();
    await writeFile(join(dir, '-v'), 'x');
    expect((await run(['upload', '-q', '--', '-v'])).code).toBe(0);
    expect([...server.finished.values()].map(String)).toEqual(['x']);
  });

  test.each([['-dash.mp4'], ['-t1.mp4'], ['--new.mp4']])(
    '%s without -- is a usage error that names --',
    async (name) => {
      const { run, dir, server } = await startBench();
      await writeFile(join(dir, name), 'x');
      const { code, stderr } = await run(['video.mp4', name]);
      expect(code).toBe(2);
      expect(stderr).toContain(
        `error: '${name}' is a file here, but reads like a flag\n next: write ./${name}, or put --`,
      );
      expect(server.seen).toEqual([]);
      expect((await run(['-q', '--', 'video.mp4', name])).code).toBe(0);
      expect((await run(['-q', 'video.mp4', '--name', name])).code).toBe(0);
    },
  );

  test('that begins with a dash and is missing gets the hint of -- too', async () => {
    const { run } = await startBench();
    const { code, stderr } = await run(['-missing.mp4']);
    expect(code).toBe(2);
    expect(stderr).toContain(' next: put -- before a file whose name begins with a dash\n');
  });

  test('may be of a file with the name of a command', async () => {
    const { run, dir, server } = await startBench();
    await writeFile(join(dir, 'serve'), 'x');
    expect((await run(['-q', 'serve'])).code).toBe(0);
    expect(server.finished.size).toBe(1);
  });

  test('sends what the flags say', async () => {
    const { run, server } = await startBench();
    const flags = ['-t', 's3cret', '-H', 'X-Camera: 7', '--chunk-size', '1KiB', '--name', 'other.mp4'];
    const { code } = await run(['video.mp4', ...flags, '--metadata', 'day=1']);
    expect(code).toBe(0);
    expect(server.lines().filter((line) => line.startsWith('PATCH'))).toHaveLength(3);
    const creation = server.seen.find(({ method }) => method === 'POST');
    expect(creation?.headers).toMatchObject({ 'x-upload-token': 's3cret', 'x-camera': '7' });
    expect(creation?.headers['upload-metadata']).toContain(`day ${Buffer.from('1').toString('base64')}`);
    expect(server.seen.at(-1)?.body.toString()).toContain('"filename":"other.mp4"');
  });

  test('tells each exchange with --verbose, and never the token', async () => {
    const { run, server } = await startBench();
    server.script.PATCH = [{ answer: 503, body: 'busy with s3cret' }];
    const { code, stdout, stderr } = await run(['video.mp4', '-v', '-t', 's3cret', '--retry-delay', '1ms']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^\S+Z PATCH {3}503 +\d+ ms +3,000 B {2}http:\S+$/m);
    // The URLs stand below one another.
    const exchanges = stderr.split('\n').filter((line) => / ms +/.test(line) && line.includes('  http:'));
    expect(exchanges.length).toBeGreaterThan(4);
    expect(new Set(exchanges.map((line) => line.indexOf('  http:'))).size).toBe(1);
    expect(stderr).toMatch(/video\.mp4: retry 1 in 0\.0 s: PATCH/);
    expect(stderr).toMatch(/\(protocol pulse: \/health answered OK\)/);
    expect(stdout + stderr).not.toContain('s3cret');
  });

  test('shows neither a token nor a query that the server puts into its URL', async () => {
    const { run } = await startBench({ location: (id) => `/uploads/s3cret/${id}?signature=private` });
    const { code, stderr } = await run(['video.mp4', '-v', '-t', 's3cret']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/POST {4}201 .* location: \/uploads\/\[token\]\/\S+\?…$/m);
    expect(stderr).not.toContain('s3cret');
  });

  test('says nothing at all for people with --quiet', async () => {
    const { run } = await startBench();
    const { stdout, stderr } = await run(['video.mp4', '-q']);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^http:\S+\n$/);
  });
});

describe('the exit code says what went wrong', () => {
  const failing: readonly (readonly [string, number, (bench: Bench) => readonly string[]])[] = [
    ['a missing file', 3, () => ['missing.mp4']],
    ['a folder', 3, () => ['.']],
    ['nothing listening', 4, () => ['video.mp4', '-s', 'http://127.0.0.1:1', '--retries', '0']],
    [
      'a busy server',
      4,
      ({ server }) => {
        server.script.POST = [{ answer: 503 }];
        return ['video.mp4', '--retries', '0'];
      },
    ],
    [
      'a refused token',
      5,
      ({ server }) => {
        server.script.POST = [{ answer: 401 }];
        return ['video.mp4'];
      },
    ],
    [
      'no Location',
      6,
      ({ server }) => {
        server.script.POST = [{ patchHeaders: { Location: undefined } }];
        return ['video.mp4'];
      },
    ],
    [
      'another checksum',
      7,
      ({ server }) => {
        server.script.FINALIZE = [{ patchJson: { checksum: `sha256:${'0'.repeat(64)}` } }];
        return ['video.mp4'];
      },
    ],
    [
      'no checksum, where one is required',
      8,
      ({ server }) => {
        server.script.FINALIZE = [{ patchJson: { checksum: null, size: null } }];
        return ['video.mp4', '--require-proof'];
      },
    ],
    [
      'two files that failed for different reasons',
      1,
      ({ server }) => {
        server.script.POST = [{ answer: 401 }];
        return ['video.mp4', 'missing.mp4'];
      },
    ],
  ];

  test.each(failing)('%s: %d', async (_, exitCode, prepare) => {
    const bench = await startBench();
    const { code, stdout, stderr } = await bench.run(prepare(bench));
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toMatch(/^error: .+\n next: .+$/m);
  });

  test('an unknown host: 4, with what to check', async () => {
    const { run } = await startBench();
    // A resolver that is slow to say so is not to become a time-out.
    const args = ['-s', 'http://no-such-host.invalid', '--retries', '0', '--timeout', '1m'];
    const { code, stdout, stderr } = await run(['video.mp4', ...args]);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(
      /^error: .*the host name (is not known|could not be looked up).*\n next: check the host name in --server, and the network$/m,
    );
  });

  test.skipIf(process.platform === 'win32')(
    'a name that is not UTF-8 is told from a missing file',
    async () => {
      const { dir, server } = await startBench();
      await writeFile(Buffer.concat([Buffer.from(`${dir}/caf`), Buffer.of(0xe9), Buffer.from('.mp4')]), 'x');
      // Only a shell can hand over such bytes: Node's own spawn takes text.
      const command = `"${process.execPath}" "${bin}" "$(printf 'caf\\351.mp4')" -s ${server.url}`;
      const { status, stderr } = spawnSync('sh', ['-c', command], { cwd: dir, encoding: 'utf8' });
      expect(status).toBe(3);
      expect(stderr).toMatch(
        /^error: caf\ufffd\.mp4 does not exist; if its name is not UTF-8.*\n next: .*--files-from0\n$/,
      );
    },
  );

  test.runIf(process.platform === 'linux')('a state folder that cannot be: 3, at once', async () => {
    const { run, server } = await startBench();
    const { code, stderr } = await run(['video.mp4'], {
      env: { PULSE_UPLOAD_STATE_DIR: '/proc/none/state' },
    });
    expect(code).toBe(3);
    expect(stderr).toContain('the state folder /proc/none/state cannot be used: ENOENT\n next: ');
    expect(server.uploads.size).toBe(0);
  });

  test('every failure is an event under --json', async () => {
    const { run, dir } = await startBench();
    await mkdir(join(dir, 'folder'));
    const { code, stdout } = await run(['--json', 'missing.mp4', 'folder']);
    expect(code).toBe(3);
    expect(eventsIn(stdout)).toMatchObject([
      { type: 'run.start', files: 2, sizeBytes: 0 },
      { type: 'upload.failed', file: 'missing.mp4', kind: 'input', exitCode: 3 },
      { type: 'upload.failed', file: 'folder', kind: 'input', exitCode: 3 },
      { type: 'run.end', exitCode: 3, failed: 2 },
    ]);
  });

  test('a port that speaks no HTTP is a protocol error', async () => {
    const { run } = await startBench();
    const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    expect((await run(['video.mp4', '-s', `http://127.0.0.1:${port}`])).code).toBe(6);
  });
});

describe('several files', () => {
  test('end with a line of counts', async () => {
    const { run, dir } = await startBench();
    await writeFile(join(dir, 'second.mp4'), 'x');
    const { code, stdout, stderr } = await run(['video.mp4', 'second.mp4', 'missing.mp4']);
    expect(code).toBe(3);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(stderr).toMatch(/ next: check the path\n[\s\S]*\n3 files: 2 uploaded, 1 failed\n$/);
  });
});

describe('a name from elsewhere', () => {
  test.skipIf(process.platform === 'win32')('cannot reach the terminal as a control sequence', async () => {
    const { run, dir } = await startBench();
    await writeFile(join(dir, 'a\x1b[2Jb\n.mp4'), 'x');
    const { code, stderr } = await run(['a\x1b[2Jb\n.mp4']);
    expect(code).toBe(0);
    expect(stderr).toContain('a\\u{1b}[2Jb\\n.mp4 uploaded');
    expect(stderr).not.toContain('\x1b');
  });

  test('cannot come in by a message of the server', async () => {
    const { run, server } = await startBench();
    server.script.POST = [{ answer: 403, headers: { 'Content-Type': 'text/plain' }, body: '\x1b[31mno\x9b' }];
    const { code, stderr } = await run(['video.mp4']);
    expect(code).toBe(5);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(stderr).not.toMatch(/[\x1b\x9b]/);
  });
});
