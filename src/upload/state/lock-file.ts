import { lstat, readFile, stat } from 'node:fs/promises';

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
