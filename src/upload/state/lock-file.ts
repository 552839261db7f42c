import { randomUUID } from 'node:crypto';
import { link, lstat, open, readFile, stat } from 'node:fs/promises';
import { removeFile } from '../../system/files.ts';

/**
 * What a lock says; undefined where there is none. Throws where that cannot be learned: it may not be read, or is no
 * file. A link that leads nowhere is there, although nothing can be read through it.
 */
export async function readLock(path: string): Promise<string | undefined> {
  try {
    // Whoever opens a pipe waits for somebody to write to it.
    if ((await stat(path)).isFile()) return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    if (!(await isLink(path))) return undefined;
    throw new Error('it is a link that leads nowhere');
  }
  throw new Error('it is no file');
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (stats) => stats.isSymbolicLink(),
    () => false,
  );
}

/** Throws where it is there already. Of what a full disk cuts short nothing stays. */
async function writeNew(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text).finally(() => handle.close());
  } catch (error) {
    await removeFile(path);
    throw error;
  }
}

/** The content arrives with the name, so that nobody ever reads a half-written lock. */
export async function createExclusively(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}`;
  await writeNew(temporary, text);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // Some file systems have no hard links; an exclusive create is the next best.
    try {
      await writeNew(path, text);
      return true;
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw failure;
    }
  } finally {
    await removeFile(temporary);
  }
}
