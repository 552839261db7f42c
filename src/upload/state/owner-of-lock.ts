import { readlink } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { kill } from 'node:process';
import { lookUp, type Self, thisProcess } from '../../system/processes.ts';

/** The process that holds a lock, told so that others can see whether it still lives. */
export interface Owner extends Self {
  /** The process table that the pid belongs to (Linux): containers share a host name, but not their pids. */
  readonly space?: string;
  /** When the lock was taken, in milliseconds since 1970: what is older than the machine's start is dead. */
  readonly takenAtMs?: number;
  readonly nonce: string;
}

/**
 * `unseen`: on another machine or in another container, where its process cannot be looked at from here.
 * `otherBoot`: this machine before it was restarted, or another machine that has its name.
 */
export type Life = 'alive' | 'dead' | 'unseen' | 'otherBoot';

/** Slack for a clock that was set between the start of the machine and now. */
const CLOCK_SLACK_MS = 10 * 60_000;

type Holder = Omit<Owner, 'nonce' | 'takenAtMs'>;
let own: Promise<Holder> | undefined;

/** This process, as others will look it up. */
export function thisHolder(): Promise<Holder> {
  own ??= Promise.all([thisProcess(), pidSpace()]).then(([self, space]) => ({
    ...self,
    ...(space !== undefined && { space }),
  }));
  return own;
}

export async function lifeOf(owner: Owner): Promise<Life> {
  const here = await thisHolder();
  if (owner.host !== hostname() || differ(owner.space, here.space)) return 'unseen';
  // Without containers every Linux machine has its processes in a space of the same number.
  if (differ(bootOf(owner), bootOf(here))) return 'otherBoot';
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

function differ(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

/** The start of the machine that a start time counts from, where the system names it (Linux). */
function bootOf({ started }: Holder): string | undefined {
  return /^([0-9a-f-]{36}):/.exec(started ?? '')?.[1];
}

async function pidSpace(): Promise<string | undefined> {
  return readlink('/proc/self/ns/pid').catch(() => undefined);
}
