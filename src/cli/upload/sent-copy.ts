import type { Output } from '../../output/output.ts';
import type { UploadSettings } from '../../upload/settings.ts';
import { isSpooled, removeSpooled } from '../../upload/source/spool.ts';
import { stateDir } from '../state-dir.ts';

/**
 * Of a file that was named and is done: where it is a copy of standard input, it is removed, or said to stay. True where
 * it is needed no more.
 */
export async function tidyCopy(
  file: string,
  isGone: boolean,
  { finalize }: Pick<UploadSettings, 'finalize'>,
  output: Output,
): Promise<boolean> {
  if (!(await isSpooled(stateDir(), file))) return false;
  if (isGone) output.warn(copyStays(file));
  else if (finalize) await dropCopy(file, output);
  return finalize && !isGone;
}

/** Removes a copy whose upload is done; that it cannot be makes no failure of the upload. */
export async function dropCopy(path: string, { warn }: Output): Promise<void> {
  try {
    await removeSpooled(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    warn(`the copy ${path} could not be removed: ${code}; it is not needed any more`);
  }
}

/** What may be the last copy is not thrown away for a server that was asked and did not find its own. */
export function copyStays(path: string): string {
  return `the server was not seen to have the upload in the end, so the copy stays in ${path}: remove it once the file is known to be there`;
}
