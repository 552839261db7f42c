import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, open, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PulseError } from '../../errors.ts';
import { makeFolder } from '../../system/files.ts';
import { renameOver } from '../../system/rename.ts';
import { errorCode, syncFile, syncFolder, writeDurably } from './durable.ts';
import { type Entry, fileAt, isOwn, isSameFile, readEntry } from './entry.ts';
import { nameChoices } from './file-name.ts';
import { lockFolder } from './folder-lock.ts';
import { finishRemovals, removeUpload } from './removal.ts';
import type { Store, Writer } from './store.ts';
import { isUploadId, type UploadView } from './upload.ts';

/** Working files live below this folder, which no file name can reach: a name holds no separator. */
const workFolderName = '.incomplete';

/** The umask narrows it. */
const FOLDER_MODE = 0o777;

/** Large enough that hashing a file is bound by the disk, small enough to be no memory to speak of. */
const readBytes = 1024 * 1024;

/** Systems and file systems without hard links. */
const noLinks = new Set([
  'EPERM',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EINVAL',
  'EMLINK',
  'EISDIR',
  'UNKNOWN',
]);

/**
 * Uploads as files: `<id>.data` holds the bytes received so far and nothing else, so that its size is the offset,
 * also after a crash; `<id>.json` holds what is known about the upload. A finished file is moved to the folder
 * itself, never over another file.
 */
export async function diskStore(folder: string): Promise<Store> {
  const { root, work, unlock } = await prepare(folder);

  const dataPath = (id: string) => join(work, `${id}.data`);
  const infoPath = (id: string) => join(work, `${id}.json`);
  const placeOf = ({ info, finished }: UploadView) =>
    finished === undefined ? dataPath(info.id) : join(root, finished.name);

  return {
    async create(info) {
      const handle = await open(dataPath(info.id), 'wx');
      await handle.close();
      try {
        await writeDurably(infoPath(info.id), JSON.stringify(info));
      } catch (thrown) {
        // Where clients choose the ids, what is left here would refuse the same creation for ever.
        await rm(dataPath(info.id), { force: true });
        throw thrown;
      }
    },

    async update(info) {
      await writeDurably(infoPath(info.id), JSON.stringify(info));
    },

    async ids() {
      const names = await readdir(work);
      return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
    },

    async load(id) {
      if (!isUploadId(id)) return undefined;
      const entry = await readEntry(infoPath(id));
      if (entry === undefined) return undefined;
      const { finished, ...info } = entry;
      const data = await fileAt(dataPath(id));
      if (data !== undefined) {
        // A result without a move is what a crash inside finalize leaves: the repeated finalize will finish it.
        return { info, offsetBytes: data.sizeBytes, touchedMs: data.mtimeMs };
      }
      const touchedMs = finished?.writtenMs ?? 0;
      return finished && { info, offsetBytes: finished.sizeBytes, touchedMs, finished };
    },

    async write(id) {
      return fileWriter(dataPath(id));
    },

    async spool(id) {
      // The ending is one that `sweep` removes.
      const path = join(work, `${id}.${randomUUID()}.tmp`);
      const writer = await fileWriter(path, 'wx+');
      return {
        writer,
        read: () => createReadStream(path, { highWaterMark: readBytes }),
        async remove() {
          await writer.close();
          await rm(path, { force: true });
        },
      };
    },

    async sync(id) {
      await syncFile(dataPath(id));
      await syncFolder(work);
    },

    read(upload, range) {
      const bounds = range && { start: range.first, end: range.last };
      return createReadStream(placeOf(upload), { highWaterMark: readBytes, ...bounds });
    },

    async finish(id, wanted) {
      const entry = await readEntry(infoPath(id));
      if (entry === undefined) throw new Error('the upload was removed while it was finished');
      const remembered = entry.finished === undefined ? [] : [entry.finished.name];
      const writtenMs = (await fileAt(dataPath(id)))?.mtimeMs;
      for (const name of [...remembered, ...nameChoices(wanted.name, id)]) {
        const finished = { ...wanted, name, ...(writtenMs !== undefined && { writtenMs }) };
        const path = join(root, name);
        // Written before the move: a crash between the two must not forget where the bytes went.
        await writeDurably(infoPath(id), JSON.stringify({ ...entry, finished } satisfies Entry));
        if (!(await moveToFreeName(dataPath(id), path))) continue;
        await syncFolder(root);
        await syncFolder(work);
        return finished;
      }
      throw new Error('every name for the finished file is taken');
    },

    async holds(upload) {
      const { info, finished } = upload;
      if (finished === undefined) return false;
      const isThere = (await fileAt(placeOf(upload)))?.sizeBytes === finished.sizeBytes;
      return isThere && isOwn(info.id, finished, root);
    },

    async remove(upload) {
      await removeUpload({ root, work }, upload);
    },

    close: unlock,
  };
}

async function prepare(folder: string): Promise<{ root: string; work: string; unlock: () => Promise<void> }> {
  let unlock: (() => Promise<void>) | undefined;
  try {
    await makeFolder(join(folder, workFolderName), FOLDER_MODE);
    const root = await realpath(folder);
    const work = join(root, workFolderName);
    unlock = await lockFolder(join(work, 'lock'));
    await finishRemovals({ root, work });
    await sweep(work);
    return { root, work, unlock };
  } catch (thrown) {
    await unlock?.();
    if (thrown instanceof PulseError) throw thrown;
    throw new PulseError('input', `the folder ${folder} cannot be used for uploads (${errorCode(thrown)})`, {
      hint: 'name a folder that can be written to',
      cause: thrown,
    });
  }
}

/** Removes what a crash inside `create` or `writeDurably` left behind: nobody was ever told about it. */
async function sweep(work: string): Promise<void> {
  const names = new Set(await readdir(work));
  for (const name of names) {
    const isOrphan = name.endsWith('.data') && !names.has(name.replace(/data$/, 'json'));
    if (isOrphan || name.endsWith('.tmp')) await rm(join(work, name), { force: true });
  }
}

async function fileWriter(path: string, flags = 'r+'): Promise<Writer> {
  const handle = await open(path, flags);
  return {
    async write(pieces, positionBytes) {
      // Every write names its place: appending is how a repeated chunk ends up behind the bytes of a broken one.
      const { bytesWritten } = await handle.writev(pieces as Uint8Array[], positionBytes);
      return bytesWritten;
    },
    close: () => handle.close(),
  };
}

/** Moves a file to a name that nobody has; false where it is taken. */
async function moveToFreeName(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (thrown) {
    const code = errorCode(thrown);
    if (noLinks.has(code)) return reserveAndMove(from, to);
    if (code !== 'EEXIST') throw thrown;
    // After a crash between `link` and `rm` the file found there is our own.
    if (!(await isSameFile(from, to))) return false;
  }
  await rm(from);
  return true;
}

async function reserveAndMove(from: string, to: string): Promise<boolean> {
  try {
    await (await open(to, 'wx')).close();
  } catch (thrown) {
    if (errorCode(thrown) === 'EEXIST') return false;
    throw thrown;
  }
  try {
    await renameOver(from, to);
  } catch (thrown) {
    // Of an answer that was lost the move may have been made: then the only copy lies there.
    if ((await fileAt(from)) !== undefined) await rm(to, { force: true });
    throw thrown;
  }
  return true;
}
