import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { UploadRecord } from '../../src/upload/state/state-store.ts';
import { openStateStore } from '../../src/upload/state/state-store.ts';
import { type ScriptedServer, startScriptedServer } from '../upload/scripted-server.ts';
import { holdLock } from './held-lock.ts';
import { type Ended, runBin, temporaryFolder } from './run-bin.ts';

interface Bench {
  readonly server: ScriptedServer;
  readonly dir: string;
  readonly state: string;
  readonly run: (...args: readonly string[]) => Promise<Ended>;
  /** Leaves an upload of 3,000 bytes behind whose first two chunks of 1,000 bytes are at the server. */
  readonly begin: (name: string) => Promise<string>;
  readonly records: () => Promise<readonly UploadRecord[]>;
}

async function startBench(): Promise<Bench> {
  const server = await startScriptedServer();
  onTestFinished(() => server.close());
  const dir = await temporaryFolder();
  const state = join(dir, 'state');
  const env = { PULSE_UPLOAD_STATE_DIR: state };
  const run = (...args: readonly string[]) => runBin(args, { cwd: dir, env });
  return {
    server,
    dir,
    state,
    run,
    begin: async (name) => {
      await writeFile(join(dir, name), randomBytes(3000));
      server.script.PATCH = [{ patchHeaders: {} }, { patchHeaders: {} }, { answer: 503 }];
      const flags = ['--retries', '0', '--chunk-size', '1000'];
      expect((await run(name, '-s', server.url, ...flags)).code).toBe(4);
      return join(dir, name);
    },
    records: async () => {
      const names = (await readdir(state)).filter((name) => name.endsWith('.json'));
      return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(state, name), 'utf8'))));
    },
  };
}

const lines = (text: string) => text.trimEnd().split('\n');
const events = ({ stdout }: Ended) => lines(stdout).map((line) => JSON.parse(line));

