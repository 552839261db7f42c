import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, unlinkSync } from 'node:fs';
import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { PulseError } from '../../errors.ts';
import { createExclusively } from '../../system/exclusive-file.ts';
import { removeFile } from '../../system/files.ts';
import { readLock } from './lock-file.ts';
import { type Life, lifeOf, type Owner, parseOwner, thisHolder } from './owner-of-lock.ts';

export interface Lock {
  /** Fires, with a `PulseError` as reason, when somebody else has taken the lock in the meantime. */
  readonly lost: AbortSignal;
  /** Rejects where the file stays behind; it holds nobody off then. */
  readonly release: () => Promise<void>;
}

/** A lock that is a file. */
export interface FileLock extends Lock {
  /** For the end of the process, where nothing is waited for any more: removes the file where it can. */
  readonly releaseAtOnce: () => void;
}

export interface LockTiming {
  /** How often the owner shows that it lives, for those who cannot see its process. */
  readonly beatMs: number;
  /** An owner on another machine that was silent for so long is taken for dead. */
  readonly silenceMs: number;
  /** How long this machine has been up: who has touched a lock since is none of its earlier processes. */
  readonly uptimeMs?: () => number;
  /** To take over a dead lock takes milliseconds; whoever began it this long ago died on the way. */
  readonly takeoverMs: number;
}

const UPLOADED = 'is being uploaded to this server';

const TAKEOVER_LOOK_MS = 20;

/** Locks of this process, by their nonces, that it has released and could not remove: it lives, and holds them no more. */
const leftBehind = new Set<string>();

/** Silence is many missed beats: a laptop that sleeps for a moment, or a slow network folder, is not dead. */
const usualTiming: LockTiming = { beatMs: 30_000, silenceMs: 15 * 60_000, takeoverMs: 10_000 };

/** Who may have died with a restart of this machine is dead after so many missed beats, and not after any silence. */
const MISSED_BEATS = 4;

/**
 * Takes the lock file, or throws `temporary` naming its live owner, and `input` where what is there cannot be read. The lock of a process that died is taken over;
 * that of another machine or container when it was silent for long.
 * `what` is locked, and what its owner does to it is `doing`.
 */
export async function acquireLock(
  path: string,
  what: string,
  doing = UPLOADED,
  timing = usualTiming,
): Promise<FileLock> {
  const own: Owner = { ...(await thisHolder()), takenAtMs: Date.now(), nonce: randomUUID() };
  for (let attempt = 0; attempt < (2 * timing.takeoverMs) / TAKEOVER_LOOK_MS; attempt++) {
    if (await createExclusively(path, JSON.stringify(own))) return held(path, own, what, timing);
    const text = await readOrRefuse(path, what);
    if (text === undefined) continue;
    await assertDead(path, text, `${what} ${doing}`, timing, fileSystemNowMs);
    await removeDead(path, text, timing);
  }
  throw new PulseError('temporary', `the lock of ${what} (${path}) could not be taken`, {
    hint: 'run the same command again',
  });
}

/** Throws where somebody alive holds the lock, like `acquireLock`; takes and touches nothing. */
export async function assertUnlocked(path: string, what: string, doing = UPLOADED): Promise<void> {
  const text = await readOrRefuse(path, what);
  if (text !== undefined)
    await assertDead(path, text, `${what} ${doing}`, usualTiming, async () => Date.now());
}

