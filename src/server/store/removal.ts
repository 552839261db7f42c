import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { renameOver } from '../../system/rename.ts';
import { errorCode, syncFolder } from './durable.ts';
import { type Entry, type Folders, fileAt, isOwn, isSameFile, readEntry } from './entry.ts';
import type { UploadView } from './upload.ts';

/** The ending of a record whose upload is being removed: nobody finds the upload by it any more. */
const REMOVED = '.removed';

/**
 * Removes everything of an upload. Its record is set aside first, so that a crash at any moment leaves either the whole
 * upload or one that `finishRemovals` makes an end of. It is renamed, not written: a full disk must not be in the way.
 */
export async function removeUpload(folders: Folders, { info, finished }: UploadView): Promise<void> {
  const aside = join(folders.work, info.id + REMOVED);
  await renameOver(join(folders.work, `${info.id}.json`), aside).catch(unlessMissing);
  await syncFolder(folders.work);
  await removeFiles(folders, (await readEntry(aside)) ?? { ...info, finished });
}

/** To be called before anything else is swept away: what a crash inside `removeUpload` left to do. */
export async function finishRemovals(folders: Folders): Promise<void> {
  const names = new Set(await readdir(folders.work));
  for (const name of names) {
    if (!name.endsWith(REMOVED)) continue;
    // What cannot be removed now is tried again at the next start.
    await finishRemoval(folders, name, names).catch(() => {});
  }
}

async function finishRemoval(folders: Folders, name: string, names: ReadonlySet<string>): Promise<void> {
  const path = join(folders.work, name);
  // Where clients choose the ids, an upload that was created since owns the files.
  const isReplaced = names.has(name.replace(REMOVED, '.json'));
  const entry = isReplaced ? undefined : await readEntry(path);
  if (entry === undefined) await rm(path, { force: true });
  else await removeFiles(folders, entry);
}

async function removeFiles({ root, work }: Folders, { id, finished }: Entry): Promise<void> {
  const data = join(work, `${id}.data`);
  if (finished !== undefined) {
    const path = join(root, finished.name);
    // Where the bytes still lie here, the result was written down, and the move was not done or half done.
    const isMoved = (await fileAt(data)) === undefined;
    if (await (isMoved ? isOwn(id, finished, root) : isSameFile(data, path))) await rm(path, { force: true });
  }
  await rm(data, { force: true });
  await rm(join(work, id + REMOVED), { force: true });
}

function unlessMissing(thrown: unknown): void {
  if (errorCode(thrown) !== 'ENOENT') throw thrown;
}
