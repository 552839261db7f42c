import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { PulseError } from '../errors.ts';
import { fsPath, pathText } from '../upload/source/path-text.ts';
import { inputError } from '../upload/source/source.ts';
import type { Filter } from './filter.ts';

/** What a walk comes by: a file (or what a link to nowhere names), a folder that cannot be read, or no file at all. */
export type Step =
  | { readonly kind: 'file'; readonly file: string; readonly relative: string }
  | {
      readonly kind: 'unreadable';
      readonly file: string;
      readonly relative: string;
      readonly problem: PulseError;
    }
  /** A pipe, socket or device. */
  | { readonly kind: 'special' }
  | { readonly kind: 'excluded' };

/** Everything below a folder, in the order of the names; links are followed, and each folder is entered once. */
export async function* walk(folder: string, filter: Filter): AsyncGenerator<Step> {
  const entered = new Set<string>();
  yield* walkInto(folder, '', { filter, entered });
}

interface Walking {
  readonly filter: Filter;
  /** Device and inode of every folder that was entered: this is where loops of links end. */
  readonly entered: Set<string>;
}

async function* walkInto(folder: string, below: string, walking: Walking): AsyncGenerator<Step> {
  const { filter, entered } = walking;
  const listed = await list(folder, entered);
  if (listed === undefined) return;
  if ('problem' in listed) {
    yield { kind: 'unreadable', file: folder, relative: below, problem: listed.problem };
    return;
  }
  for (const { name, entry } of listed.entries) {
    const file = join(folder, name);
    const relative = below === '' ? name : `${below}/${name}`;
    if (await isFolder(file, entry)) {
      if (filter.enters(relative)) yield* walkInto(file, relative, walking);
      else yield { kind: 'excluded' };
    } else if (!entry.isFile() && !entry.isSymbolicLink() && !isUnknown(entry)) {
      yield { kind: 'special' };
    } else {
      yield filter.takes(relative) ? { kind: 'file', file, relative } : { kind: 'excluded' };
    }
  }
}

type Listed =
  | { readonly entries: readonly { readonly name: string; readonly entry: Dirent<Buffer | string> }[] }
  | { readonly problem: PulseError };

/** The folder's entries, sorted; undefined where it was entered before. */
async function list(folder: string, entered: Set<string>): Promise<Listed | undefined> {
  try {
    const { dev, ino } = await stat(fsPath(folder), { bigint: true });
    const key = `${dev}:${ino}`;
    if (entered.has(key) && ino !== 0n) return undefined;
    entered.add(key);
    const found = await entriesOf(folder);
    const entries = found
      .map((entry) => ({ name: typeof entry.name === 'string' ? entry.name : pathText(entry.name), entry }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return { entries };
  } catch (error) {
    return { problem: inputError(folder, error) };
  }
}

/** Names as bytes where the system has bytes: decoded, those that are no UTF-8 would be lost. */
async function entriesOf(folder: string): Promise<readonly Dirent<Buffer | string>[]> {
  if (sep !== '/') return readdir(folder, { withFileTypes: true });
  return readdir(fsPath(folder), { withFileTypes: true, encoding: 'buffer' });
}

async function isFolder(file: string, entry: Dirent<Buffer | string>): Promise<boolean> {
  if (entry.isDirectory()) return true;
  if (!entry.isSymbolicLink() && !isUnknown(entry)) return false;
  const target = await stat(fsPath(file)).catch(() => undefined);
  return target?.isDirectory() === true;
}

/** Some file systems do not say what an entry is. */
function isUnknown(entry: Dirent<Buffer | string>): boolean {
  return !(
    entry.isFile() ||
    entry.isDirectory() ||
    entry.isSymbolicLink() ||
    entry.isFIFO() ||
    entry.isSocket() ||
    entry.isBlockDevice() ||
    entry.isCharacterDevice()
  );
}
