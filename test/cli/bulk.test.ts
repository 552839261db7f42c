import { spawn, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { PulseEvent } from '../../src/events.ts';
import { type ScriptedServer, startScriptedServer } from '../upload/scripted-server.ts';
import {
  type BinOptions,
  bin,
  type Ended,
  type Running,
  runBin,
  startBin,
  temporaryFolder,
} from './run-bin.ts';

interface Bench {
  readonly server: ScriptedServer;
  readonly dir: string;
  readonly run: (args: readonly string[], options?: BinOptions) => Promise<Ended>;
  readonly start: (args: readonly string[]) => Running;
}

/** A scripted server, and a folder `rec` of old files, whose content is their name. */
async function startBench(...files: readonly string[]): Promise<Bench> {
  const server = await startScriptedServer();
  onTestFinished(() => server.close());
  const dir = await temporaryFolder();
  for (const file of files) {
    const path = join(dir, 'rec', file);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, file);
    await utimes(path, 1_769_860_800, 1_769_860_800);
  }
  const env = {
    PULSE_UPLOAD_SERVER: server.url,
    PULSE_UPLOAD_STATE_DIR: join(dir, 'state'),
    PULSE_UPLOAD_PROTOCOL: 'pulse',
  };
  return {
    server,
    dir,
    run: (args, options = {}) => runBin(args, { cwd: dir, ...options, env: { ...env, ...options.env } }),
    start: (args) => startBin(args, { cwd: dir, env }),
  };
}

function eventsIn(stdout: string): readonly PulseEvent[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as PulseEvent);
}

const stored = ({ server }: Bench) => [...server.finished.values()].map(String).toSorted();

describe('a folder', () => {
  test('with files that are too young says so last, and what takes them', async () => {
    const bench = await startBench('a.mp4');
    await writeFile(join(bench.dir, 'rec', 'new.mp4'), 'still being written');
    const asked = ['-r', 'rec', '--min-age', '1h'];
    const named = await bench.run(asked);
    expect(named.code).toBe(0);
    expect(named.stderr).toMatch(
      /2 files: 1 uploaded, 1 left for the next run\n.*next: pulse-upload rec\/new.mp4\n$/,
    );
    const { stderr } = await bench.run([...asked, '--ledger', 'done.jsonl']);
    expect(stderr).toMatch(/next: pulse-upload rec .*--ledger done.jsonl\n$/);
    await utimes(join(bench.dir, 'rec', 'new.mp4'), 1_769_860_800, 1_769_860_800);
    expect((await bench.run([...asked, '--ledger', 'done.jsonl'])).stderr).not.toContain('next:');
  });

  test('with files that are too young says so in a dry run, too, and what takes them sends them', async () => {
    const bench = await startBench();
    await mkdir(join(bench.dir, 'rec'));
    await writeFile(join(bench.dir, 'rec', 'new.mp4'), 'still being written');
    const { code, stderr } = await bench.run(['-r', 'rec', '--min-age', '1h', '--dry-run']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/0 files, 0 B to send, 1 too young\n.*next: pulse-upload rec\/new.mp4\n$/);
    const ledger = ['--ledger', 'done.jsonl'];
    const kept = await bench.run(['-r', 'rec', '--min-age', '1h', '--dry-run', ...ledger]);
    expect(kept.stderr).toMatch(/next: pulse-upload rec .*--ledger done.jsonl\n$/);
    expect(kept.stderr).not.toContain('--dry-run');
    expect((await bench.run(['-r', 'rec', '--min-age', '0', '--dry-run'])).stderr).not.toContain('next:');
  });

  test('that names its files by a template does not name young ones anew in the command that takes them', async () => {
    const bench = await startBench('a.mp4');
    await mkdir(join(bench.dir, 'rec', 'cam1'));
    await writeFile(join(bench.dir, 'rec', 'cam1', 'new.mp4'), 'still being written');
    const asked = ['-r', 'rec', '--min-age', '1h'];
    for (const [flags, env] of [
      [['--name-template', '{path}'], {}],
      [[], { PULSE_UPLOAD_NAME_TEMPLATE: '{path}' }],
    ] as const) {
      const { stderr } = await bench.run([...asked, ...flags], { env });
      expect(stderr).toMatch(
        /1 left for the next run\n.*next: run the same command again with --ledger.*\n$/,
      );
    }
  });

  test('is sent with -r: a URL a file on stdout, a line a file on stderr, and counts at the end', async () => {
    const bench = await startBench('a.mp4', 'sub/b.mp4');
    const { code, stdout, stderr } = await bench.run(['-r', 'rec']);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(stderr).toMatch(/Z 2 files to send, 14 B; 2 at a time\n/);
    expect(stderr).toMatch(/rec\/sub\/b\.mp4: 9 B in .*, proven\n/);
    expect(stderr).toMatch(/\n2 files: 2 uploaded\n$/);
    expect(stored(bench)).toEqual(['a.mp4', 'sub/b.mp4']);
  });

  test('without -r is exit 3, and says what to do', async () => {
    const { run, server } = await startBench('a.mp4');
    for (const args of [['rec'], ['rec', 'rec/a.mp4']]) {
      const { code, stderr } = await run(args);
      expect([code, stderr]).toEqual([
        3,
        expect.stringMatching(/rec is a folder.*\n next: .*(-r|files in it)/),
      ]);
    }
    expect([...server.finished.values()].map(String)).toEqual(['a.mp4']);
  });
});

