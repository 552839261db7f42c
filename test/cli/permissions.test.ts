import { spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { recordLine } from '../../src/bulk/ledger/ledger-record.ts';
import { startScriptedServer } from '../upload/scripted-server.ts';
import { bin, type Ended, runBin, startBin, temporaryFolder } from './run-bin.ts';

/** Permissions do not hold the superuser off: its runs are made by nobody. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

const problem = whyNot();
if (problem !== undefined) process.stderr.write(`what permissions forbid is not tested: ${problem}\n`);

function whyNot(): string | undefined {
  if (process.platform === 'win32') return 'Windows has no such permissions';
  const { status } = spawnSync(process.execPath, [bin, '--version'], { cwd: '/', ...user });
  return status === 0 ? undefined : 'run by the superuser, and nobody else may read this folder';
}

async function ownFolder(...path: readonly [string, ...string[]]): Promise<string> {
  const folder = join(...path);
  await mkdir(folder, { recursive: true });
  if (isRoot) await chown(folder, NOBODY, NOBODY);
  return folder;
}

interface Scene {
  readonly dir: string;
  readonly ledgerDir: string;
  readonly stateDir: string;
  readonly files: readonly string[];
}

/** A run whose folder can be written to no more once a file is finalized; `which` that is. */
async function runWith(
  which: (scene: Scene) => string | Promise<string>,
  args: (scene: Scene) => readonly string[],
) {
  const dir = await temporaryFolder();
  await chmod(dir, 0o755);
  const ledgerDir = await ownFolder(dir, 'ledgers');
  const stateDir = await ownFolder(dir, 'state');
  const files = ['a.mp4', 'b.mp4'].map((name) => join(dir, name));
  for (const file of files) await writeFile(file, file);
  const scene = { dir, ledgerDir, stateDir, files };
  const server = await startScriptedServer();
  let folder = dir;
  const lock = {
    first: async () => {
      folder = await which(scene);
      await chmod(folder, 0o555);
    },
  };
  server.script.FINALIZE = [lock, lock];
  const env = { PULSE_UPLOAD_STATE_DIR: stateDir, HOME: dir, XDG_CONFIG_HOME: join(dir, 'config') };
  const line = [...args(scene), '--server', server.url, '--protocol', 'pulse', '--json'];
  const running = startBin(line, { cwd: '/', env, stdin: 'pipe', ...user });
  running.child.stdin?.end('content');
  const ended = await running.ended;
  await chmod(folder, 0o755);
  await server.close();
  return { ...scene, ended, events: eventsOf(ended) };
}

/** Ledgers, each in a folder of its own that cannot be written to. */
async function readOnlyLedgers(dir: string, count: number): Promise<readonly string[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const folder = await ownFolder(dir, `${index}`);
      const record = {
        time: '2026-01-31T12:00:00.000Z',
        file: `/${index}.mp4`,
        server: 'http://h/',
        mtime: '',
      };
      const counts = { sizeBytes: 1, attempts: 1, seconds: 1 };
      const path = join(folder, 'l.jsonl');
      await writeFile(path, recordLine({ ...record, ...counts, status: 'done', proven: true }));
      await chmod(folder, 0o555);
      onTestFinished(() => chmod(folder, 0o755));
      return path;
    }),
  );
}

