import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { PulseError } from '../../errors.ts';
import { makeFolder, syncFolder } from '../../system/files.ts';
import { renameOver } from '../../system/rename.ts';
import { FILE_MODE, FOLDER_MODE } from '../state/state-folder.ts';
import type { Input } from './input.ts';
import { pipeAgain } from './input.ts';
import { realPathText } from './path-text.ts';

/** The folder of the copies, in the state folder. */
const SPOOL = 'spool';

/** A copy of an input that is not finished; nobody may take it for the whole. */
const UNFINISHED = '.unfinished';

export interface Spool {
  /** Where the copy will be once it is whole; its base name is the one that was asked for, where a file can bear it. */
  readonly path: string;
  /** Reads the input to its end. Resolves with its size; nothing is left behind where it rejects. */
  readonly fill: (input: Input, limits: SpoolLimits) => Promise<number>;
}

interface SpoolLimits {
  /** As the user says: another size is an error. */
  readonly sizeBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A place in the state folder for the copy of an input: readable by this user only, like everything there. */
export async function openSpool(stateDir: string, name: string): Promise<Spool> {
  const folder = join(await spoolFolder(stateDir), randomUUID().slice(0, 8));
  const path = join(folder, fileNameOf(name));
  return {
    path,
    fill: async (input, limits) => {
      try {
        return await fill(folder, path, input, limits);
      } catch (error) {
        await rm(folder, { recursive: true, force: true }).catch(() => undefined);
        throw error;
      }
    },
  };
}

/** Whether a file is such a copy. */
export async function isSpooled(stateDir: string, path: string): Promise<boolean> {
  return (await withoutLinks(dirname(dirname(resolve(path))))) === (await spoolFolder(stateDir));
}

/** Somebody came back for a file: where it is such a copy, its time begins anew. */
export async function renewCopy(stateDir: string, path: string, now: Date): Promise<void> {
  if (!(await isSpooled(stateDir, path))) return;
  await utimes(dirname(path), now, now);
}

export interface Copy {
  readonly path: string;
  readonly sizeBytes: number;
}

/** The copies of which nothing is remembered under these paths. */
export async function unsentCopies(stateDir: string, known: Iterable<string>): Promise<readonly Copy[]> {
  const begun = new Set(known);
  return (await spooledCopies(stateDir)).filter(({ path }) => !begun.has(path));
}

/** The copies that are whole, whether their uploads were begun or not. */
async function spooledCopies(stateDir: string): Promise<readonly Copy[]> {
  const root = await spoolFolder(stateDir);
  const copies: Copy[] = [];
  for (const folder of await readdir(root).catch(() => [])) {
    for (const name of await readdir(join(root, folder)).catch(() => [])) {
      const path = join(root, folder, name);
      const stats = await stat(path).catch(() => undefined);
      if (name !== UNFINISHED && stats?.isFile()) copies.push({ path, sizeBytes: stats.size });
    }
  }
  return copies;
}

/** Removes a copy that nobody needs any more. */
export async function removeSpooled(path: string): Promise<void> {
  await rm(path, { force: true });
  await rmdir(dirname(path)).catch(() => undefined);
}

/** As the paths in records are: absolute and without links, so that copies are found among them. */
export function spoolFolder(stateDir: string): Promise<string> {
  return withoutLinks(resolve(stateDir, SPOOL));
}

/** What is not there yet has no links. */
function withoutLinks(folder: string): Promise<string> {
  return realPathText(folder).catch(() => folder);
}

/** The name is what the server will see; not every name that a server takes can be one of a file here. */
function fileNameOf(name: string): string {
  const fits = Buffer.byteLength(name) <= 200 && !/[<>:"/\\|?*]|\p{Cc}|[. ]$/u.test(name);
  return fits ? basename(name) : 'input';
}

async function fill(
  folder: string,
  path: string,
  input: Input,
  { sizeBytes: said, signal }: SpoolLimits,
): Promise<number> {
  await orSpoolError(path, () => makeFolder(folder, FOLDER_MODE));
  const unfinished = join(folder, UNFINISHED);
  const handle = await orSpoolError(path, () => open(unfinished, 'wx', FILE_MODE));
  let sizeBytes = 0;
  try {
    sizeBytes = await copyAll(handle, path, input, signal);
  } finally {
    await handle.close();
  }
  if (said !== undefined && said !== sizeBytes) {
    throw new PulseError(
      'input',
      `standard input held ${sizeBytes} bytes, expected ${said} (--size); nothing was sent`,
      {
        hint: 'did the program that writes to the pipe fail, or is --size wrong? Then run the whole pipeline again',
      },
    );
  }
  await orSpoolError(path, () => renameOver(unfinished, path));
  // The folders may be as new as the copy.
  for (const above of [folder, dirname(folder), dirname(dirname(folder))]) await syncFolder(above);
  return sizeBytes;
}

/** What was interrupted is no whole input; the end of the pipe is not waited for. */
async function copyAll(
  handle: FileHandle,
  path: string,
  { pieces, close }: Input,
  signal?: AbortSignal,
): Promise<number> {
  signal?.throwIfAborted();
  signal?.addEventListener('abort', close, { once: true });
  let sizeBytes = 0;
  try {
    for await (const piece of pieces) {
      await orSpoolError(path, () => handle.writeFile(piece));
      sizeBytes += piece.byteLength;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', close);
  }
  signal?.throwIfAborted();
  // On the disk before it is called whole: half a copy after a power cut would be sent, and proven, as the input.
  await orSpoolError(path, () => handle.sync());
  return sizeBytes;
}

async function orSpoolError<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new PulseError(
      'input',
      `standard input could not be kept in ${dirname(path)}: ${code}; nothing was sent`,
      {
        hint: `make room there, or name another folder with PULSE_UPLOAD_STATE_DIR; then ${pipeAgain.replace(/;.*/, '')}`,
        cause: error,
      },
    );
  }
}
