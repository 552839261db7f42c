import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './durable.ts';
import type { FinishedFile, UploadInfo } from './upload.ts';

/** What is written down about an upload. */
export interface Entry extends UploadInfo {
  readonly finished?: FinishedFile | undefined;
}

/** The folder of the finished files, and the one of the working files below it. */
export interface Folders {
  readonly root: string;
  readonly work: string;
}

export async function readEntry(path: string): Promise<Entry | undefined> {
  const text = await unlessMissing(readFile(path, 'utf8'));
  return text === undefined ? undefined : JSON.parse(text);
}

export async function fileAt(path: string): Promise<{ sizeBytes: number; mtimeMs: number } | undefined> {
  const found = await unlessMissing(stat(path));
  return found?.isFile() ? { sizeBytes: found.size, mtimeMs: found.mtimeMs } : undefined;
}

/** Where a finished file was taken away, another upload's may have its name by now. */
export async function isOwn(
  id: string,
  { name, sizeBytes, writtenMs }: FinishedFile,
  root: string,
): Promise<boolean> {
  if (writtenMs === undefined || name.includes(id)) return true;
  const found = await fileAt(join(root, name));
  return found !== undefined && found.sizeBytes === sizeBytes && isSameDate(found.mtimeMs, writtenMs);
}

/** How coarse the dates of copies are: of most programs and archives, of exFAT, of FAT and zip. */
const dateStepsMs = [1, 10, 1000, 2000];

/**
 * Copies and archives keep dates, but many of them in steps, up or down. Where the dates here are whole seconds anyway,
 * one of the next second is that of another file.
 */
function isSameDate(foundMs: number, writtenMs: number): boolean {
  const awayMs = Math.abs(foundMs - writtenMs);
  const isCopied = (stepMs: number) => isStep(foundMs, stepMs) && awayMs < stepMs;
  return awayMs < 1 || (!isStep(writtenMs, 1000) && dateStepsMs.some(isCopied));
}

/** Who sets a date by seconds with a fraction misses the step by less than a microsecond. */
function isStep(dateMs: number, stepMs: number): boolean {
  return Math.abs(dateMs - Math.round(dateMs / stepMs) * stepMs) < 0.001;
}

/** Whether the two are names of one file: after a crash between `link` and `rm` a file has both. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [here, there] = await Promise.all(
    [one, other].map((path) => unlessMissing(stat(path, { bigint: true }))),
  );
  return !!here && !!there && here.ino !== 0n && here.ino === there.ino && here.dev === there.dev;
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}