describe('pulse-upload list', () => {
  test('shows for how long the server keeps an upload, and that it no longer does', async () => {
    const { run, begin, server } = await startBench();
    const term = (ms: number) => [
      { patchHeaders: { 'Upload-Expires': new Date(Date.now() + ms).toUTCString() } },
    ];
    server.script.POST = term(3_600_000);
    await begin('a.mp4');
    server.script.POST = term(-3_600_000);
    await begin('b.mp4');
    const { stdout } = await run('list');
    expect(stdout).toMatch(/b\.mp4 .* expired\n.*a\.mp4 .* can resume for (59m \d\ds|1h 00m)\n$/);
    const [, first] = events(await run('list', '--json'));
    expect(Date.parse(first.expiresAt)).toBeGreaterThan(Date.now());
  });

  test('says so calmly where there is nothing, also before the first upload', async () => {
    const { run, state } = await startBench();
    const { code, stdout, stderr } = await run('list');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^nothing is unfinished: .+\n$/);
    expect((await run('list', '--json')).stdout).toBe('');
    await expect(readdir(state)).rejects.toThrow('ENOENT');
  });

  test('shows file, what is done, size, age, server and status, and last the command that resumes', async () => {
    const { run, begin, server } = await startBench();
    const file = await begin('my video.mp4');
    const { code, stdout, stderr } = await run('list');
    expect(code).toBe(0);
    const [headings = '', row = '', ...more] = lines(stdout);
    expect(more).toEqual([]);
    expect(headings).toMatch(/^file +done +size +age +server +status$/);
    // The third chunk was read but not acknowledged: its beginning is what is known to be there.
    expect(row).toMatch(
      new RegExp(`^${file} {2}66 % {2}2\\.9 KiB {2}\\d\\.\\d s {2}${server.url}/ {2}can resume$`),
    );
    for (const heading of ['server', 'status'])
      expect(row.indexOf(heading === 'server' ? 'http' : 'can')).toBe(headings.indexOf(heading));
    expect(stderr).toBe(`next: pulse-upload '${file}' --server ${server.url}/\n`);
    const [, ...words] =
      stderr
        .trimEnd()
        .split(/next: pulse-upload /)[1]
        ?.match(/'[^']+'|\S+/g) ?? [];
    const resumed = await run(file, ...words, '--json');
    expect(resumed.stdout).toContain('"type":"upload.resumed"');
    expect((await run('list')).stdout).toBe('');
  });

  test('of a run with a ledger names that in the command: the next run of the ledger sends nothing again', async () => {
    const { run, dir, server } = await startBench();
    const [file, ledger] = [join(dir, 'a.mp4'), join(dir, 'done.jsonl')];
    await writeFile(file, randomBytes(3000));
    server.script.PATCH = [{ patchHeaders: {} }, { answer: 403 }];
    const flags = ['--chunk-size', '1000', '--ledger', 'done.jsonl'];
    expect((await run('a.mp4', '-s', server.url, ...flags)).code).toBe(5);
    const { stderr } = await run('list');
    expect(stderr).toBe(`next: pulse-upload ${file} --server ${server.url}/ --ledger ${ledger}\n`);
    expect(events(await run('list', '--json'))).toMatchObject([{ ledger }]);
    const words = stderr.trimEnd().split(' ').slice(2);
    expect((await run(...words, '--json')).stdout).toContain('"type":"upload.resumed"');
    expect((await run('a.mp4', '-s', server.url, '--ledger', ledger)).stderr).toContain('1 done before');
    expect(server.finished.size).toBe(1);
  });

  test('is one JSON object a line with --json', async () => {
    const { run, begin, server } = await startBench();
    const file = await begin('a.mp4');
    const all = events(await run('list', '--json'));
    expect(all).toEqual([
      {
        type: 'upload.kept',
        time: expect.stringMatching(/Z$/),
        file,
        server: `${server.url}/`,
        protocol: 'pulse',
        url: `${server.url}/uploads/${[...server.uploads.keys()][0]}`,
        sizeBytes: 3000,
        acceptedBytes: 2000,
        createdAt: expect.stringMatching(/Z$/),
        savedAt: expect.stringMatching(/Z$/),
        outlook: 'resumable',
      },
    ]);
  });

  test.each<readonly [string, string, (bench: Bench, file: string) => Promise<unknown>]>([
    ['the file is gone', 'missing', (_, file) => rm(file)],
    ['the file changed', 'changed', (_, file) => writeFile(file, randomBytes(3000))],
    ['it was touched', 'changed', (_, file) => utimes(file, 1, 1)],
    [
      'the server said that it would remove it by now',
      'expired',
      (bench) => edit(bench, { expiresAt: '2020-01-01T00:00:00.000Z' }),
    ],
    ['finalize was sent', 'finalizing', (bench) => edit(bench, { phase: 'finalizing' })],
    [
      'the server failed when it had every byte',
      'failed-at-end',
      (bench) => edit(bench, { finishError: 'it answered 500', prefix: { bytes: 3000, sha256: '' } }),
    ],
    ['the server answers no HEAD', 'headless', (bench) => edit(bench, { headless: true })],
    [
      'another process works on it',
      'in-use',
      async ({ state }) => {
        const [name = ''] = await readdir(state);
        await holdLock(state, name);
      },
    ],
  ])('tells when %s', async (_, outlook, change) => {
    const bench = await startBench();
    await change(bench, await bench.begin('a.mp4'));
    expect(events(await bench.run('list', '--json'))).toMatchObject([{ outlook }]);
  });

  test('names what can prove an upload that failed at the end, where none can be gone on with', async () => {
    const bench = await startBench();
    const file = await bench.begin('a.mp4');
    await edit(bench, { finishError: 'it answered 500', prefix: { bytes: 3000, sha256: '' } });
    const { stdout, stderr } = await bench.run('list');
    expect(stdout).toMatch(/100 % .* failed at the end\n$/);
    expect(stderr).toBe(`next: pulse-upload ${file} --server ${bench.server.url}/ --read-back\n`);
  });

  test('puts the latest first, and leaves out what cannot be trusted', async () => {
    const bench = await startBench();
    const [first, second] = [await bench.begin('first.mp4'), await bench.begin('second.mp4')];
    await writeFile(join(bench.state, `${'0'.repeat(40)}.json`), '{');
    await writeFile(join(bench.state, 'notes.json'), '{}');
    expect(events(await bench.run('list', '--json')).map(({ file }) => file)).toEqual([second, first]);
  });

  test('refuses operands', async () => {
    const { run } = await startBench();
    expect(await run('list', 'video.mp4')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("list got 'video.mp4', expected options only"),
    });
  });
});