describe('a list', () => {
  test('comes from standard input, and may be empty only by mistake', async () => {
    const { run, server, dir } = await startBench('a.mp4', 'b.mp4');
    const { code, stderr } = await run(['--files-from', '-']);
    expect([code, stderr]).toEqual([3, expect.stringContaining('standard input names no file')]);
    const env = {
      ...process.env,
      PULSE_UPLOAD_SERVER: server.url,
      PULSE_UPLOAD_STATE_DIR: join(dir, 'state'),
    };
    const child = spawn(process.execPath, [bin, '--files-from0', '-', '-q'], {
      cwd: dir,
      env,
      stdio: 'pipe',
    });
    child.stdin.end('rec/a.mp4\0rec/b.mp4\0');
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    expect(server.finished.size).toBe(2);
  });

  test('that is malformed names its line, and nothing is sent', async () => {
    const { run, dir, server } = await startBench('a.mp4');
    await writeFile(join(dir, 'list.jsonl'), '{"file":"rec/a.mp4"}\n{"file":"rec/a.mp4","nmae":"x"}\n');
    const { code, stderr } = await run(['--manifest', 'list.jsonl']);
    expect([code, stderr]).toEqual([3, expect.stringContaining("list.jsonl:2 has the field 'nmae'")]);
    expect(server.seen).toEqual([]);
  });
});

