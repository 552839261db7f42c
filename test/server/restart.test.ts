import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  create,
  eventually,
  finalize,
  freshFolder,
  head,
  idOf,
  offsetBecomes,
  offsetOf,
  patch,
  patchHead,
  payload,
  provenAnswer,
  sha256,
  subject,
  wireTo,
} from './harness.ts';

// Each child compiles the server first, which takes seconds where every core is busy.
vi.setConfig({ testTimeout: 120_000 });

const script = join(import.meta.dirname, 'serve-child.ts');

interface Child {
  readonly url: string;
  readonly port: number;
  readonly kind?: string;
  readonly message?: string;
  readonly hint?: string;
  kill(): Promise<void>;
}

async function serve(dir: string, protocol = 'pulse'): Promise<Child> {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', script, dir, protocol], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  onTestFinished(kill);
  if (child.stdout === null) throw new Error('no stdout');
  const [line] = await once(child.stdout, 'data');
  return { ...JSON.parse(String(line)), kill, close: kill };
}

/** The same upload at the server that took the folder over. */
function at(server: { url: string }, url: string): string {
  return `${server.url}/uploads/${idOf(url)}`;
}

describe('a server that is killed', () => {
  it('claims afterwards what is on the disk and no more, and the upload goes on from there', async () => {
    const dir = await freshFolder();
    const bytes = payload(3_000_000);
    const first = await serve(dir);
    const url = await create({ ...first, close: first.kill }, bytes.length, {
      'Upload-Metadata': 'filename YQ==',
    });
    await patch(url, 0, bytes.subarray(0, 1_000_000));
    const wire = await wireTo(first);
    await wire.send(patchHead(url, 1_000_000, { 'Content-Length': 2_000_000 }));
    await wire.send(bytes.subarray(1_000_000, 1_500_000));
    await offsetBecomes(url, 1_500_000);
    wire.socket.write(bytes.subarray(1_500_000, 2_900_000));
    await first.kill();

    const onDisk = (await stat(join(dir, '.incomplete', `${idOf(url)}.data`))).size;
    expect(onDisk).toBeGreaterThanOrEqual(1_500_000);
    const second = await serve(dir);
    const moved = at(second, url);
    expect(await offsetOf(moved)).toBe(onDisk);
    expect(Object.fromEntries((await head(moved)).headers)).toMatchObject({
      'upload-length': '3000000',
      'upload-metadata': 'filename YQ==',
    });
    await patch(moved, onDisk, bytes.subarray(onDisk));
    expect(await (await finalize({ ...second, close: second.kill }, moved)).json()).toEqual(
      provenAnswer(url, bytes),
    );
  });

  it('keeps each byte that it has acknowledged', async () => {
    const dir = await freshFolder();
    const first = await serve(dir);
    const url = await create({ ...first, close: first.kill }, 2_000_000);
    expect((await patch(url, 0, payload(1_000_000))).status).toBe(204);
    await first.kill();
    expect(await offsetOf(at(await serve(dir), url))).toBe(1_000_000);
  });

  it('answers finalize as before, and still has the file', async () => {
    const dir = await freshFolder();
    const bytes = payload(1000);
    const first = await serve(dir);
    const url = await create({ ...first, close: first.kill }, bytes.length);
    await patch(url, 0, bytes);
    await finalize({ ...first, close: first.kill }, url, 'a.mp4');
    await first.kill();
    const second = await serve(dir);
    expect(await (await finalize({ ...second, close: second.kill }, url, 'b.mp4')).json()).toEqual(
      provenAnswer(url, bytes),
    );
    expect(await offsetOf(at(second, url))).toBe(1000);
    expect(await readdir(dir)).toEqual(['.incomplete', 'a.mp4']);
  });
});

describe('what a crash can leave behind', () => {
  it('in the middle of finalize is finished by the next one: before the move', async () => {
    const server = await subject();
    const bytes = payload(1000);
    const url = await create(server, 1000);
    await patch(url, 0, bytes);
    await server.close();
    const info = join(server.dir, '.incomplete', `${idOf(url)}.json`);
    const finished = { name: 'a.mp4', sizeBytes: 1000, sha256: sha256(bytes) };
    await writeFile(info, JSON.stringify({ ...JSON.parse(await readFile(info, 'utf8')), finished }));

    const next = await subject({ dir: server.dir });
    expect(await (await finalize(next, url, 'b.mp4')).json()).toEqual(provenAnswer(url, bytes));
    expect(await readdir(server.dir)).toEqual(['.incomplete', 'a.mp4']);
  });

  it('in the middle of finalize is finished by the next one: between the two halves of the move', async () => {
    const { link } = await import('node:fs/promises');
    const server = await subject();
    const bytes = payload(1000);
    const url = await create(server, 1000);
    await patch(url, 0, bytes);
    await server.close();
    const work = join(server.dir, '.incomplete', idOf(url));
    const finished = { name: 'a.mp4', sizeBytes: 1000, sha256: sha256(bytes) };
    await writeFile(
      `${work}.json`,
      JSON.stringify({ ...JSON.parse(await readFile(`${work}.json`, 'utf8')), finished }),
    );
    await link(`${work}.data`, join(server.dir, 'a.mp4'));

    const next = await subject({ dir: server.dir });
    expect(await (await finalize(next, url, 'b.mp4')).json()).toEqual(provenAnswer(url, bytes));
    expect(await readdir(server.dir)).toEqual(['.incomplete', 'a.mp4']);
    expect((await readdir(join(server.dir, '.incomplete'))).filter((name) => name.endsWith('.data'))).toEqual(
      [],
    );
  });

  it('in the middle of a creation is swept away', async () => {
    const server = await subject();
    const url = await create(server, 10);
    await server.close();
    const work = join(server.dir, '.incomplete');
    await writeFile(join(work, `${idOf(url)}.json.tmp`), '{"half');
    await writeFile(join(work, '00000000-0000-4000-8000-000000000000.data'), '');
    const next = await subject({ dir: server.dir });
    expect((await readdir(work)).sort()).toEqual([`${idOf(url)}.data`, `${idOf(url)}.json`, 'lock']);
    expect(await offsetOf(at(next, url))).toBe(0);
  });
});

