import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { PulseError } from '../../errors.ts';
import { READ } from '../../system/files.ts';
import { again } from '../faults.ts';
import { fsPath, realPathText } from './path-text.ts';

/** What tells one state of a file from another. Nanoseconds and inode numbers are decimal text: they exceed 2^53. */
export interface FileIdentity {
  readonly sizeBytes: number;
  readonly mtimeNs: string;
  readonly inode: string;
}

/** What is being uploaded: a local file, or an input. Every error is of kind `input`. */
export interface Source {
  /** As the user named it. */
  readonly name: string;
  /** Absolute and without links: the key under which its upload is remembered. */
  readonly path: string;
  readonly identity: FileIdentity;
  /** When anything was last done to its inode, as it was opened: in nanoseconds, decimal text. Absent of an input. */
  readonly changedNs?: string;
  /** Undefined as long as its end was not seen. */
  readonly sizeBytes: () => number | undefined;
  /** Fills `target` with the bytes at `offsetBytes`, and tells how many these are: of an input also fewer, but none only at its end. */
  readonly read: (target: Uint8Array, offsetBytes: number) => Promise<number>;
  /** Present where it can be read only once. */
  readonly once?: {
    /** Waits until so many bytes have come, or the end. */
    readonly begin: (bytes: number) => Promise<void>;
    /** What lies before is not needed any more, and cannot be read again. */
    readonly letGo: (beforeBytes: number) => void;
  };
  /** Throws when the file is no longer what it was when it was opened: two states are never spliced. */
  readonly assertUnchanged: () => Promise<void>;
  /** Whether anything was done to its inode since it was opened: a rewrite whose times were set back, or a new mode or link. */
  readonly isTouched: () => Promise<boolean>;
  readonly close: () => Promise<void>;
}

export async function openSource(name: string): Promise<Source> {
  const path = await orInputError(name, () => realPathText(name));
  const identity = await identify(name, path);
  // It may have become a pipe since it was looked at.
  const handle = await orInputError(name, () => open(fsPath(path), READ));
  const look = () => orInputError(name, () => handle.stat({ bigint: true }));
  let changedNs: bigint;
  try {
    // What was opened is what was looked at, and what is looked at from now on.
    const stats = await look();
    changedNs = stats.ctimeNs;
    const opened = identityOf(name, stats);
    if (!sameFile(opened, identity)) throw changed(name, differences(identity, opened));
    await assertNoMore(name, handle, identity.sizeBytes);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    name,
    path,
    identity,
    changedNs: String(changedNs),
    sizeBytes: () => identity.sizeBytes,
    read: (target, offsetBytes) => readFully(name, handle, target, offsetBytes),
    assertUnchanged: async () => {
      const now = await identify(name, path).catch((error: unknown) => {
        throw isAbsent(error) ? vanished(name, error) : error;
      });
      if (!sameFile(now, identity)) throw changed(name, differences(identity, now));
    },
    isTouched: async () => (await look()).ctimeNs !== changedNs,
    close: () => handle.close(),
  };
}

/** What the kernel makes up as it is read (/proc) calls itself a file of no bytes: it would be sent as one. */
async function assertNoMore(name: string, handle: FileHandle, sizeBytes: number): Promise<void> {
  const { bytesRead } = await orInputError(name, () => handle.read(new Uint8Array(1), 0, 1, sizeBytes));
  if (bytesRead === 0) return;
  throw new PulseError('input', `${name} holds more than the ${sizeBytes} bytes that its size says`, {
    hint: 'if something writes to it, wait until that has ended; else copy what it gives to a regular file first',
  });
}

export function sameFile(a: FileIdentity, b: FileIdentity): boolean {
  return differences(a, b) === '';
}

function differences(before: FileIdentity, after: FileIdentity): string {
  const words: Readonly<Record<keyof FileIdentity, string>> = {
    sizeBytes: 'size',
    mtimeNs: 'modification time',
    inode: 'inode',
  };
  const keys = Object.keys(words) as (keyof FileIdentity)[];
  return keys
    .filter((key) => before[key] !== after[key])
    .map((key) => words[key])
    .join(', ');
}

