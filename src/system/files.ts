import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rm, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { renameOver } from './rename.ts';

/**
 * Makes a folder and those above it, all with this mode.
 * One by one: Node's recursive mkdir never returns where the system answers ENOENT below a folder that is there (/proc).
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const missing: string[] = [];
  for (let folder = path; ; folder = dirname(folder)) {
    const code = await failureOf(() => mkdir(folder, { mode }));
    // macOS answers EISDIR for the root.
    if (code === undefined || code === 'EEXIST' || code === 'EISDIR') break;
    if (code !== 'ENOENT' || folder === dirname(folder)) throw refused(code, folder);
    missing.unshift(folder);
  }
  for (const folder of missing) {
    const code = await failureOf(() => mkdir(folder, { mode }));
    if (code !== undefined && code !== 'EEXIST') throw refused(code, folder);
  }
}

async function failureOf(action: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

function refused(code: string, folder: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`mkdir ${folder}: ${code}`), { code });
}

/**
 * Temporary file, fsync, rename: the content is either the old one or the new one, also after a power cut. What is too
 * long to be held is written by the handle.
 */
export async function replaceFile(
  path: string,
  content: string | ((handle: FileHandle) => Promise<void>),
  mode: number,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await (typeof content === 'string' ? handle.writeFile(content) : content(handle));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await renameOver(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Windows has no such flag. It keeps a pipe in the place of a file from stopping us for ever. */
export const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** What a file of ours says; a pipe in its place says nothing. */
export function readText(path: string): Promise<string> {
  return readFile(path, { encoding: 'utf8', flag: READ });
}

/** A new name outlives a power cut only once its folder is on the disk; Windows does not open folders. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Removes a file of our own, if it is there. `rm` asks what it is before it does so, which is felt with many files. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