describe('a second server on one folder', () => {
  it('is refused in the same process, also by another path to the folder', async () => {
    const server = await subject();
    await expect(subject({ dir: join(server.dir, '.incomplete', '..') })).rejects.toMatchObject({
      name: 'PulseError',
      kind: 'temporary',
      message: expect.stringContaining('uses this folder'),
    });
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  it.each(['null', '{}', '"lock"', '{"pid": 1}', '', '{'])(
    'starts where the lock says %j, which names no process',
    async (text) => {
      const dir = await freshFolder();
      await mkdir(join(dir, '.incomplete'));
      await writeFile(join(dir, '.incomplete', 'lock'), text);
      const server = await subject({ dir });
      expect((await fetch(`${server.url}/health`)).status).toBe(200);
    },
  );

  it('is refused, with the folder named, where nothing can be written to it', async () => {
    const dir = await freshFolder();
    await writeFile(join(dir, '.incomplete'), '');
    await expect(subject({ dir })).rejects.toMatchObject({
      kind: 'input',
      message: expect.stringContaining(dir),
    });
  });

  it('is refused while the process of the first lives, and starts once that is killed or has closed', async () => {
    const dir = await freshFolder();
    const first = await serve(dir);
    await expect(subject({ dir })).rejects.toMatchObject({
      kind: 'temporary',
      hint: expect.stringContaining('lock'),
    });
    await first.kill();
    const second = await subject({ dir });
    expect(await serve(dir)).toMatchObject({ kind: 'temporary' });
    await second.close();
    await subject({ dir });
  });

  it.runIf(process.platform === 'linux')(
    'starts where the first was killed and nobody waits for it',
    async () => {
      const dir = await freshFolder();
      // The shell becomes `sleep` and never asks for its dead child, like the first process of some containers.
      const line = '"$@" & echo $! >"$0"; exec sleep 300';
      const pidFile = join(await freshFolder(), 'pid');
      const server = [process.execPath, '--import', 'tsx', script, dir];
      const parent = spawn('sh', ['-c', line, pidFile, ...server], { stdio: ['ignore', 'pipe', 'inherit'] });
      onTestFinished(() => void parent.kill('SIGKILL'));
      if (parent.stdout === null) throw new Error('no stdout');
      expect(JSON.parse(String((await once(parent.stdout, 'data'))[0]))).toHaveProperty('url');
      const pid = Number(await readFile(pidFile, 'utf8'));
      await expect(subject({ dir })).rejects.toMatchObject({ message: expect.stringContaining(`${pid}`) });
      process.kill(pid, 'SIGKILL');
      await eventually(
        async () => (/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8')) ? true : undefined),
        () => `process ${pid} to be a zombie`,
      );
      await subject({ dir });
    },
  );

  it.skipIf(process.platform === 'win32')(
    'starts where the pid in the lock was given out again',
    async () => {
      const dir = await freshFolder();
      const first = await serve(dir);
      const lock = join(dir, '.incomplete', 'lock');
      const owner = JSON.parse(await readFile(lock, 'utf8'));
      expect(owner.started).toMatch(/\d/);
      await first.kill();
      // Another process has the number now; one that cannot be told from the owner is taken for it.
      const other = spawn('sleep', ['300']);
      onTestFinished(() => void other.kill('SIGKILL'));
      await once(other, 'spawn');
      await writeFile(lock, JSON.stringify({ pid: other.pid, host: owner.host }));
      await expect(subject({ dir })).rejects.toMatchObject({ kind: 'temporary' });
      await writeFile(lock, JSON.stringify({ ...owner, pid: other.pid }));
      await subject({ dir });
    },
  );

  it('starts where the lock is left by a process with the same number, or is half written', async () => {
    const { hostname } = await import('node:os');
    const server = await subject();
    await server.close();
    const lock = join(server.dir, '.incomplete', 'lock');
    for (const left of [JSON.stringify({ pid: process.pid, host: hostname() }), '', '{"pi']) {
      await writeFile(lock, left);
      await (await subject({ dir: server.dir })).close();
    }
    await writeFile(lock, JSON.stringify({ pid: 1, host: 'another machine' }));
    await expect(subject({ dir: server.dir })).rejects.toMatchObject({
      message: expect.stringContaining('another machine'),
    });
  });

  it('is refused for all but one of several that start at once after a crash', async () => {
    const dir = await freshFolder();
    const dead = await serve(dir);
    await dead.kill();
    const rivals = await Promise.allSettled([1, 2, 3, 4].map(() => subject({ dir })));
    expect(rivals.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('does not keep the folder where its port was taken', async () => {
    const server = await subject();
    const dir = await freshFolder();
    await expect(subject({ dir, port: server.port })).rejects.toMatchObject({ kind: 'usage' });
    await subject({ dir });
  });
});
