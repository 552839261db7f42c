import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface Folder {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

export async function freshFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'pulse-upload-crash-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** Looks every millisecond, for at most a minute. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (const deadlineMs = performance.now() + 60_000; performance.now() < deadlineMs; await wait(1)) {
    if (holds()) return;
  }
  throw new Error(`waited a minute for ${what}`);
}