describe('a ledger', () => {
  test('makes the same command do only what is left, and is shown by the ledger command', async () => {
    const bench = await startBench('a.mp4', 'b.mp4', 'c.mp4');
    const args = ['-r', 'rec', '--ledger', 'done.jsonl', '-j', '1'];
    bench.server.script.POST = [{ answer: 400 }];
    const first = await bench.run(args);
    expect(first.code).toBe(5);
    expect(first.stderr).toMatch(/\n {3}next: pulse-upload rec --recursive --ledger done\.jsonl --jobs 1\n$/);
    expect((await bench.run(['ledger', 'done.jsonl', '--failed'])).stdout).toMatch(
      /^KIND +TRIES +FILE +MESSAGE\nrefused +1 .*rec\/a\.mp4 .*400\n$/,
    );
    const second = await bench.run([...args, '--json']);
    expect({ code: second.code, stderr: second.stderr }).toEqual({ code: 0, stderr: '' });
    const events = eventsIn(second.stdout);
    expect(events[0]).toMatchObject({ type: 'run.start', files: 1, skipped: 2 });
    expect(events.at(-1)).toMatchObject({ type: 'run.end', done: 1, skipped: 2, exitCode: 0 });
    const summary = await bench.run(['ledger', 'done.jsonl']);
    expect(summary.stdout).toMatch(/^done\.jsonl: 3 files, 15 B done, \S+Z to \S+Z\n {2}proven {2}3\n$/);
    expect(stored(bench)).toEqual(['a.mp4', 'b.mp4', 'c.mp4']);
  });

  test('is not sent itself, where it lies in the folder that is sent', async () => {
    const bench = await startBench('a.mp4');
    const args = ['-r', '.', '--ledger', 'done.jsonl', '--min-age', '0'];
    const { code } = await bench.run(args, { cwd: join(bench.dir, 'rec') });
    expect([code, stored(bench)]).toEqual([0, ['a.mp4']]);
    const again = await bench.run([...args, '--json'], { cwd: join(bench.dir, 'rec') });
    expect(eventsIn(again.stdout)[0]).toMatchObject({ type: 'run.start', files: 0, skipped: 1 });
  });

  test('of another share of the same folder is not sent either, and moves no file from one share to another', async () => {
    const bench = await startBench('a.mp4', 'b.mp4', 'c.mp4', 'd.mp4', 'e.mp4');
    const share = async (index: number) => {
      const args = ['-r', '.', '--shard', `${index}/2`, '--ledger', `share-${index}.jsonl`];
      const { code, stdout } = await bench.run([...args, '--min-age', '0', '--json'], {
        cwd: join(bench.dir, 'rec'),
      });
      const [start] = eventsIn(stdout);
      return [code, start?.type === 'run.start' && start.files + start.skipped];
    };
    await writeFile(join(bench.dir, 'rec', 'share-2.jsonl'), '');
    expect([await share(1), await share(2), await share(1)]).toEqual([
      [0, 3],
      [0, 2],
      [0, 3],
    ]);
    expect(stored(bench)).toEqual(['a.mp4', 'b.mp4', 'c.mp4', 'd.mp4', 'e.mp4']);
  });

  test('is audited: exit 1 names what changed since', async () => {
    const { run, dir } = await startBench('a.mp4', 'b.mp4');
    await run(['-r', 'rec', '--ledger', 'done.jsonl']);
    expect(await run(['ledger', 'check', 'done.jsonl'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '2 same\n',
    });
    await writeFile(join(dir, 'rec', 'b.mp4'), 'B.mp4');
    const { code, stdout } = await run(['ledger', 'check', 'done.jsonl']);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^changed {5}.*b\.mp4\n$/)]);
  });

  test('of a run under way is refused to another', async () => {
    const { run, start, server, dir } = await startBench('a.mp4');
    server.script.PATCH = [{ stall: true }];
    const first = start(['-r', 'rec', '--ledger', 'done.jsonl', '--json']);
    await first.until('stdout', /upload\.start/);
    const { code, stderr } = await run(['-r', 'rec', '--ledger', 'done.jsonl']);
    expect([code, stderr]).toEqual([
      4,
      expect.stringMatching(/the ledger done\.jsonl is written to by process/),
    ]);
    first.child.kill('SIGTERM');
    expect((await first.ended).code).toBe(143);
    expect(await readFile(join(dir, 'done.jsonl'), 'utf8')).toBe('');
  });

  test.skipIf(process.platform === 'win32').each([[[]], [['--dry-run']]])(
    'that is a pipe is refused at once %s',
    async (more) => {
      const { run, dir, server } = await startBench('a.mp4');
      const pipe = join(dir, 'pipe');
      spawnSync('mkfifo', [pipe]);
      const { code, stderr } = await run(['-r', 'rec', '--ledger', pipe, ...more]);
      expect(stderr).toContain(`the ledger ${pipe} is no file`);
      expect(code).toBe(3);
      expect(server.seen).toEqual([]);
    },
  );

  test('is neither made nor changed by --dry-run, which names what is left', async () => {
    const { run, dir, server } = await startBench('a.mp4', 'b.mp4');
    const args = ['-r', 'rec', '--ledger', 'done.jsonl'];
    const { code, stdout, stderr } = await run([...args, '--dry-run']);
    expect([code, stdout.split('\n').length, server.seen]).toEqual([0, 3, []]);
    expect(stderr).toBe('dry run, nothing was sent or changed: 2 files, 10 B to send\n');
    expect(await readdir(dir)).toEqual(['rec']);
    await run(args);
    const before = await readFile(join(dir, 'done.jsonl'), 'utf8');
    const again = await run([...args, '--dry-run']);
    expect([again.stdout, again.stderr]).toEqual([
      '',
      expect.stringMatching(/0 files, 0 B to send, 2 done before\n$/),
    ]);
    expect(await readFile(join(dir, 'done.jsonl'), 'utf8')).toBe(before);
  });
});

