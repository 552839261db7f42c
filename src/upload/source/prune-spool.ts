import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DAY_MS, KEPT_MS } from '../state/kept-uploads.ts';
import { FILE_MODE } from '../state/state-folder.ts';
import { spoolFolder } from './spool.ts';

/** A clock that is set forward makes everything old at once: there is a day to come back for what seems so. */
const NOTICE_MS = DAY_MS;

/** Beside the folder of a copy that seems old: an empty file, as old as that is known. */
const MARK = '.old';

type Remembered = () => Promise<ReadonlySet<string>>;

/** Removes copies that nobody came back for, as long after as the records of uploads: those that were old a day ago as well, and of which no upload is remembered. */
export async function pruneSpool(stateDir: string, nowMs: number, remembered: Remembered): Promise<void> {
  const root = await spoolFolder(stateDir);
  const names = new Set(await readdir(root).catch((): string[] => []));
  const copies = new Set([...names].filter((name) => !name.endsWith(MARK)));
  for (const name of copies) {
    const folder = join(root, name);
    const mark = `${folder}${MARK}`;
    if (!(await isOld(folder, nowMs, remembered))) await rm(mark, { force: true });
    else if (!names.has(`${name}${MARK}`)) await writeMark(mark, nowMs);
    else if (nowMs - (await stat(mark)).mtimeMs > NOTICE_MS) {
      await rm(folder, { recursive: true, force: true });
      await rm(mark, { force: true });
    }
  }
  for (const name of names)
    if (name.endsWith(MARK) && !copies.has(name.slice(0, -MARK.length)))
      await rm(join(root, name), { force: true });
}

async function isOld(folder: string, nowMs: number, remembered: Remembered): Promise<boolean> {
  const { mtimeMs } = await stat(folder);
  if (nowMs - mtimeMs <= KEPT_MS) return false;
  const known = await remembered();
  return !(await readdir(folder)).some((file) => known.has(join(folder, file)));
}

async function writeMark(mark: string, nowMs: number): Promise<void> {
  await writeFile(mark, '', { mode: FILE_MODE });
  await utimes(mark, nowMs / 1000, nowMs / 1000);
}
