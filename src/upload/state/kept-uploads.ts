import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PulseError } from '../../errors.ts';
import { readText, replaceFile } from '../../system/files.ts';
import { isExpired } from '../open/expiry.ts';
import { identify, isAbsent, sameFile } from '../source/source.ts';
import { acquireLock, assertUnlocked } from './lock.ts';
import { failedAtEnd, nameOf, parseRecord, type UploadKey, type UploadRecord } from './record.ts';
import { recordPath } from './record-path.ts';
import { FILE_MODE, orStateError } from './state-folder.ts';

export const DAY_MS = 24 * 60 * 60_000;

/** What nobody went on with for so long will not be gone on with. */
export const KEPT_MS = 30 * DAY_MS;

/** Our clock and the server's may differ: an upload is given up only when it must be gone. */
const EXPIRY_SLACK_MS = DAY_MS;

/** What was written so short a time ago is new enough for the run that comes back for it. */
const RENEWED_AFTER_MS = 60 * 60_000;

/** Files of the state folder that one run looks at to prune them. */
const PRUNED_AT_ONCE = 500;

/** Files that are looked at side by side. */
const AT_ONCE = 32;

/** Our own files in the state folder, and no others: the user may have named a folder that holds more. */
const OWN_NAME = /^[0-9a-f]{40}\./;

/** Whether the same command would go on with an upload, and if not, why. */
export type Outlook =
  | 'resumable'
  /** All bytes are there; finalize was sent, and its answer is not known. */
  | 'finalizing'
  /** All bytes are there; what is left is to finalize or to prove it. */
  | 'complete'
  /** All bytes are there, but the server answered the last of them with an error: only reading them back tells more. */
  | 'failed-at-end'
  /** The server answers no HEAD, so that nobody can say where to go on. */
  | 'headless'
  | 'in-use'
  | 'changed'
  | 'missing'
  | 'unreadable'
  | 'expired';

export interface KeptUpload {
  readonly record: UploadRecord;
  readonly outlook: Outlook;
}

/** Every upload that is remembered, the latest first. Looks only; what cannot be trusted is left out. */
export async function keptUploads(dir: string, nowMs: number): Promise<readonly KeptUpload[]> {
  const records = await readRecords(dir, await namesIn(dir));
  const kept = await eachOf(records, async (record) => ({
    record,
    outlook: await outlookOf(dir, record, nowMs),
  }));
  return kept.toSorted((a, b) => savedMs(b.record) - savedMs(a.record));
}

/** The files whose uploads are remembered. */
export async function rememberedPaths(dir: string): Promise<ReadonlySet<string>> {
  return new Set((await readRecords(dir, await namesIn(dir))).map(({ path }) => path));
}

/** Forgets one upload; throws `temporary` while a process works on it. */
export async function forgetUpload(dir: string, record: UploadRecord): Promise<void> {
  await orStateError(dir, async () => {
    const path = join(dir, nameOf(record));
    const lock = await acquireLock(`${path}.lock`, record.path);
    try {
      await rm(recordPath(dir, record), { force: true });
    } finally {
      await lock.release();
    }
  });
}

/** Somebody came back for an upload: its time begins anew. Throws `temporary` while a process works on it. */
export async function renewUpload(dir: string, key: UploadKey, now: Date): Promise<void> {
  const path = recordPath(dir, key);
  // Of most files there is none, and an error for each would cost more than this.
  if (!existsSync(path)) return;
  const read = async () => (await readRecords(dir, [basename(path)]))[0];
  const seen = await read();
  if (seen === undefined || now.getTime() - savedMs(seen) < RENEWED_AFTER_MS) return;
  const lock = await acquireLock(join(dir, `${nameOf(key)}.lock`), key.path);
  try {
    const record = await read();
    const renewed = { ...record, savedAt: now.toISOString() };
    if (record !== undefined) await replaceFile(path, `${JSON.stringify(renewed)}\n`, FILE_MODE);
  } finally {
    await lock.release();
  }
}

/**
 * Removes what nobody can need any more, and tells the records among it. Uploads that are worked on are left alone.
 * Of very many records it looks at some, others every time, so that a run does not wait for it.
 */
export async function pruneUploads(dir: string, nowMs: number): Promise<readonly UploadRecord[]> {
  const names = await namesIn(dir);
  const start = names.length > PRUNED_AT_ONCE ? Math.floor(nowMs) % names.length : 0;
  const some = [...names.slice(start), ...names.slice(0, start)].slice(0, PRUNED_AT_ONCE);
  const pruned: UploadRecord[] = [];
  for (const record of await readRecords(dir, some)) {
    const ageMs = nowMs - savedMs(record);
    // Whoever came back after the term has not learned from the server yet that the upload is gone.
    const isOver = isExpired(record, nowMs - EXPIRY_SLACK_MS) && ageMs > EXPIRY_SLACK_MS;
    if (ageMs <= KEPT_MS && !isOver) continue;
    await forgetUpload(dir, record).then(
      () => pruned.push(record),
      () => undefined,
    );
  }
  await removeLeftovers(dir, nowMs - KEPT_MS, some);
  return pruned;
}

/** Records that were set aside, and what processes that were killed left behind. */
export async function removeLeftovers(
  dir: string,
  beforeMs: number,
  among?: readonly string[],
): Promise<number> {
  const names = (among ?? (await namesIn(dir))).filter((name) => !name.endsWith('.json'));
  const removed = await eachOf(names, async (name) => {
    const path = join(dir, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (mtimeMs > beforeMs) return false;
    if (name.endsWith('.lock') && (await isLocked(path))) return false;
    return rm(path).then(
      () => name.endsWith('.unreadable'),
      () => false,
    );
  });
  return removed.filter(Boolean).length;
}

async function readRecords(dir: string, names: readonly string[]): Promise<readonly UploadRecord[]> {
  const records = names.filter((name) => name.endsWith('.json'));
  const read = await eachOf(records, async (name) => {
    const text = await readText(join(dir, name)).catch(() => undefined);
    const record = text === undefined ? undefined : parseRecord(text);
    const isOurs =
      record !== undefined && !('distrusted' in record) && name === basename(recordPath(dir, record));
    return isOurs ? record : undefined;
  });
  return read.filter((record) => record !== undefined);
}

async function namesIn(dir: string): Promise<readonly string[]> {
  return orStateError(dir, async () => {
    try {
      return (await readdir(dir)).filter((name) => OWN_NAME.test(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

async function outlookOf(dir: string, record: UploadRecord, nowMs: number): Promise<Outlook> {
  if (await isLocked(join(dir, `${nameOf(record)}.lock`))) return 'in-use';
  try {
    const now = await identify(record.path, record.path);
    if (!sameFile(now, record.identity)) return 'changed';
  } catch (error) {
    return isAbsent(error) ? 'missing' : 'unreadable';
  }
  if (failedAtEnd(record)) return 'failed-at-end';
  if (record.phase === 'finalizing' || record.phase === 'complete') return record.phase;
  if (isExpired(record, nowMs)) return 'expired';
  return record.headless ? 'headless' : 'resumable';
}

async function isLocked(path: string): Promise<boolean> {
  try {
    await assertUnlocked(path, '');
    return false;
  } catch (error) {
    if (error instanceof PulseError) return true;
    throw error;
  }
}

/** When an upload was last heard of. */
function savedMs({ savedAt, createdAt }: UploadRecord): number {
  return Date.parse(savedAt ?? createdAt);
}

/** The results for all items in their order, a bounded number of them in the making. */
async function eachOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  return results;
}