/** Who holds a lock that cannot be read is not known: it is left alone, and nobody waits for it. */
async function readOrRefuse(path: string, what: string): Promise<string | undefined> {
  try {
    return await readLock(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new PulseError('input', `the lock of ${what} cannot be read (${path}): ${code ?? message}`, {
      hint: 'it may be the lock of another user: wait until that one has ended; where nobody is at work, remove the lock',
      cause: error,
    });
  }
}

async function assertDead(
  path: string,
  text: string,
  fact: string,
  timing: LockTiming,
  nowMs: (path: string) => Promise<number>,
): Promise<void> {
  const owner = parseOwner(text);
  const life = owner === undefined || leftBehind.has(owner.nonce) ? 'dead' : await lifeOf(owner);
  if (owner === undefined || life === 'dead') return;
  const beat = await stat(path).catch(() => undefined);
  if (beat === undefined) return;
  if (life !== 'alive' && (await nowMs(path)) - beat.ctimeMs >= deadlySilenceMs(life, timing)) return;
  throw heldBy(owner, life, path, fact);
}

/**
 * How long an owner that cannot be looked at has to be silent. One that has been since before this machine was started
 * is likely to have died with it; any other one beside it is another machine of the same name.
 */
function deadlySilenceMs(life: Life, { beatMs, silenceMs, uptimeMs = sinceBootMs }: LockTiming): number {
  return life === 'otherBoot' ? Math.min(silenceMs, Math.max(uptimeMs(), MISSED_BEATS * beatMs)) : silenceMs;
}

function sinceBootMs(): number {
  return uptime() * 1000;
}

/** The time of the file system that the lock is on: the clocks of two machines need not agree. */
async function fileSystemNowMs(path: string): Promise<number> {
  const probe = `${path}.${randomUUID()}`;
  try {
    await (await open(probe, 'wx', 0o600)).close();
    return (await stat(probe)).ctimeMs;
  } finally {
    await rm(probe, { force: true });
  }
}

function held(path: string, own: Owner, what: string, { beatMs }: LockTiming): FileLock {
  const lost = new AbortController();
  let isReleased = false;
  const timer = setInterval(async () => {
    if (await beat(path, own, () => isReleased)) return;
    clearInterval(timer);
    lost.abort(
      new PulseError('temporary', `another process has taken over the lock of ${what}; stopped here`, {
        hint: 'this one was silent for too long; look at what the other one says',
      }),
    );
  }, beatMs);
  timer.unref();
  return {
    lost: lost.signal,
    release: async () => {
      isReleased = true;
      clearInterval(timer);
      leftBehind.add(own.nonce);
      if (parseOwner((await readLock(path)) ?? '')?.nonce === own.nonce) await removeFile(path);
      leftBehind.delete(own.nonce);
    },
    releaseAtOnce: () => {
      try {
        if (parseOwner(readFileSync(path, 'utf8'))?.nonce === own.nonce) unlinkSync(path);
      } catch {
        // It is gone already, or stays as after any sudden end.
      }
    },
  };
}

/** Shows that the owner lives; false where the lock is somebody else's by now. */
async function beat(path: string, own: Owner, isReleased: () => boolean): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => error);
  if (typeof text === 'string') {
    if (parseOwner(text)?.nonce !== own.nonce) return false;
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
    return true;
  }
  // Removed by hand, perhaps: taken once more. Any other trouble with the folder says nothing about the lock.
  if (text.code !== 'ENOENT' || isReleased()) return true;
  const isTaken = await createExclusively(path, JSON.stringify(own)).catch(() => true);
  // Where it is there by now, an earlier beat of our own that was slow may have made it.
  return isTaken || isOwn(path, own);
}

async function isOwn(path: string, own: Owner): Promise<boolean> {
  return parseOwner(await readFile(path, 'utf8').catch(() => ''))?.nonce === own.nonce;
}

/**
 * Removes a dead owner's lock. Of several who found it dead only one may, its heir: what the others would remove a
 * moment later could be the lock of the one who was faster.
 */
async function removeDead(path: string, expected: string, { takeoverMs }: LockTiming): Promise<void> {
  const heir = `${path}.${createHash('sha256').update(expected).digest('hex').slice(0, 16)}`;
  try {
    await (await open(heir, 'wx', 0o600)).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await sleep(TAKEOVER_LOOK_MS);
    const begun = await stat(heir).catch(() => undefined);
    if (begun !== undefined && (await fileSystemNowMs(path)) - begun.ctimeMs > takeoverMs)
      await rm(heir, { force: true });
    return;
  }
  try {
    if ((await readFile(path, 'utf8').catch(() => undefined)) === expected) await rm(path, { force: true });
  } finally {
    await rm(heir, { force: true });
  }
}

function heldBy({ pid, host }: Owner, life: Exclude<Life, 'dead'>, path: string, fact: string): PulseError {
  const places = {
    alive: '',
    unseen: ` on ${host === hostname() ? 'another container of this machine' : host}`,
    otherBoot: ` on another machine named ${host}, or on this one before it was restarted`,
  };
  const remove = `if it no longer runs there, remove ${path} and run the same command again`;
  const hints = {
    alive: 'wait until it has ended, then run the same command again',
    unseen: remove,
    otherBoot: `if this machine was restarted just now, run the same command again in two minutes; ${remove}`,
  };
  return new PulseError('temporary', `${fact} by process ${pid}${places[life]}`, { hint: hints[life] });
}
