import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { kill, pid as ownPid } from 'node:process';
import { PulseError } from '../errors.ts';

export interface Lock {
  readonly release: () => Promise<void>;
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Start time of the process where the system tells it: a pid that was given out again is another owner. */
  readonly started?: string;
  readonly nonce: string;
}

/**
 * Takes the lock file, or throws `temporary` naming its live owner. The lock of a process that died is taken over.
 * A lock made on another machine is left alone: whether its owner lives cannot be seen from here.
 * `what` is locked, and what its owner does to it is `doing`.
 */
export async function acquireLock(
  path: string,
  what: string,
  doing = 'is being uploaded to this server',
): Promise<Lock> {
  const own: Owner = { ...thisProcess(), nonce: randomUUID() };
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await createExclusively(path, JSON.stringify(own))) return { release: () => release(path, own) };
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const owner = parseOwner(text);
    if (owner !== undefined && isAlive(owner)) throw heldBy(owner, path, `${what} ${doing}`);
    await setAside(path, text);
  }
  throw new PulseError('temporary', `the lock of ${what} (${path}) could not be taken`, {
    hint: 'run the same command again',
  });
}

/** The content arrives with the name, so that nobody ever reads a half-written lock. */
async function createExclusively(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}`;
  const handle = await open(temporary, 'wx', 0o600);
  await handle.writeFile(text);
  await handle.close();
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return false;
    // Some file systems have no hard links; an exclusive create is the next best.
    const fallback = await open(path, 'wx', 0o600).catch((failure: NodeJS.ErrnoException) => {
      if (failure.code === 'EEXIST') return undefined;
      throw failure;
    });
    if (fallback === undefined) return false;
    await fallback.writeFile(text);
    await fallback.close();
    return true;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Removes a dead lock unless somebody else replaced it in the meantime: then theirs is put back. */
async function setAside(path: string, expected: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return; // another process was faster
  }
  const text = await readFile(aside, 'utf8').catch(() => expected);
  if (text !== expected) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function release(path: string, own: Owner): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (parseOwner(text)?.nonce === own.nonce) await rm(path, { force: true });
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    const valid =
      Number.isInteger(owner?.pid) && typeof owner?.host === 'string' && typeof owner.nonce === 'string';
    return valid ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  try {
    kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const started = startTime(owner.pid);
  return owner.started === undefined || started === undefined || owner.started === started;
}

function thisProcess(): Omit<Owner, 'nonce'> {
  const started = startTime(ownPid);
  return { pid: ownPid, host: hostname(), ...(started !== undefined && { started }) };
}

/** Field 22 of /proc/<pid>/stat with the boot id (Linux); undefined elsewhere. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return ticks === undefined ? undefined : `${boot}:${ticks}`;
  } catch {
    return undefined;
  }
}

function heldBy(owner: Owner, path: string, fact: string): PulseError {
  const where = owner.host === hostname() ? `process ${owner.pid}` : `process ${owner.pid} on ${owner.host}`;
  const hint =
    owner.host === hostname()
      ? 'wait until it has ended, then run the same command again'
      : `if that machine no longer runs it, remove ${path} and run the same command again`;
  return new PulseError('temporary', `${fact} by ${where}`, { hint });
}
