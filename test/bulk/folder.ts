import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Collected, collect, type Looking, type Sources } from '../../src/bulk/collect.ts';
import { createFilter } from '../../src/bulk/filter.ts';
import type { Item } from '../../src/bulk/items.ts';

/** Long enough ago for every file to count as finished. */
const LONG_AGO = new Date('2026-01-31T12:00:00Z');

export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'pulse-upload-bulk-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A folder with these files; what each holds is its name, where nothing else is said. */
export async function folderOf(...files: readonly (string | readonly [string, string])[]): Promise<string> {
  const dir = await temporaryFolder();
  for (const entry of files) {
    const [name, content] = typeof entry === 'string' ? [entry, entry] : entry;
    const path = join(dir, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    await utimes(path, LONG_AGO, LONG_AGO);
  }
  return dir;
}

/** The bytes as a stream of small pieces, so that nothing ends where a piece does. */
export async function* pieces(bytes: string | Buffer, size = 7): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(bytes);
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}

export function collected(changes: Partial<Sources>, looking: Partial<Looking> = {}): Promise<Collected> {
  const nothing = { operands: [], lists: [], manifests: [], recursive: false, filter: createFilter([], []) };
  return collect({ ...nothing, ...changes }, { dateMs: Date.now, ...looking });
}

/** An item as a run sees it: of this name and size. */
export function item(file: string, sizeBytes = 1, mtimeNs = 0n): Item {
  return { file, relative: file, sizeBytes, mtimeNs };
}
