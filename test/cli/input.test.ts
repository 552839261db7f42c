import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { allExtensions } from '../../src/server/extensions.ts';
import { payload, subject } from '../server/harness.ts';
import { type Ended, runBin, startBin, temporaryFolder } from './run-bin.ts';

const MIB = 1024 * 1024;

/** Runs `pulse-upload - …` with these bytes on its standard input. */
function pipeInto(
  bytes: Uint8Array,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const running = startBin(['-', ...args], { stdin: 'pipe', env });
  running.child.stdin?.end(bytes);
  return running.ended;
}

async function copiesIn(stateDir: string): Promise<readonly string[]> {
  const root = join(stateDir, 'spool');
  if (!existsSync(root)) return [];
  return (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test('a pipe is uploaded under the name that it is given, and read back', async () => {
  const server = await subject({ protocol: 'tus' });
  const url = new URL('/files', server.url).href;
  for (const sizeBytes of [3 * MIB, 0]) {
    const { code, stdout, stderr } = await pipeInto(payload(sizeBytes), [
      ...['--server', url, '--protocol', 'tus', '--size', String(sizeBytes)],
      ...['--name', 'live.mkv', '--read-back'],
    ]);
    expect(stderr).toContain('they were read back');
    expect(stderr.includes('held no byte')).toBe(sizeBytes === 0);
    expect([code, stdout.trim().startsWith(url)]).toEqual([0, true]);
  }
});

test('every event of a pipe names it as the user did, and only words have a name for it', async () => {
  const server = await subject({ protocol: 'pulse' });
  const { code, stdout } = await pipeInto(payload(10), ['--server', server.url, '--size', '10', '--json']);
  expect(code).toBe(0);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.filter(({ file }) => file !== undefined).every(({ file }) => file === '-')).toBe(true);
  expect(events.find(({ type }) => type === 'upload.done')).toMatchObject({ proven: true, sizeBytes: 10 });
  const words = await pipeInto(payload(10), ['--server', server.url, '--size', '10']);
  expect(words.stderr).toMatch(/^standard input uploaded/m);
});

test('a pipe that cannot go without its size says so, and lets its writer go', async () => {
  const server = await subject({ protocol: 'pulse' });
  const running = startBin(['-', '--server', server.url, '--protocol', 'pulse'], { stdin: 'pipe' });
  const closed = new Promise((resolve) => running.child.stdin?.on('error', resolve));
  const feed = setInterval(() => running.child.stdin?.write(payload(65_536)), 10);
  const { code, stderr } = await running.ended;
  await closed;
  clearInterval(feed);
  expect(code).toBe(5);
  expect(stderr).toMatch(/^ next: add --size <bytes> if you know it, or --spool/m);
});

test('with --spool nothing is lost: the printed command goes on from the copy, which is private and then gone', async () => {
  const server = await subject({ protocol: 'pulse' });
  const proxy = await startFaultProxy({ target: server.url });
  const stateDir = await temporaryFolder();
  const env = { PULSE_UPLOAD_STATE_DIR: stateDir };
  proxy.setFaults([{ on: { method: 'PATCH', nth: 2, times: 100 }, do: 'answer', status: 503 }]);
  const args = ['--server', proxy.url, '--spool', '--retries', '0', '--name', 'take one.mp4'];
  const first = await pipeInto(payload(3 * MIB), args, env);
  expect(first.code).toBe(4);
  const [copy = ''] = await copiesIn(stateDir);
  expect((await stat(copy)).mode & 0o777).toBe(0o600);
  expect((await readFile(copy)).equals(payload(3 * MIB))).toBe(true);
  const command = /go on from the copy with: (pulse-upload .*)$/m.exec(first.stderr)?.[1] ?? '';
  expect(command).toBe(`pulse-upload '${copy}' --server ${proxy.url} --retries 0 --name 'take one.mp4'`);

  proxy.setFaults([]);
  const second = await startBin([copy, '--server', proxy.url, '--name', 'take one.mp4', '--json'], { env })
    .ended;
  expect(second.code).toBe(0);
  expect(second.stdout).toMatch(/"upload.resumed".*"offsetBytes":1048576/);
  expect(second.stdout).toMatch(/"proven":true/);
  expect(await copiesIn(stateDir)).toEqual([]);
  await proxy.close();
});

test('the copy stays, and is said to, where the server acknowledged every byte and then does not know the upload', async () => {
  const server = await subject({ protocol: 'tus' });
  const { origin, pathname } = new URL(server.url);
  const proxy = await startFaultProxy({ target: origin });
  const stateDir = await temporaryFolder();
  const env = { PULSE_UPLOAD_STATE_DIR: stateDir };
  const url = `${new URL(proxy.url).origin}${pathname}`;
  // Asked right after the creation, it would be a server without HEAD.
  const vanished = [{ on: { method: 'HEAD', nth: 2, times: 100 }, do: 'answer', status: 404 }] as const;
  proxy.setFaults(vanished);
  const args = ['--server', url, '--retries', '0'];
  const first = await pipeInto(payload(2048), [...args, '--spool', '--name', 'a.mp4'], env);
  expect(first.code).toBe(0);
  const [copy = ''] = await copiesIn(stateDir);
  expect((await readFile(copy)).equals(payload(2048))).toBe(true);
  const stays = `so the copy stays in ${copy}: remove it once the file is known to be there`;
  expect(first.stderr.trimEnd().split('\n').at(-1)).toContain(stays);

  // The same holds for the copy, sent by its name, alone or as one of many files; where the server knows the upload, the copy goes.
  for (const many of [{}, { PULSE_UPLOAD_LEDGER: join(stateDir, 'done.jsonl') }]) {
    proxy.setFaults(vanished);
    const again = await startBin([copy, ...args], { env: { ...env, ...many } }).ended;
    expect([again.code, again.stderr.includes(stays)]).toEqual([0, true]);
    expect(await copiesIn(stateDir)).toEqual([copy]);
  }
  proxy.setFaults([]);
  expect((await startBin([copy, ...args], { env }).ended).code).toBe(0);
  expect(await copiesIn(stateDir)).toEqual([]);
  await proxy.close();
});

test('copies that a run of many files was given by name go with their uploads, and no others', async () => {
  const server = await subject({ protocol: 'pulse' });
  const proxy = await startFaultProxy({ target: server.url });
  onTestFinished(proxy.close);
  const stateDir = await temporaryFolder();
  const [a = '', b = '', c = ''] = ['a', 'b', 'c'].map((id) => join(stateDir, 'spool', id, `${id}.mp4`));
  for (const copy of [a, b, c]) {
    await mkdir(dirname(copy), { recursive: true });
    await writeFile(copy, payload(2048));
  }
  const env = {
    PULSE_UPLOAD_STATE_DIR: stateDir,
    PULSE_UPLOAD_SERVER: proxy.url,
    PULSE_UPLOAD_LEDGER: join(stateDir, 'done.jsonl'),
    PULSE_UPLOAD_JOBS: '1',
  };
  proxy.setFaults([{ on: { method: 'PATCH', nth: 2 }, do: 'answer', status: 415 }]);
  const first = await startBin([a, b], { env }).ended;
  expect([first.code, (await copiesIn(stateDir)).toSorted()]).toEqual([5, [b, c]]);
  expect(first.stderr).toContain(`next: pulse-upload ${b}`);
  expect((await startBin([b], { env }).ended).code).toBe(0);
  // What only lies in a folder that is sent may be meant for another server.
  const folder = await startBin(['-r', dirname(dirname(c)), '--min-age', '0'], { env }).ended;
  expect([folder.code, await copiesIn(stateDir)]).toEqual([0, [c]]);
  expect([...server.log].filter(({ path }) => path.endsWith('/finalize'))).toHaveLength(3);
});

test('a copy whose upload was never begun is shown by list, with the command that sends it', async () => {
  const env = { PULSE_UPLOAD_STATE_DIR: await temporaryFolder() };
  const nobody = ['--server', 'http://127.0.0.1:1', '--protocol', 'pulse', '--retries', '0'];
  const args = [...nobody, '--spool', '--name', 'a.mp4'];
  expect((await pipeInto(payload(2048), args, env)).code).toBe(4);
  const [copy = ''] = await copiesIn(env.PULSE_UPLOAD_STATE_DIR);
  const { stdout, stderr } = await startBin(['list'], { env }).ended;
  expect([stdout, stderr]).toEqual([
    '',
    `${copy}: 2.0 KiB of standard input are kept, no unfinished upload of them is known\nnext: pulse-upload ${copy} --server <url>\n`,
  ]);
  const list = await startBin(['list', '--json'], { env }).ended;
  expect(JSON.parse(list.stdout)).toMatchObject({ type: 'input.kept', file: copy, sizeBytes: 2048 });

  // What may be the only copy goes only where it is named.
  const all = await startBin(['forget', '--all'], { env }).ended;
  expect([all.code, all.stdout, all.stderr]).toEqual([
    0,
    '',
    `${copy}, a copy of standard input, stays; forget removes it by its name\n`,
  ]);
  const one = await startBin(['forget', copy], { env }).ended;
  expect([one.code, one.stdout, one.stderr]).toEqual([0, `removed ${copy}: 2.0 KiB of standard input\n`, '']);
  expect(await copiesIn(env.PULSE_UPLOAD_STATE_DIR)).toEqual([]);
  expect((await startBin(['forget', copy], { env }).ended).code).toBe(3);
});

/** Kills the command with its third chunk on the way. */
async function killedWhileSending() {
  const server = await subject({ protocol: 'pulse' });
  const proxy = await startFaultProxy({ target: server.url });
  onTestFinished(proxy.close);
  const stateDir = await temporaryFolder();
  const env = { PULSE_UPLOAD_STATE_DIR: stateDir };
  const running = startBin(['-', '--server', proxy.url, '--spool', '--name', 'a.mp4'], {
    stdin: 'pipe',
    env,
  });
  proxy.setFaults([
    { on: { method: 'PATCH', nth: 3 }, do: 'meanwhile', run: async () => running.child.kill('SIGKILL') },
  ]);
  running.child.stdin?.end(payload(4 * MIB));
  expect((await running.ended).signal).toBe('SIGKILL');
  const [copy = ''] = await copiesIn(stateDir);
  return { proxy, stateDir, env, copy };
}

test.each(['--all', 'its name'])(
  'a copy whose upload is forgotten (%s) stays, and is named',
  async (what) => {
    const { stateDir, env, copy } = await killedWhileSending();
    const { code, stderr } = await startBin(['forget', what === '--all' ? what : copy], { env }).ended;
    const stays = `${copy}, a copy of standard input, stays; forget removes it by its name`;
    expect([code, stderr.trimEnd().split('\n').at(-1)]).toEqual([0, stays]);
    expect(await copiesIn(stateDir)).toEqual([copy]);
    expect((await startBin(['forget', copy], { env }).ended).code).toBe(0);
    expect(await copiesIn(stateDir)).toEqual([]);
  },
);

test('the copy of a process that was killed while it sent is gone on with', async () => {
  const { proxy, stateDir, env, copy } = await killedWhileSending();
  const list = await startBin(['list'], { env }).ended;
  expect(list.stderr).toContain(`next: pulse-upload ${copy} --server`);
  const { code, stdout } = await startBin([copy, '--server', proxy.url, '--json'], { env }).ended;
  const [, offsetBytes] = /"upload.resumed".*"offsetBytes":(\d+)/.exec(stdout) ?? [];
  expect([code, Number(offsetBytes) >= 2 * MIB]).toEqual([0, true]);
  expect(await copiesIn(stateDir)).toEqual([]);
});

test('half a copy is never sent: not after an interruption, nor after a kill', async () => {
  const server = await subject({ protocol: 'pulse' });
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const stateDir = await temporaryFolder();
    const env = { PULSE_UPLOAD_STATE_DIR: stateDir };
    const running = startBin(['-', '--server', server.url, '--spool', '--name', 'a.mp4'], {
      stdin: 'pipe',
      env,
    });
    running.child.stdin?.write(payload(MIB));
    await vi.waitFor(async () => expect(await copiesIn(stateDir)).toHaveLength(1), { timeout: 20_000 });
    running.child.kill(signal);
    const { code, stderr } = await running.ended;
    expect((await copiesIn(stateDir)).map((path) => path.endsWith('a.mp4'))).toEqual(
      signal === 'SIGINT' ? [] : [false],
    );
    if (signal === 'SIGINT') {
      expect(code).toBe(130);
      expect(stderr).toContain('interrupted before its end; nothing was sent');
      expect(stderr).toMatch(/next: run the whole pipeline again\n$/);
    }
  }
  expect(server.log).toEqual([]);
});

