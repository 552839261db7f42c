import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PulseError } from '../../errors.ts';
import { renameOver } from '../../system/rename.ts';

/**
 * Makes a folder and those above it, for this user only.
 * One by one: Node's recursive mkdir never returns where the system answers ENOENT below a folder that is there (/proc).
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let folder = path; ; folder = dirname(folder)) {
    const code = await failureOf(() => mkdir(folder, { mode: 0o700 }));
    // macOS answers EISDIR for the root.
    if (code === undefined || code === 'EEXIST' || code === 'EISDIR') break;
    if (code !== 'ENOENT' || folder === dirname(folder)) throw refused(code, folder);
    missing.unshift(folder);
  }
  for (const folder of missing) {
    const code = await failureOf(() => mkdir(folder, { mode: 0o700 }));
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
  mode = 0o600,
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

/** Removes a file of our own, if it is there. `rm` asks what it is before it does so, which is felt with many files. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Runs what writes below a folder, which is made first where it is missing; it may vanish between two calls. */
export function createInFolder(dir: string): <T>(action: () => Promise<T>) => Promise<T> {
  let isMade = false;
  return async (action) => {
    if (!isMade) await makeFolder(dir);
    isMade = true;
    try {
      return await action();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await makeFolder(dir);
      return action();
    }
  };
}

/** Runs what touches the state folder; its failures are errors of kind `input` that name the folder. */
export async function orStateError<T>(dir: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof PulseError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new PulseError('input', `the state folder ${dir} cannot be used: ${code}`, {
      hint: 'make it writable, or name another one with PULSE_UPLOAD_STATE_DIR',
      cause: error,
    });
  }
}
