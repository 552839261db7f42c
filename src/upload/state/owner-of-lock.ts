import { readlink } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { kill, pid as ownPid } from 'node:process';
import { lookUp } from '../../processes/look-up.ts';

/** The process that holds a lock, told so that others can see whether it still lives. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** The process table that the pid belongs to (Linux): containers share a host name, but not their pids. */
  readonly space?: string;
  /** When the process started, where the system tells it: a pid that was given out again is another owner. */
  readonly started?: string;
  /** When the lock was taken, in milliseconds since 1970: what is older than the machine's start is dead. */
  readonly takenAtMs?: number;
  readonly nonce: string;
}

/** `unseen`: on another machine or in another container, where its process cannot be looked at from here. */
export type Life = 'alive' | 'dead' | 'unseen';

/** Slack for a clock that was set between the start of the machine and now. */
const CLOCK_SLACK_MS = 10 * 60_000;

let own: Promise<Omit<Owner, 'nonce' | 'takenAtMs'>> | undefined;

/** This process, as others will look it up. */
export function thisProcess(): Promise<Omit<Owner, 'nonce' | 'takenAtMs'>> {
  own ??= describeThisProcess();
  return own;
}

async function describeThisProcess(): Promise<Omit<Owner, 'nonce' | 'takenAtMs'>> {
  const [space, seen] = [await pidSpace(), await lookUp(ownPid)];
  return {
    pid: ownPid,
    host: hostname(),
    ...(space !== undefined && { space }),
    ...(typeof seen === 'object' && seen.started !== undefined && { started: seen.started }),
  };
}

export async function lifeOf(owner: Owner): Promise<Life> {
  const space = await pidSpace();
  const isElsewhere = owner.space !== undefined && space !== undefined && owner.space !== space;
  if (owner.host !== hostname() || isElsewhere) return 'unseen';
  try {
    kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return 'dead';
  }
  const seen = await lookUp(owner.pid);
  if (seen === 'dead') return 'dead';
  if (owner.started !== undefined && seen.started !== undefined)
    return owner.started === seen.started ? 'alive' : 'dead';
  const machineStartedMs = Date.now() - uptime() * 1000;
  const isOlder = owner.takenAtMs !== undefined && owner.takenAtMs < machineStartedMs - CLOCK_SLACK_MS;
  return isOlder ? 'dead' : 'alive';
}

export function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    const valid =
      Number.isInteger(owner?.pid) && typeof owner?.host === 'string' && typeof owner.nonce === 'string';
    return valid ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}

async function pidSpace(): Promise<string | undefined> {
  return readlink('/proc/self/ns/pid').catch(() => undefined);
}
