import { open, readFile, rename, rm } from 'node:fs/promises';
import { getPriority, hostname } from 'node:os';
import { pid } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { PulseError } from '../../errors.ts';
import { lookUp, type Self, thisProcess } from '../../system/processes.ts';
import { errorCode } from './durable.ts';

/** Folders that this process has or is about to have: its own pid in a lock does not tell (see `isAlive`). */
const takenHere = new Set<string>();

/**
 * Makes this server the only one on a folder; two would overwrite each other's bytes.
 * Resolves to the function that gives the folder free. Throws `temporary` where another live server has it.
 */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  if (takenHere.has(path)) throw inUse({ pid, host: hostname() }, path);
  takenHere.add(path);
  try {
    await takeOver(path);
  } catch (thrown) {
    takenHere.delete(path);
    throw thrown;
  }
  return async () => {
    await rm(path, { force: true });
    takenHere.delete(path);
  };
}

async function takeOver(path: string): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await create(path)) return;
    const owner = await readOwner(path);
    if (owner !== undefined && (await isAlive(owner))) throw inUse(owner, path);
    await discard(path, owner);
  }
  throw new PulseError('temporary', 'several servers try to take this folder at once', {
    hint: 'start only one',
  });
}

function inUse(owner: Self, path: string): PulseError {
  return new PulseError(
    'temporary',
    `another server (process ${owner.pid} on ${owner.host}) uses this folder`,
    {
      hint: `stop it or choose another folder; if none is running, remove ${path}`,
    },
  );
}

async function create(path: string): Promise<boolean> {
  try {
    const own = await thisProcess();
    const handle = await open(path, 'wx');
    try {
      await handle.writeFile(JSON.stringify(own));
    } finally {
      await handle.close();
    }
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

/** The owner written in the lock; undefined where the lock is gone, or still unreadable after a moment. */
async function readOwner(path: string): Promise<Self | undefined> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const owner: Partial<Self> | null = JSON.parse(await readFile(path, 'utf8'));
      if (typeof owner?.pid === 'number' && typeof owner.host === 'string') return owner as Self;
    } catch (thrown) {
      if (errorCode(thrown) === 'ENOENT') return undefined;
    }
    // Another process is between creating the lock and writing into it, or died there.
    await sleep(20);
  }
  return undefined;
}

async function isAlive(owner: Self): Promise<boolean> {
  // Of another machine on a shared disk nothing can be known.
  if (owner.host !== hostname()) return true;
  // A container gives its server the same pid after every start, so this is the lock of an earlier one.
  if (owner.pid === pid || !isThere(owner.pid)) return false;
  const seen = await lookUp(owner.pid);
  if (seen === 'dead') return false;
  const isKnown = owner.started !== undefined && seen.started !== undefined;
  return !isKnown || owner.started === seen.started;
}

function isThere(somePid: number): boolean {
  try {
    getPriority(somePid);
    return true;
  } catch (thrown) {
    // Anything but "no such process" means that there is one, which is not ours to look at.
    return !String(thrown).includes('ESRCH');
  }
}

/** Removes a dead owner's lock, unless another server was faster and the lock is already its own. */
async function discard(path: string, dead: Self | undefined): Promise<void> {
  const aside = `${path}.${pid}`;
  try {
    await rename(path, aside);
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return;
    throw thrown;
  }
  const moved = await readOwner(aside);
  const isDead = JSON.stringify(moved) === JSON.stringify(dead);
  await (isDead ? rm(aside, { force: true }) : rename(aside, path));
}