describe('pulse-upload forget', () => {
  test('says what it forgot, and that the server was not asked', async () => {
    const { run, begin, server } = await startBench();
    const file = await begin('a.mp4');
    await begin('b.mp4');
    const before = server.seen.length;
    expect(await run('forget', 'a.mp4')).toEqual({
      code: 0,
      signal: null,
      stdout: `forgot ${file}: 66 % of 2.9 KiB at ${server.url}/\n`,
      stderr: expect.stringMatching(/^its upload on the server was not touched: .+\n$/),
    });
    expect(server.seen).toHaveLength(before);
    expect(server.uploads.size).toBe(2);
    expect(events(await run('list', '--json'))).toMatchObject([{ file: expect.stringMatching(/b\.mp4$/) }]);
  });

  test('makes the next upload start over', async () => {
    const { run, begin, server } = await startBench();
    await begin('a.mp4');
    await run('forget', 'a.mp4');
    const { stdout } = await run('a.mp4', '-s', server.url, '--json');
    expect(stdout).not.toContain('upload.resumed');
    expect(server.uploads.size).toBe(2);
  });

  test('finds a file by another name of it, and one that is gone', async () => {
    const { run, begin, dir } = await startBench();
    const [first, second] = [await begin('a.mp4'), await begin('b.mp4')];
    await mkdir(join(dir, 'folder'));
    if (process.platform !== 'win32') await symlink(first, join(dir, 'folder', 'link.mp4'));
    await rm(second);
    const named = process.platform === 'win32' ? 'a.mp4' : 'folder/link.mp4';
    const { code, stdout } = await run('forget', '--json', named, 'folder/../b.mp4');
    expect(code).toBe(0);
    expect(lines(stdout).map((line) => JSON.parse(line))).toMatchObject([
      { type: 'upload.forgotten', file: first },
      { type: 'upload.forgotten', file: second },
    ]);
  });

  test('of a file that is not remembered is exit 3 with a hint; the others are forgotten', async () => {
    const { run, begin } = await startBench();
    await begin('a.mp4');
    const { code, stdout, stderr } = await run('forget', 'other.mp4', 'a.mp4');
    expect(code).toBe(3);
    expect(stdout).toContain('forgot ');
    expect(stderr).toMatch(/error: no upload of other\.mp4 is remembered\n next: pulse-upload list .+\n$/);
    expect((await run('list')).stdout).toBe('');
  });

  test('--all forgets everything, set-aside records too, and nothing that is not ours', async () => {
    const bench = await startBench();
    await bench.begin('a.mp4');
    await bench.begin('b.mp4');
    await writeFile(join(bench.state, `${'0'.repeat(40)}.json.unreadable`), '{');
    await writeFile(join(bench.state, 'notes.txt'), 'mine');
    const { code, stdout } = await bench.run('forget', '--all');
    expect(code).toBe(0);
    expect(lines(stdout)).toHaveLength(3);
    expect(stdout).toContain('forgot 1 saved state that could not be read\n');
    expect(await readdir(bench.state)).toEqual(['notes.txt']);
    expect(await bench.run('forget', '--all')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'nothing was remembered\n',
    });
  });

  test('leaves an upload alone that a process works on', async () => {
    const { run, begin, state } = await startBench();
    await begin('a.mp4');
    const [name = ''] = await readdir(state);
    await holdLock(state, name);
    expect(await run('forget', '--all')).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining(`is being uploaded to this server by process ${process.pid}`),
    });
    expect(await readdir(state)).toContain(name);
  });

  test.each([
    ['forget', '--all'],
    ['forget', 'used.mp4', 'a.mp4', 'b.mp4'],
  ])('(%s %s) goes on past an upload that a process works on, and says what it did', async (...args) => {
    const { run, begin, state } = await startBench();
    const [a, b] = [await begin('a.mp4'), await begin('b.mp4')];
    const before = await readdir(state);
    // The latest comes first.
    const used = await begin('used.mp4');
    const name = (await readdir(state)).find((other) => !before.includes(other)) ?? '';
    await holdLock(state, name);
    await writeFile(join(state, `${'0'.repeat(40)}.json.unreadable`), '{');
    const { code, stdout, stderr } = await run(...args);
    expect(code).toBe(4);
    expect(
      lines(stdout)
        .filter((line) => line.includes('.mp4'))
        .map((line) => line.split(/ |: /)[1])
        .toSorted(),
    ).toEqual([a, b]);
    expect(stderr).toContain(`error: ${used} is being uploaded to this server by process ${process.pid}\n`);
    expect(stderr).toContain('their uploads on the server were not touched');
    expect(stdout.includes('could not be read')).toBe(args.includes('--all'));
    const left = await run('list');
    expect(lines(left.stdout)).toHaveLength(2);
    // Nothing can be done about it but to wait.
    expect([left.stdout, left.stderr]).toEqual([expect.stringMatching(/ in use\n$/), '']);
  });

  test('of one in use and one that is unknown is exit 1, with both reasons', async () => {
    const { run, begin, state } = await startBench();
    await begin('a.mp4');
    const [name = ''] = await readdir(state);
    await holdLock(state, name);
    const { code, stderr } = await run('forget', 'a.mp4', 'other.mp4');
    expect(code).toBe(1);
    expect(stderr).toMatch(/error: .* is being uploaded .*error: no upload of other\.mp4 is remembered\n/s);
  });

  test.each([[[]], [['--all', 'a.mp4']]])('%j is a usage error', async (args) => {
    const { run } = await startBench();
    expect((await run('forget', ...args)).code).toBe(2);
  });

  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'from a folder that may not be read is exit 3',
    async () => {
      const { run, begin, state } = await startBench();
      await begin('a.mp4');
      await chmod(state, 0);
      onTestFinished(() => chmod(state, 0o700));
      expect((await run('list')).code).toBe(3);
    },
  );
});

/** Changes the only record. */
async function edit({ state, records }: Bench, change: Partial<UploadRecord>): Promise<void> {
  const [record] = await records();
  if (record === undefined) throw new Error('no record');
  await openStateStore(state).write({ ...record, ...change });
}