describe('what cannot be', () => {
  test.each([
    [['-r', 'rec', '--name', 'x.mp4'], '--name is given for several files'],
    [['rec/a.mp4', 'rec/a.mp4', '--name', 'x.mp4'], '--name is given for 2 files'],
    [['rec/a.mp4', '--files-from', 'list', '--name', 'x.mp4'], '--name is given for several files'],
    [['-r', 'rec', '--ledger', 'l', '--no-finalize'], '--ledger keeps what is done'],
    [['-r'], 'no file is given'],
    [['--files-from', '-', '--files-from0', '-'], 'standard input is named twice'],
    [['-r', 'rec', '--jobs', '0'], "--jobs is '0'"],
    [['-r', 'rec', '--manifest', 'list.txt'], "--manifest is 'list.txt'"],
    [['-r', 'rec', '--order-by', 'colour'], "--order-by is 'colour'"],
    [['-r', 'rec', '--name-template', '{nmae}'], "--name-template is '{nmae}'"],
    [['-r', 'rec', '--max-failures', '0'], "--max-failures is '0'"],
    [['-r', 'rec', '--shard', '9/8'], "--shard is '9/8'"],
    [['ledger'], 'no ledger is named'],
    [['ledger', 'merge', 'out.jsonl'], 'merge needs'],
    [['ledger', 'chek', 'done.jsonl'], 'did you mean: pulse-upload ledger check'],
  ])('%j is a usage error', async (args, message) => {
    const { run, server } = await startBench('a.mp4');
    const { code, stderr } = await run(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(server.seen).toEqual([]);
  });
});

test('a single file can be named, whatever variables say about many', async () => {
  const { run, server } = await startBench('a.mp4');
  const variables = {
    PULSE_UPLOAD_JOBS: '2',
    PULSE_UPLOAD_LEDGER: 'done.jsonl',
    PULSE_UPLOAD_RECURSIVE: '1',
    PULSE_UPLOAD_NAME_TEMPLATE: '{stem}-of-many{ext}',
  };
  const { code, stderr } = await run(['rec/a.mp4', '--name', 'x.mp4'], { env: variables });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const named = server.seen.filter(({ path }) => path.endsWith('finalize')).map(({ body }) => String(body));
  expect(named).toEqual([expect.stringContaining('"x.mp4"')]);
  // It is a run that keeps its ledger all the same.
  expect((await run(['ledger', 'done.jsonl'])).stdout).toMatch(/^done\.jsonl: 1 file, /);
});

describe('what is left', () => {
  test('is named file by file where no ledger knows it', async () => {
    const { run, server } = await startBench('a.mp4', 'b.mp4', 'c.mp4');
    server.script.POST = [{ answer: 400 }];
    const { stderr } = await run(['-r', 'rec', '-j', '1', '--include', '*.mp4', '--chunk-size', '1KiB']);
    expect(stderr).toMatch(/\n {3}next: pulse-upload rec\/a\.mp4 --chunk-size 1KiB --jobs 1\n$/);
  });

  test('stands in a table at the end of a long run, its hint said once', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `${10 + index}.mp4`);
    const { run, server } = await startBench(...names);
    server.script.POST = Array.from({ length: 25 }, (_, index) =>
      index % 2 === 0 ? { answer: 404 } : { answer: 400, body: `{"error":"no ${index}"}` },
    );
    const { code, stderr } = await run(['-r', 'rec', '-j', '1']);
    expect(code).toBe(5);
    expect(stderr).toMatch(
      /25 files failed:\n {2}refused {2}rec\/10\.mp4 and 12 more {2}POST .*404\n( {2}refused {2}rec\/\d\d\.mp4 +POST .*"no \d+".*\n){12}30 files/,
    );
    expect(stderr.match(/ next: check --server/g)).toHaveLength(1);
    expect(stderr).toMatch(/\n30 files: 5 uploaded, 25 failed\n {3}next: .*--ledger <file>.*\n$/);
  });

  test('a server that redirects every file ends the run, and the last line names the URL to use', async () => {
    const bench = await startBench('a.mp4', 'b.mp4', 'c.mp4', 'd.mp4');
    const moved = await startScriptedServer();
    onTestFinished(() => moved.close());
    const to = (Location: string) =>
      Array.from({ length: 4 }, () => ({ answer: 301, headers: { Location } }));
    bench.server.script.POST = to(`${moved.url}/uploads`);
    const named = await bench.run(['-r', 'rec', '-j', '1', '--ledger', 'done.jsonl']);
    expect(named.code).toBe(6);
    expect(named.stderr).toContain('4 files: 0 uploaded, 3 failed, 1 not attempted');
    const next = /next: pulse-upload (rec --server \S+ .*)\n$/.exec(named.stderr)?.[1]?.split(' ') ?? [];
    expect((await bench.run(next)).code).toBe(0);
    expect(moved.finished.size).toBe(4);
    bench.server.script.POST = to('/login');
    const login = await bench.run(['-r', 'rec', '-j', '1']);
    expect(login.stderr).toMatch(/next: find out where the server is now.*--server\n$/);
  });

  test('a server that redirects every file to itself is not somewhere else, as the last lines say', async () => {
    const bench = await startBench('a.mp4', 'b.mp4', 'c.mp4');
    bench.server.script.POST = Array.from({ length: 18 }, () => ({
      answer: 308,
      headers: { Location: '/uploads' },
    }));
    const { code, stderr } = await bench.run(['-r', 'rec', '-j', '1', '--ledger', 'done.jsonl']);
    expect(code).toBe(6);
    expect(stderr).toMatch(
      /stopped: the server redirects to itself \(308\).*\n *next: .*who runs it.* must mend that\n/,
    );
    expect(stderr).toMatch(/next: pulse-upload rec .*--ledger done.jsonl[^\n]*\n$/);
  });
});

