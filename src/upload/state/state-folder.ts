import { PulseError } from '../../errors.ts';
import { makeFolder } from '../../system/files.ts';

/** What is remembered is nobody else's business. */
export const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;

/** Runs what writes below a folder, which is made first where it is missing; it may vanish between two calls. */
export function createInFolder(dir: string): <T>(action: () => Promise<T>) => Promise<T> {
  let isMade = false;
  return async (action) => {
    if (!isMade) await makeFolder(dir, FOLDER_MODE);
    isMade = true;
    try {
      return await action();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await makeFolder(dir, FOLDER_MODE);
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
