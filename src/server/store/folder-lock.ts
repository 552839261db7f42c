import { randomUUID } from 'node:crypto';
import { readFile, rename, rm } from 'node:fs/promises';
import { getPriority, hostname } from 'node:os';
import { pid } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { PulseError } from '../../errors.ts';
import { createExclusively } from '../../system/exclusive-file.ts';
import { removeFile } from '../../system/files.ts';
import { lookUp, type Self, thisProcess } from '../../system/processes.ts';
import { errorCode, FILE_MODE } from './durable.ts';

/** Folders that this process has or is about to have: its own pid in a lock does not tell (see `isAlive`). */
const takenHere = new Set<string>();

/**
 * Makes this server the only one on a folder; two would overwrite each other's bytes.
 * Resolves to the function that gives the folder free. Throws `temporary` where another live server has it.
 */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  if (takenHere.has(path)) throw inUse({ pid, host: hostname() }, path);
  takenHere.add(path);
  const own = await takeOver(path).catch((thrown) => {
    takenHere.delete(path);
    throw thrown;
  });
  return async () => {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === own) await removeFile(path);
    takenHere.delete(path);
  };
}

/** Resolves to what stands in the lock now. */
async function takeOver(path: string): Promise<string> {
  // The nonce tells it from the lock of any other server, whatever pid that has.
  const own = JSON.stringify({ ...(await thisProcess()), nonce: randomUUID() });
  for (let attempt = 0; attempt < 5; attempt++) {
    // The ending is one that the store sweeps away. Who else may read the folder may read whose it is.
    const how = { mode: FILE_MODE, temporary: `${path}.${randomUUID()}.tmp` };
    if (await createExclusively(path, own, how)) return own;
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

/** The owner written in the lock; undefined where the lock is gone, or still unreadable after a moment. */
async function readOwner(path: string): Promise<Self | undefined> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const owner: Partial<Self> | null = JSON.parse(await readFile(path, 'utf8'));
      if (typeof owner?.pid === 'number' && typeof owner.host === 'string') return owner as Self;
    } catch (thrown) {
      if (errorCode(thrown) === 'ENOENT') return undefined;
    }
    // Where the file system has no hard links, another process is between creating and writing, or died there.
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
