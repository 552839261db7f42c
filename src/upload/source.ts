import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { PulseError } from '../errors.ts';
import { fsPath, realPathText } from './path-text.ts';

/** What tells one state of a file from another. Nanoseconds and inode numbers are decimal text: they exceed 2^53. */
export interface FileIdentity {
  readonly sizeBytes: number;
  readonly mtimeNs: string;
  readonly inode: string;
  readonly device: string;
}

/** A local file that is being uploaded. Every error is of kind `input`. */
export interface Source {
  /** As the user named it. */
  readonly name: string;
  /** Absolute and without links: the key under which its upload is remembered. */
  readonly path: string;
  readonly identity: FileIdentity;
  /** Fills `target` with the bytes at `offsetBytes`. */
  readonly read: (target: Uint8Array, offsetBytes: number) => Promise<void>;
  /** Throws when the file is no longer what it was when it was opened: two states are never spliced. */
  readonly assertUnchanged: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openSource(name: string): Promise<Source> {
  const path = await orInputError(name, () => realPathText(name));
  const identity = await identify(name, path);
  const handle = await orInputError(name, () => open(fsPath(path), 'r'));
  return {
    name,
    path,
    identity,
    read: (target, offsetBytes) => readFully(name, handle, target, offsetBytes),
    assertUnchanged: async () => {
      const now = await identify(name, path);
      if (!sameFile(now, identity)) throw changed(name, differences(identity, now));
    },
    close: () => handle.close(),
  };
}

export function sameFile(a: FileIdentity, b: FileIdentity): boolean {
  return differences(a, b) === '';
}

function differences(before: FileIdentity, after: FileIdentity): string {
  const words: Readonly<Record<keyof FileIdentity, string>> = {
    sizeBytes: 'size',
    mtimeNs: 'modification time',
    inode: 'inode',
    device: 'device',
  };
  const keys = Object.keys(words) as (keyof FileIdentity)[];
  return keys
    .filter((key) => before[key] !== after[key])
    .map((key) => words[key])
    .join(', ');
}

async function identify(name: string, path: string): Promise<FileIdentity> {
  const stats = await orInputError(name, () => stat(fsPath(path), { bigint: true }));
  if (!stats.isFile()) {
    const what = stats.isDirectory() ? 'a folder' : 'not a regular file';
    const hint = stats.isDirectory() ? 'name the files in it' : 'copy it to a regular file first';
    throw new PulseError('input', `${name} is ${what}, expected a file`, { hint });
  }
  return {
    sizeBytes: Number(stats.size),
    mtimeNs: String(stats.mtimeNs),
    inode: String(stats.ino),
    device: String(stats.dev),
  };
}

async function readFully(
  name: string,
  handle: FileHandle,
  target: Uint8Array,
  offsetBytes: number,
): Promise<void> {
  let filled = 0;
  while (filled < target.byteLength) {
    const length = target.byteLength - filled;
    const { bytesRead } = await orInputError(name, () =>
      handle.read(target, filled, length, offsetBytes + filled),
    );
    if (bytesRead === 0) throw changed(name, 'it became shorter');
    filled += bytesRead;
  }
}

export function changed(name: string, how: string): PulseError {
  return new PulseError(
    'input',
    `${name} changed while it was being uploaded (${how}); the upload was stopped`,
    {
      hint: `wait until nothing writes to ${basename(name)}, then send it once more: that starts a new upload`,
    },
  );
}

const reasons: Readonly<Record<string, { readonly fact: string; readonly hint: string }>> = {
  ENOENT: { fact: 'does not exist', hint: 'check the path' },
  ENOTDIR: { fact: 'does not exist (a part of the path is not a folder)', hint: 'check the path' },
  EACCES: { fact: 'cannot be read: permission denied', hint: 'allow this user to read it' },
  EPERM: { fact: 'cannot be read: permission denied', hint: 'allow this user to read it' },
  ELOOP: { fact: 'is a link that leads to itself', hint: 'check the link' },
  ENAMETOOLONG: { fact: 'has a path that is too long', hint: 'check the path' },
  EMFILE: {
    fact: 'cannot be opened: too many open files',
    hint: 'raise the limit (ulimit -n) or send fewer at once',
  },
};

async function orInputError<T>(name: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const { fact, hint } = reasons[code] ?? {
      fact: `cannot be read: ${code}`,
      hint: 'check the disk that it is on',
    };
    throw new PulseError('input', `${name} ${fact}`, { hint, cause: error });
  }
}
