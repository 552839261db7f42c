import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acquireLock, assertUnlocked, type LockTiming } from '../../src/upload/state/lock.ts';
import { lifeOf, thisHolder } from '../../src/upload/state/owner-of-lock.ts';
import { temporaryFolder } from '../cli/run-bin.ts';

const ABOVE_ALL_PIDS = 2 ** 22 + 1;
const patient: LockTiming = {
  beatMs: 60_000,
  silenceMs: 60_000,
  uptimeMs: () => 60_000,
  takeoverMs: 60_000,
};
const linux = process.platform === 'linux';

async function lockFile(owner?: object): Promise<string> {
  const path = join(await temporaryFolder(), 'x.lock');
  if (owner !== undefined) await writeFile(path, JSON.stringify({ nonce: 'n', ...owner }));
  return path;
}

async function take(path: string, timing = patient) {
  const lock = await acquireLock(path, 'video.mp4', undefined, timing);
  onTestFinished(lock.release);
  return lock;
}

describe('a lock', () => {
  it('has one owner at a time, leaves nothing behind, and is for this user only', async () => {
    const path = await lockFile();
    const lock = await take(path);
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expect(take(path)).rejects.toMatchObject({ kind: 'temporary' });
    await expect(assertUnlocked(path, 'video.mp4')).rejects.toMatchObject({ kind: 'temporary' });
    await lock.release();
    expect(await readdir(join(path, '..'))).toEqual([]);
    await assertUnlocked(path, 'video.mp4');
  });

  it('goes to exactly one of many that want it at once, over a dead one too', async () => {
    for (let round = 0; round < 10; round++) {
      const path = await lockFile({ pid: ABOVE_ALL_PIDS, host: hostname() });
      const tries = await Promise.allSettled(Array.from({ length: 20 }, () => take(path)));
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    }
  });

  it('is taken over from somebody who died while taking it over', async () => {
    const path = await lockFile({ pid: ABOVE_ALL_PIDS, host: hostname() });
    const heir = `${path}.${createHash('sha256')
      .update(await readFile(path, 'utf8'))
      .digest('hex')
      .slice(0, 16)}`;
    await writeFile(heir, '');
    const lock = take(path, { ...patient, takeoverMs: 2_000 });
    expect(await Promise.race([lock, sleep(50)])).toBeUndefined();
    await lock;
    expect(await readdir(join(path, '..'))).toEqual(['x.lock']);
  });

  it.runIf(linux)('of a process that was killed, but not yet waited for, is free', async () => {
    // The shell becomes `sleep` and never asks for its dead child.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const pid = Number(String((await once(parent.stdout, 'data'))[0]));
    while ((await readFile(`/proc/${parent.pid}/comm`, 'utf8')) !== 'sleep\n') await sleep(10);
    process.kill(pid, 'SIGKILL');
    while (!/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8'))) await sleep(10);
    await take(await lockFile({ pid, host: hostname() }));
  });

  it.runIf(linux)('whose pid was given out again is free: the start time tells', async () => {
    const own = await thisHolder();
    expect(own.started).toMatch(/^[0-9a-f-]{36}:\d+$/);
    await expect(take(await lockFile(own))).rejects.toMatchObject({ kind: 'temporary' });
    await take(await lockFile({ ...own, started: `${own.started}0` }));
  });

  it('without a start time is free where it is older than the machine’s start', async () => {
    const owner = { pid: process.ppid, host: hostname(), nonce: 'n' };
    expect(await lifeOf({ ...owner, takenAtMs: Date.now() })).toBe('alive');
    expect(await lifeOf({ ...owner, takenAtMs: 0 })).toBe('dead');
  });

  it.each([
    ['another machine', { pid: 1, host: 'elsewhere' }, 'process 1 on elsewhere'],
    [
      'another container',
      { pid: 1, host: hostname(), space: 'pid:[1]' },
      'process 1 on another container of this machine',
    ],
  ])(
    'of %s holds until it was silent for long, since its process cannot be seen',
    async (what, owner, named) => {
      if (what === 'another container' && !linux) return; // only Linux tells its process tables apart
      const path = await lockFile(owner);
      const refused = { kind: 'temporary', message: expect.stringContaining(named) };
      await expect(take(path)).rejects.toMatchObject(refused);
      await expect(take(path)).rejects.toMatchObject({ hint: expect.stringContaining(path) });
      await take(path, { ...patient, silenceMs: 0 });
    },
  );

  describe.runIf(linux)('of another boot of a machine of this name', () => {
    // All machines have this space, unless their processes are in containers.
    const ofOtherBoot = async () =>
      lockFile({ ...(await thisHolder()), pid: ABOVE_ALL_PIDS, started: `${randomUUID()}:4711` });
    const silentFor50ms = async () => {
      const path = await ofOtherBoot();
      await sleep(50);
      return path;
    };

    it('holds while it may be another machine: its process cannot be seen', async () => {
      const named = expect.stringMatching(
        / on another machine named .*, or on this one before it was restarted/,
      );
      const path = await ofOtherBoot();
      await expect(take(path)).rejects.toMatchObject({ kind: 'temporary', message: named });
      await expect(assertUnlocked(path, 'video.mp4')).rejects.toMatchObject({ message: named });
      await take(path, { ...patient, silenceMs: 0 });
    });

    it('is free after a few beats of silence, where it was silent since this machine was started', async () => {
      await take(await silentFor50ms(), { ...patient, beatMs: 1, uptimeMs: () => 1 });
    });

    it('is another machine’s where it was touched since this one was started', async () => {
      const touched = take(await silentFor50ms(), { ...patient, beatMs: 1 });
      await expect(touched).rejects.toMatchObject({ kind: 'temporary' });
    });

    it('may be another machine’s where this one was started just now', async () => {
      const soon = take(await silentFor50ms(), { ...patient, uptimeMs: () => 1 });
      await expect(soon).rejects.toMatchObject({ kind: 'temporary' });
    });
  });

  it('shows that its owner lives', async () => {
    const path = await lockFile();
    await take(path, { ...patient, beatMs: 20 });
    const { ctimeMs } = await stat(path);
    while ((await stat(path)).ctimeMs === ctimeMs) await sleep(10);
  });

  it('that somebody else took over tells its first owner, who leaves it alone', async () => {
    const path = await lockFile();
    const lock = await take(path, { ...patient, beatMs: 20 });
    const other = JSON.stringify({ pid: 1, host: 'elsewhere', nonce: 'n' });
    const lost = once(lock.lost, 'abort');
    await writeFile(path, other);
    await lost;
    expect(lock.lost.reason).toMatchObject({ kind: 'temporary' });
    await lock.release();
    expect(await readFile(path, 'utf8')).toBe(other);
  });

  it('that was removed by hand is taken once more', async () => {
    const path = await lockFile();
    const lock = await take(path, { ...patient, beatMs: 20 });
    const text = await readFile(path, 'utf8');
    await rm(path);
    while ((await readFile(path, 'utf8').catch(() => '')) !== text) await sleep(10);
    expect(lock.lost.aborted).toBe(false);
  });
});

describe('a lock that cannot be read', () => {
  it.each<[string, (path: string) => unknown, string]>([
    ['a folder', (path) => mkdir(path), 'it is no file'],
    ['a link that leads nowhere', (path) => symlink(join(path, '..', 'gone'), path), 'leads nowhere'],
    ['a pipe, at which a reader would wait', (path) => spawnSync('mkfifo', [path]), 'it is no file'],
  ])('is refused at once, and left alone: %s', async (what, make, why) => {
    if (process.platform === 'win32' && what !== 'a folder') return; // it has none, or only for administrators
    const path = await lockFile();
    await make(path);
    const before = await lstat(path);
    const fact = `the lock of video.mp4 cannot be read (${path}): `;
    for (const look of [() => take(path), () => assertUnlocked(path, 'video.mp4')]) {
      const refusal = await look().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refusal).toMatchObject({ kind: 'input', hint: expect.stringContaining('remove the lock') });
      expect(String(refusal)).toContain(fact);
      expect(String(refusal)).toContain(why);
    }
    expect((await lstat(path)).ino).toBe(before.ino);
    expect(await readdir(join(path, '..'))).toEqual(['x.lock']);
  });
});
