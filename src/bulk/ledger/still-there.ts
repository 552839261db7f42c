import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { PulseError } from '../../errors.ts';
import { replaceFile } from '../../system/files.ts';

/** So much of a ledger is copied at a time. */
const COPY_BYTES = 256 * 1024;

/** What a handle has written: its file is that long, and ends with these lines. */
interface Written {
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  readonly lines: string;
}

/**
 * Whether what was just appended stands in the file that the path names: somebody may have removed or renamed the ledger
 * meanwhile, and what goes on being written to it no run would find again. Throws `input` where another file has taken
 * its place, and where it is shorter than what was written.
 */
export async function isStillAt(path: string, { handle, sizeBytes, lines }: Written): Promise<boolean> {
  const own = await handle.stat({ bigint: true });
  if (own.size < BigInt(sizeBytes)) throw lost(path, 'was emptied');
  const named = await statOf(path);
  if (named === undefined) return false;
  if (named.ino === own.ino && named.dev === own.dev) return true;
  // Some network file systems number one file anew: then its end tells.
  if (named.size === own.size && (await endOf(path, lines)) === lines) return true;
  throw lost(path, 'was replaced by another file');
}

function lost(path: string, how: string): PulseError {
  return new PulseError('input', `the ledger ${path} ${how} while this run wrote to it`, {
    hint: 'leave it alone while a run goes on; what is lost with it is sent once more by the next run',
  });
}

/** Writes all that a handle's file holds to the path, where nothing is any more. Resolves with the new file's handle. */
export async function writtenAnew(path: string, old: FileHandle): Promise<FileHandle> {
  const copy = async (handle: FileHandle) => {
    const buffer = Buffer.alloc(COPY_BYTES);
    for (let at = 0, read = 1; read > 0; at += read) {
      ({ bytesRead: read } = await old.read(buffer, 0, buffer.length, at));
      await handle.appendFile(buffer.subarray(0, read));
    }
  };
  await replaceFile(path, copy, 0o644);
  return open(path, 'a+', 0o644);
}

async function statOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function endOf(path: string, lines: string): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const end = Buffer.alloc(Buffer.byteLength(lines));
    const { size } = await handle.stat();
    await handle.read(end, 0, end.length, Math.max(0, size - end.length));
    return end.toString('utf8');
  } finally {
    await handle.close();
  }
}