test('a path that does not exist is not to be tried again', async () => {
  const { run } = await startBench('a.mp4');
  const nothing = await run(['-r', 'missing/x']);
  expect(nothing.code).toBe(3);
  expect(nothing.stderr).toMatch(
    /error: missing\/x does not exist\n next: check the path\n1 file: 0 uploaded, 1 failed\n$/,
  );
});

test('of more kinds of failure than a screen has room for, the others are counted', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `${10 + index}.mp4`);
  const { run, server } = await startBench(...names);
  server.script.POST = Array.from({ length: 25 }, (_, index) => ({
    answer: 400,
    body: `{"error":"no ${index}"}`,
  }));
  const { stderr } = await run(['-r', 'rec', '-j', '1']);
  expect(stderr).toMatch(
    /25 files failed:\n( {2}refused {2}rec\/\d\d\.mp4 {2}POST .*\n){20} {2}… and 5 more\n/,
  );
});

test('--help-bulk names the options, in lines that fit a terminal', async () => {
  const { run } = await startBench();
  const { code, stdout } = await run(['--help-bulk']);
  expect(code).toBe(0);
  for (const flag of ['--recursive', '--files-from0', '--manifest', '--ledger', '--shard', '--limit-rate'])
    expect(stdout).toContain(flag);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThan(80);
});
