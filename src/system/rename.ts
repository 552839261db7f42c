import { rename } from 'node:fs/promises';
import { platform } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** The pauses before it is tried again, in milliseconds: a second and a quarter in all. */
const PAUSES_MS = [10, 20, 40, 80, 160, 320, 640] as const;

/** What Windows answers while somebody has one of the two files open. */
const IN_USE: ReadonlySet<unknown> = new Set(['EPERM', 'EACCES', 'EBUSY']);

const thisSystem = {
  platform: platform(),
  rename: (from: string, to: string) => rename(from, to),
  sleep: (ms: number) => sleep(ms),
};

/**
 * Renames onto a name that may be taken. Windows refuses that while anybody has the file open, as a virus scanner or an
 * indexer does for a moment after each write; elsewhere such a refusal is final.
 */
export async function renameOver(from: string, to: string, system = thisSystem): Promise<void> {
  const pausesMs = system.platform === 'win32' ? PAUSES_MS : [];
  for (const pauseMs of pausesMs) {
    try {
      return await system.rename(from, to);
    } catch (error) {
      if (!IN_USE.has((error as NodeJS.ErrnoException).code)) throw error;
      await system.sleep(pauseMs);
    }
  }
  await system.rename(from, to);
}
