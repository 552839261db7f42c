import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../../system/files.ts';

/** As whoever runs the server lets new files be: the umask narrows it. */
export const FILE_MODE = 0o666;

/** Errors of systems that cannot fsync a folder (Windows, some network file systems): they promise no more. */
const folderSyncRefusals = new Set(['EPERM', 'EISDIR', 'EACCES', 'EINVAL', 'ENOTSUP', 'EBADF']);

export function errorCode(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}

/** Disk full is the one failure that a client can act on. */
export function isDiskFull(thrown: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(thrown));
}

/** Makes the names in a folder durable, where the system can. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (!folderSyncRefusals.has(errorCode(thrown))) throw thrown;
  }
}

export async function syncFile(path: string): Promise<void> {
  // Windows flushes only handles that may write.
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file as a whole: whoever reads it, also after a crash, finds the old text or the new one. */
export async function writeDurably(path: string, text: string): Promise<void> {
  await replaceFile(path, text, FILE_MODE);
  await syncFolder(dirname(path));
}