/** What the file at a real path is now. Throws `input`, also for what is no regular file. */
export async function identify(name: string, path: string): Promise<FileIdentity> {
  return identityOf(name, await orInputError(name, () => stat(fsPath(path), { bigint: true })));
}

function identityOf(name: string, stats: BigIntStats): FileIdentity {
  if (!stats.isFile()) {
    const hint = stats.isDirectory()
      ? 'add -r to send everything in it, or name the files in it'
      : 'copy what it gives to a regular file first';
    throw new PulseError('input', `${name} is ${kindOf(stats)}, expected a file`, { hint });
  }
  return {
    sizeBytes: Number(stats.size),
    mtimeNs: String(stats.mtimeNs),
    inode: String(stats.ino),
  };
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
  return stats.isCharacterDevice() || stats.isBlockDevice() ? 'a device' : 'not a regular file';
}

/** Whether an error says that there is no such file. */
export function isAbsent(error: unknown): boolean {
  const code =
    error instanceof PulseError ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function readFully(
  name: string,
  handle: FileHandle,
  target: Uint8Array,
  offsetBytes: number,
): Promise<number> {
  let filled = 0;
  while (filled < target.byteLength) {
    const length = target.byteLength - filled;
    const { bytesRead } = await orInputError(name, () =>
      handle.read(target, filled, length, offsetBytes + filled),
    );
    if (bytesRead === 0) throw changed(name, 'it became shorter');
    filled += bytesRead;
  }
  return filled;
}

function changed(name: string, how: string): PulseError {
  return new PulseError(
    'input',
    `${name} changed while it was being uploaded (${how}); the upload was stopped`,
    {
      hint: `wait until nothing writes to ${basename(name)}, then send it once more: that starts a new upload`,
    },
  );
}

/** The same where neither size nor times show it: what is remembered would be taken for this file's by the next run. */
export class OtherContent extends PulseError {
  constructor(name: string, how: string) {
    const { message, hint } = changed(name, how);
    super('input', message, { hint });
  }
}

function vanished(name: string, cause: unknown): PulseError {
  return new PulseError(
    'input',
    `${name} vanished while it was being uploaded (removed or renamed); the upload was stopped`,
    { hint: `put the same file back, then ${again}`, cause },
  );
}

const reasons: Readonly<Record<string, { readonly fact: string; readonly hint: string }>> = {
  ENOENT: { fact: 'does not exist', hint: 'check the path' },
  ENOTDIR: { fact: 'does not exist (a part of the path is not a folder)', hint: 'check the path' },
  EACCES: { fact: 'cannot be read: permission denied', hint: 'allow this user to read it' },
  EPERM: { fact: 'cannot be read: permission denied', hint: 'allow this user to read it' },
  ELOOP: { fact: 'is a link that leads to itself', hint: 'check the link' },
  ENAMETOOLONG: { fact: 'has a path that is too long', hint: 'check the path' },
  EISDIR: { fact: 'is a folder, expected a file or a pipe', hint: 'name files, or a folder with -r' },
  EIO: { fact: 'cannot be read: the disk reports an error (EIO)', hint: 'check the disk that it is on' },
  ESTALE: {
    fact: 'was removed or replaced on its file server (ESTALE)',
    hint: 'check that it is still there, then run the same command again',
  },
  EMFILE: {
    fact: 'cannot be opened: too many open files',
    hint: 'raise the limit (ulimit -n) or send fewer at once',
  },
};

async function orInputError<T>(name: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw inputError(name, error);
  }
}

/** What the system said about a file, in words. */
export function inputError(name: string, error: unknown): PulseError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  if (code === 'ENOENT' && name.includes('\ufffd')) return notText(name, error);
  const { fact, hint } = reasons[code] ?? {
    fact: `cannot be read: ${code}`,
    hint: 'check the disk that it is on',
  };
  return new PulseError('input', `${name} ${fact}`, { hint, cause: error });
}

/** Node turns what is no UTF-8 in an argument into U+FFFD, so that the file of that name cannot be found. */
function notText(name: string, cause: unknown): PulseError {
  return new PulseError(
    'input',
    `${name} does not exist; if its name is not UTF-8, it cannot be given as an argument`,
    {
      hint: 'name the folder that it is in, with -r, or give its name in a list, with --files-from0',
      cause,
    },
  );
}