test('an interruption of a pipe does not promise to resume, and says what was left where', async () => {
  const server = await subject({ protocol: 'tus' });
  const url = new URL('/files', server.url).href;
  const running = startBin(['-', '--server', url, '--size', '5MiB', '-v'], { stdin: 'pipe' });
  running.child.stdin?.write(payload(3 * MIB));
  await running.until('stderr', /PATCH +204/);
  running.child.kill('SIGINT');
  const { code, stderr } = await running.ended;
  expect(code).toBe(130);
  expect(stderr).toMatch(/next: run the whole pipeline again; with --spool .*\n$/);
  const [, left = ''] = /pulse-upload abort (\S+) --protocol tus removes it/.exec(stderr) ?? [];
  expect((await runBin(['abort', left])).stdout).toMatch(/^aborted .*: the server has removed it\n$/);
});

test('a folder is no input', async () => {
  const server = await subject({ protocol: 'tus' });
  const folder = await open(await temporaryFolder());
  const { code, stderr } = await startBin(['-', '--server', server.url], { stdin: folder.fd }).ended;
  await folder.close();
  expect([code, stderr]).toEqual([3, expect.stringContaining('standard input is a folder')]);
});

test.each([
  [['-', 'a.mp4'], 'cannot be combined with files'],
  [['-', '-r'], '--recursive does not work with standard input'],
  [['-', '--dry-run'], '--dry-run does not work with standard input'],
  [['a.mp4', '--spool'], '--spool is given, but not standard input'],
  [['a.mp4', '--size', '5'], '--size is given, but not standard input'],
  [['-', '--size', '5x'], '--size'],
  [['-', '--parallel', '2'], 'cannot be read in several places'],
])('%j is a usage error', async (args, words) => {
  const { code, stderr } = await startBin([...args, '--server', 'http://127.0.0.1:1']).ended;
  expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
});

