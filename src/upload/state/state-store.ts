import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PulseError } from '../../errors.ts';
import { readText, removeFile, replaceFile } from '../../system/files.ts';
import { pruneSpool } from '../source/prune-spool.ts';
import { renewCopy } from '../source/spool.ts';
import { pruneUploads, rememberedPaths, renewUpload } from './kept-uploads.ts';
import { acquireLock, assertUnlocked, type Lock } from './lock.ts';
import { nameOf, parseRecord, type UploadKey, type UploadRecord } from './record.ts';
import { recordPath, takeOwnName } from './record-path.ts';
import { createInFolder, FILE_MODE, orStateError } from './state-folder.ts';

export type { UploadKey, UploadRecord } from './record.ts';

/** One record per upload. Records are replaced whole: a crash leaves the old one or the new one. */
export interface StateStore {
  /** Throws `temporary` when another live process holds this upload; its release throws `input` where the lock stays behind. */
  readonly lock: (key: UploadKey) => Promise<Lock>;
  /**
   * The record; undefined where there is none. One that cannot be trusted is set aside, and `onSetAside` is told. Throws
   * `input` for one that may not be read: it may be a good one, of another user.
   */
  readonly read: (key: UploadKey, onSetAside: (message: string) => void) => Promise<UploadRecord | undefined>;
  /** The record where there is a trustworthy one; changes nothing. Throws like `lock`. */
  readonly peek: (key: UploadKey) => Promise<UploadRecord | undefined>;
  readonly write: (record: UploadRecord) => Promise<void>;
  readonly remove: (key: UploadKey) => Promise<void>;
  /** Somebody came back for an upload: neither its record nor its copy of standard input is old any more. Never throws. */
  readonly renew: (key: UploadKey) => Promise<void>;
  /** Removes what nobody can need any more, and tells the records among it. Never throws. */
  readonly prune: (nowMs: number) => Promise<readonly UploadRecord[]>;
}

export function openStateStore(dir: string, now: () => Date = () => new Date()): StateStore {
  const inFolder = createInFolder(dir);
  const pathOf = (key: UploadKey, extension: string) => join(dir, `${nameOf(key)}.${extension}`);
  const load = (key: UploadKey) =>
    orStateError(dir, async () => {
      const path = recordPath(dir, key);
      const text = await readText(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        if (error.code === 'EISDIR') return { distrusted: 'cannot be read (EISDIR)' };
        throw unreadable(path, error);
      });
      if (typeof text !== 'string') return text;
      const record = parseRecord(text);
      return 'distrusted' in record || nameOf(record) === nameOf(key)
        ? record
        : { distrusted: 'belongs to another upload' };
    });
  return {
    lock: (key) =>
      orStateError(dir, async () => {
        const lock = await inFolder(() => acquireLock(pathOf(key, 'lock'), key.path));
        await takeOwnName(dir, key);
        return { ...lock, release: () => orStateError(dir, lock.release) };
      }),
    read: async (key, onSetAside) => {
      // Of most files there is none, and an error for each would cost more than this.
      if (!existsSync(pathOf(key, 'json'))) return undefined;
      const record = await load(key);
      if (record === undefined || !('distrusted' in record)) return record;
      const path = pathOf(key, 'json');
      await orStateError(dir, async () => {
        // Whatever an earlier one is: a folder, for example, could not be replaced.
        await rm(`${path}.unreadable`, { recursive: true, force: true });
        await rename(path, `${path}.unreadable`);
      });
      onSetAside(`the saved state ${path} ${record.distrusted}; it was set aside as ${path}.unreadable`);
      return undefined;
    },
    peek: async (key) => {
      // Asked for every file of a long list and in every protocol, and nearly none is there: no error is made for each.
      if (!existsSync(pathOf(key, 'lock')) && !existsSync(recordPath(dir, key))) return undefined;
      await orStateError(dir, () => assertUnlocked(pathOf(key, 'lock'), key.path));
      const record = await load(key);
      return record === undefined || 'distrusted' in record ? undefined : record;
    },
    write: (record) =>
      orStateError(dir, async () => {
        const saved: UploadRecord = { ...record, savedAt: now().toISOString() };
        await inFolder(() => replaceFile(pathOf(record, 'json'), `${JSON.stringify(saved)}\n`, FILE_MODE));
      }),
    remove: (key) => orStateError(dir, () => removeFile(pathOf(key, 'json'))),
    renew: async (key) => {
      await renewCopy(dir, key.path, now()).catch(() => undefined);
      await renewUpload(dir, key, now()).catch(() => undefined);
    },
    prune: async (nowMs) => {
      const pruned = await pruneUploads(dir, nowMs).catch(() => []);
      await pruneSpool(dir, nowMs, () => rememberedPaths(dir)).catch(() => undefined);
      return pruned;
    },
  };
}

function unreadable(path: string, cause: NodeJS.ErrnoException): PulseError {
  return new PulseError('input', `the saved state ${path} cannot be read: ${cause.code}`, {
    hint: 'make it readable; if it is another user’s, name another state folder with PULSE_UPLOAD_STATE_DIR',
    cause,
  });
}