function eventsOf({ stdout }: Ended): readonly Readonly<Record<string, unknown>>[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const typesOf = (events: readonly Readonly<Record<string, unknown>>[]) =>
  events.map(({ type }) => type).filter((type) => /done|failed|warning|run\.end/.test(String(type)));

describe.skipIf(problem !== undefined)(
  'a folder that becomes unwritable once the uploads are finalized',
  () => {
    test('state, one file: done, a warning, one end', async () => {
      const { ended, events } = await runWith(
        ({ stateDir }) => stateDir,
        ({ files }) => files.slice(0, 1),
      );
      expect(ended.code).toBe(0);
      expect(typesOf(events)).toEqual(['upload.done', 'upload.warning', 'run.end']);
      expect(events.at(-1)).toMatchObject({ exitCode: 0, done: 1, failed: 0 });
      expect(ended.stderr).toContain('what is remembered of it could not be removed');
    });

    test('the copy of standard input: done, a warning, one end', async () => {
      const copies = async (stateDir: string) => {
        const [name = ''] = await readdir(join(stateDir, 'spool'));
        return join(stateDir, 'spool', name);
      };
      const { ended, events, stateDir } = await runWith(
        ({ stateDir }) => copies(stateDir),
        () => ['-', '--spool', '--name', 'a.mp4'],
      );
      expect(ended.code).toBe(0);
      expect(typesOf(events)).toEqual(['upload.done', 'upload.warning', 'run.end']);
      expect(ended.stderr).toContain(`${join(await copies(stateDir), 'a.mp4')} could not be removed: EACCES`);
    });

    test('ledger: done, a warning, one end', async () => {
      const { ended, events, ledgerDir } = await runWith(
        ({ ledgerDir }) => ledgerDir,
        ({ files, ledgerDir }) => [...files, '--ledger', join(ledgerDir, 'l.jsonl')],
      );
      expect(ended.code).toBe(0);
      expect(typesOf(events)).toEqual(['upload.done', 'upload.done', 'upload.warning', 'run.end']);
      expect(events.at(-1)).toMatchObject({ exitCode: 0, done: 2, failed: 0 });
      expect((await readdir(ledgerDir)).toSorted()).toEqual(['l.jsonl', 'l.jsonl.lock']);
    });
  },
);

describe.skipIf(problem !== undefined)('ledgers where nothing can be written', () => {
  const merge = async (out: string, inputs: readonly string[]) => {
    const env = { HOME: out, XDG_CONFIG_HOME: out };
    return runBin(['ledger', 'merge', join(out, 'all.jsonl'), ...inputs], { cwd: '/', env, ...user });
  };

  test('are merged into one elsewhere, but not while somebody writes to one', async () => {
    const dir = await temporaryFolder();
    await chmod(dir, 0o755);
    const out = await ownFolder(dir, 'out');
    const ledgers = await readOnlyLedgers(dir, 2);
    const merged = await merge(out, ledgers);
    expect(merged).toMatchObject({ code: 0, stderr: '' });
    expect(await readdir(out)).toEqual(['all.jsonl']);
    const owner = { pid: process.pid, host: hostname(), nonce: 'n' };
    const busy = join(ledgers[1] ?? '', '..');
    await chmod(busy, 0o755);
    await writeFile(`${ledgers[1]}.lock`, JSON.stringify(owner), { mode: 0o644 });
    await chmod(busy, 0o555);
    const refused = await merge(await ownFolder(dir, 'out2'), ledgers);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain(`${ledgers[1]} is written to by process ${process.pid}`);
  });

  test('are not merged into one there: exit 3 names it', async () => {
    const dir = await temporaryFolder();
    await chmod(dir, 0o755);
    const [ledger = ''] = await readOnlyLedgers(dir, 1);
    const refused = await merge(join(ledger, '..'), [ledger]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('all.jsonl cannot be used: EACCES');
  });
});

describe.skipIf(problem !== undefined)('a state folder that two users share', () => {
  /** An upload that failed midway, run again by a user who may not read its record or its lock any more. */
  async function withoutRightTo(kind: 'json' | 'lock') {
    const dir = await temporaryFolder();
    await chmod(dir, 0o755);
    const stateDir = await ownFolder(dir, 'state');
    const file = join(dir, 'a.mp4');
    await writeFile(file, 'content');
    const server = await startScriptedServer();
    server.script.PATCH = [{ answer: 403 }];
    const env = { PULSE_UPLOAD_STATE_DIR: stateDir, HOME: dir, XDG_CONFIG_HOME: join(dir, 'config') };
    const upload = () =>
      runBin([file, '--server', server.url, '--protocol', 'pulse'], { cwd: '/', env, ...user });
    expect((await upload()).code).toBe(5);
    const [record = ''] = await readdir(stateDir);
    const path = join(stateDir, record.replace(/json$/, kind));
    const deadOwner = { pid: 2 ** 22 + 1, host: hostname(), nonce: 'n' };
    if (kind === 'lock') await writeFile(path, JSON.stringify(deadOwner));
    const before = await readFile(path, 'utf8');
    if (isRoot) await chown(path, 0, 0);
    await chmod(path, isRoot ? 0o600 : 0);
    const ended = await upload();
    await server.close();
    const names = await readdir(stateDir);
    await chmod(path, 0o600);
    return { path, ended, names, isKept: (await readFile(path, 'utf8')) === before };
  }

  test.each([['json'], ['lock']] as const)(
    'keeps a %s that one may not read as it is: exit 3',
    async (kind) => {
      const { path, ended, names, isKept } = await withoutRightTo(kind);
      expect(ended.code).toBe(3);
      expect(ended.stderr).toContain(path);
      expect(ended.stderr).toContain('EACCES');
      expect(isKept).toBe(true);
      expect(names.filter((name) => !/\.(json|lock)$/.test(name))).toEqual([]);
    },
  );
});

test.skipIf(problem !== undefined)('a video that one may not read: 3, with what to do', async () => {
  const dir = await temporaryFolder();
  await chmod(dir, 0o755);
  const video = join(dir, 'a.mp4');
  await writeFile(video, 'content');
  await chmod(video, isRoot ? 0o600 : 0);
  const server = await startScriptedServer();
  onTestFinished(() => server.close());
  const stateDir = await ownFolder(dir, 'state');
  const env = { PULSE_UPLOAD_STATE_DIR: stateDir, HOME: dir, XDG_CONFIG_HOME: join(dir, 'config') };
  const upload = () =>
    runBin([video, '--server', server.url, '--protocol', 'pulse'], { cwd: '/', env, ...user });
  expect(await upload()).toMatchObject({
    code: 3,
    stdout: '',
    stderr: `error: ${video} cannot be read: permission denied\n next: allow this user to read it\n`,
  });
  expect(server.seen).toEqual([]);
  // What it says to do helps.
  await chmod(video, 0o644);
  expect((await upload()).code).toBe(0);
});