test('a dry run that a variable or the config file asks for does not become an upload', async () => {
  const server = await subject({ protocol: 'pulse' });
  const config = join(await temporaryFolder(), 'config.json');
  await writeFile(config, JSON.stringify({ dryRun: true }));
  const asks = { PULSE_UPLOAD_DRY_RUN: '1', PULSE_UPLOAD_CONFIG: config };
  const args = ['--server', server.url, '--size', '10'];
  for (const [name, value] of Object.entries(asks)) {
    const { code, stderr } = await pipeInto(payload(10), args, { [name]: value });
    const source = name === 'PULSE_UPLOAD_CONFIG' ? `${config}: dryRun` : name;
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`${source} does not work with standard input`),
    ]);
  }
  expect(server.log).toEqual([]);
});

test('--parallel goes with a copy that a variable asks for, and a ledger that one names is for files', async () => {
  const server = await subject({ protocol: 'tus', extensions: allExtensions });
  const args = ['--server', new URL('/files', server.url).href, '--protocol', 'tus', '--parallel', '2'];
  const env = { PULSE_UPLOAD_DRY_RUN: '0', PULSE_UPLOAD_LEDGER: 'none.jsonl', PULSE_UPLOAD_SPOOL: '1' };
  const { code, stderr } = await pipeInto(payload(3 * MIB), args, env);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(existsSync('none.jsonl')).toBe(false);
});
