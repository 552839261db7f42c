import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startScriptedServer } from '../upload/scripted-server.ts';
import { holdLock } from './held-lock.ts';
import { type Ended, runBin, temporaryFolder } from './run-bin.ts';

async function startBench() {
  const server = await startScriptedServer();
  onTestFinished(() => server.close());
  const dir = await temporaryFolder();
  const state = join(dir, 'state');
  const env = { PULSE_UPLOAD_SERVER: server.url, PULSE_UPLOAD_STATE_DIR: state };
  const run = (...args: readonly string[]) => runBin(args, { cwd: dir, env });
  return {
    server,
    dir,
    state,
    run,
    file: (name: string, sizeBytes: number) => writeFile(join(dir, name), randomBytes(sizeBytes)),
    /** Leaves an upload behind whose first two chunks of 1,000 bytes are at the server. */
    begin: async (name: string) => {
      await writeFile(join(dir, name), randomBytes(3000));
      server.script.PATCH = [{ patchHeaders: {} }, { patchHeaders: {} }, { answer: 503 }];
      expect((await run(name, '--retries', '0', '--chunk-size', '1000')).code).toBe(4);
    },
  };
}

const events = ({ stdout }: Ended) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Names, contents and times of everything in a folder. */
async function snapshot(dir: string): Promise<readonly unknown[]> {
  const names = await readdir(dir).catch(() => []);
  return Promise.all(
    names
      .toSorted()
      .map(async (name) => [
        name,
        await readFile(join(dir, name), 'utf8'),
        (await stat(join(dir, name))).mtimeMs,
      ]),
  );
}

describe('--dry-run', () => {
  test('says what would be sent, resumed or finalized, with totals, and touches neither server nor state', async () => {
    const { server, state, run, begin, file } = await startBench();
    await begin('begun.mp4');
    await file('new.mp4', 5000);
    const [before, requests] = [await snapshot(state), server.seen.length];
    const { code, stdout, stderr } = await run('new.mp4', 'begun.mp4', 'missing.mp4', '--dry-run');
    expect(code).toBe(3);
    expect(stdout).toBe(
      [
        'send        4.9 KiB  new.mp4',
        'resume       1000 B  begun.mp4 (2.0 KiB of 2.9 KiB are there)',
        '',
      ].join('\n'),
    );
    expect(stderr).toBe(
      [
        'error: missing.mp4 does not exist',
        ' next: check the path',
        'dry run, nothing was sent or changed: 2 files, 5.9 KiB to send, 1 would fail',
        '',
      ].join('\n'),
    );
    expect(server.seen).toHaveLength(requests);
    expect(await snapshot(state)).toEqual(before);
  });

  test('is events with --json, which say the same', async () => {
    const { run, begin, file } = await startBench();
    await begin('begun.mp4');
    await file('new.mp4', 5000);
    const { code, stdout, stderr, signal } = await run('new.mp4', 'begun.mp4', '--dry-run', '--json');
    expect({ code, stderr, signal }).toEqual({ code: 0, stderr: '', signal: null });
    expect(events({ code, stdout, stderr, signal })).toMatchObject([
      { type: 'upload.planned', file: 'new.mp4', intention: 'send', sizeBytes: 5000, fromBytes: 0 },
      { type: 'upload.planned', file: 'begun.mp4', intention: 'resume', sizeBytes: 3000, fromBytes: 2000 },
      { type: 'run.end', exitCode: 0, done: 0, failed: 0, notAttempted: 2, dryRun: true, sendBytes: 6000 },
    ]);
  });

  test('needs no server that answers, and makes no folder', async () => {
    const { run, file, dir, state } = await startBench();
    await file('new.mp4', 10);
    const { code, stdout } = await run(
      'new.mp4',
      '--dry-run',
      '-s',
      'http://127.0.0.1:1',
      '--transcript',
      't',
    );
    expect(code).toBe(0);
    expect(stdout).toBe('send           10 B  new.mp4\n');
    await expect(stat(state)).rejects.toThrow('ENOENT');
    await expect(stat(join(dir, 't'))).rejects.toThrow('ENOENT');
  });

  test.each([
    ['one file', ['new.mp4']],
    ['several files', ['new.mp4', 'other.mp4']],
  ])('of %s leaves alone what an earlier run wrote into its transcript', async (_what, names) => {
    const { run, file, dir } = await startBench();
    for (const name of names) await file(name, 10);
    await writeFile(join(dir, 't'), 'earlier');
    expect((await run(...names, '--dry-run', '--transcript', 't')).code).toBe(0);
    expect(await readFile(join(dir, 't'), 'utf8')).toBe('earlier');
  });

  test('tells what the run itself would find: a changed file, a lost answer, --no-resume, a record of a later version', async () => {
    const { run, begin, file, state, server } = await startBench();
    const planned = async (...args: readonly string[]) =>
      events(await run('a.mp4', '--dry-run', '--json', ...args))[0];
    await begin('a.mp4');
    expect(await planned('--no-resume')).toMatchObject({ intention: 'send', fromBytes: 0 });
    expect(await planned('--protocol', 'tus')).toMatchObject({ intention: 'send', fromBytes: 0 });
    await file('a.mp4', 3000);
    expect(await planned()).toMatchObject({
      intention: 'send',
      fromBytes: 0,
      reason: 'the file changed since its upload was begun',
    });
    server.script.FINALIZE = [{ loseAnswer: true }];
    expect((await run('a.mp4', '--retries', '0')).code).toBe(4);
    expect(await planned()).toMatchObject({ intention: 'finalize', sizeBytes: 3000, fromBytes: 3000 });

    const [name = ''] = await readdir(state);
    await writeFile(join(state, name), '{"schema":2}');
    expect(await planned()).toMatchObject({ intention: 'send' });
    expect(await readdir(state)).toEqual([name]);
  });

  test('says that a file is being uploaded by another process, and exits as the run would', async () => {
    const { run, begin, state } = await startBench();
    await begin('a.mp4');
    const [name = ''] = await readdir(state);
    await holdLock(state, name);
    const ended = await run('a.mp4', '--dry-run', '--json');
    expect(ended.code).toBe(4);
    expect(events(ended)).toMatchObject([
      { type: 'upload.failed', exitCode: 4 },
      { type: 'run.end', exitCode: 4 },
    ]);
  });

  test('of a folder is exit 3, as the run would be', async () => {
    const { run, dir } = await startBench();
    await mkdir(join(dir, 'folder'));
    expect((await run('folder', '--dry-run')).code).toBe(3);
  });
});
