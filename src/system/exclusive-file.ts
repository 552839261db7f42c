import { randomUUID } from 'node:crypto';
import { link, open } from 'node:fs/promises';
import { removeFile } from './files.ts';

/**
 * Makes a file, unless it is there: then false. The content arrives with the name, so that nobody ever reads a
 * half-written lock; what a crash leaves behind has the `temporary` name.
 */
export async function createExclusively(
  path: string,
  text: string,
  { mode = 0o600, temporary = `${path}.${randomUUID()}` } = {},
): Promise<boolean> {
  await writeNew(temporary, text, mode);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // Some file systems have no hard links; an exclusive create is the next best.
    try {
      await writeNew(path, text, mode);
      return true;
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw failure;
    }
  } finally {
    await removeFile(temporary);
  }
}

/** Throws where it is there already. Of what a full disk cuts short nothing stays. */
async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(text).finally(() => handle.close());
  } catch (error) {
    await removeFile(path);
    throw error;
  }
}
