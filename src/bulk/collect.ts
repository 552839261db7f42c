import { stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { PulseError } from '../errors.ts';
import { fsPath, realPathText, titleOf } from '../upload/source/path-text.ts';
import { inputError } from '../upload/source/source.ts';
import type { Filter } from './filter.ts';
import type { Item, Named, OwnSettings } from './items.ts';
import { isOfLedger } from './ledger/of-a-ledger.ts';
import { entriesOf, type Manifest } from './manifest.ts';
import { type NameList, namesIn } from './name-list.ts';
import { walk } from './walk.ts';

/** So many files are asked about at a time: enough to keep a disk busy, few enough to hold. */
const BATCH = 64;

/** What a folder yields while a camera writes into it is left for the next run. */
const FOLDER_MIN_AGE_MS = 5_000;

export interface Sources {
  readonly operands: readonly string[];
  readonly lists: readonly NameList[];
  readonly manifests: readonly Manifest[];
  readonly recursive: boolean;
  readonly filter: Filter;
  /** Files of the run itself, such as its ledger: never sent, wherever they lie. */
  readonly own?: readonly string[];
  /** For every file, where given; else only what folders yield has to be 5 s old. */
  readonly minAgeMs?: number;
}

export interface Looking {
  /** Asked at each look: a list may take hours to be read, and files are written meanwhile. */
  readonly dateMs: () => number;
}

/** Every file once, in the order in which it was named, and how many others were left out. */
export interface Collected {
  readonly items: readonly Item[];
  readonly duplicates: number;
  readonly excluded: number;
  /** Files of the run itself, and in folders what belongs to the ledger of any run. */
  readonly ours: number;
  /** Pipes, sockets and devices in folders. */
  readonly special: number;
}

interface Candidate {
  readonly file: string;
  readonly relative: string;
  readonly own?: OwnSettings | undefined;
  readonly fromFolder?: true;
  readonly problem?: PulseError | undefined;
}

/** Throws `input` for a list that is empty or malformed; what is wrong with a single file stands in its item. */
export async function collect(sources: Sources, looking: Looking): Promise<Collected> {
  const items: Item[] = [];
  const seen = new Set<string>();
  const own = await keysOf(sources.own ?? []);
  const counts = { duplicates: 0, excluded: 0, ours: 0, special: 0 };

  const take = async (batch: readonly Candidate[]) => {
    for (const looked of await Promise.all(batch.map((candidate) => look(candidate, sources, looking)))) {
      if ('folder' in looked) {
        await takeAll(inFolder(looked.folder, sources.filter));
        continue;
      }
      if (own.has(looked.key)) counts.ours += 1;
      else if (seen.has(looked.key)) counts.duplicates += 1;
      else items.push(looked.item);
      seen.add(looked.key);
    }
  };
  const takeAll = async (founds: AsyncIterable<Found>) => {
    let batch: Candidate[] = [];
    for await (const found of founds) {
      if ('leftOut' in found) counts[found.leftOut] += 1;
      else if (batch.push(found) === BATCH) {
        await take(batch);
        batch = [];
      }
    }
    await take(batch);
  };
  await takeAll(named(sources));
  return { items, ...counts };
}

type Found = Candidate | { readonly leftOut: 'excluded' | 'ours' | 'special' };

/** Globs choose among files; a folder that was named is looked into whatever it is called. */
async function* named(sources: Sources): AsyncGenerator<Found> {
  for await (const entry of everyName(sources)) {
    const taken = sources.filter.takes(slashed(entry.relative)) || (await isFolder(entry.file));
    yield taken ? entry : { leftOut: 'excluded' };
  }
}

async function* inFolder({ file: folder, own }: Candidate, filter: Filter): AsyncGenerator<Found> {
  for await (const step of walk(folder, filter)) {
    if (step.kind === 'special' || step.kind === 'excluded') {
      yield { leftOut: step.kind };
      continue;
    }
    const { file, relative } = step;
    if (step.kind === 'file' && (await isOfLedger(file))) {
      yield { leftOut: 'ours' };
      continue;
    }
    const problem = step.kind === 'unreadable' ? step.problem : undefined;
    yield { file, relative, own, fromFolder: true, problem };
  }
}

async function* everyName(sources: Sources): AsyncGenerator<Named> {
  for (const operand of sources.operands) yield { file: operand, relative: operand };
  for (const list of sources.lists) yield* notEmpty(namesIn(list), list.label);
  for (const manifest of sources.manifests) yield* notEmpty(entriesOf(manifest), manifest.label);
}

/** An empty list is a script's mistake more often than a wish. */
async function* notEmpty(names: AsyncGenerator<Named>, label: string): AsyncGenerator<Named> {
  let count = 0;
  try {
    for await (const named of names) {
      count += 1;
      yield named;
    }
  } catch (error) {
    throw error instanceof PulseError ? error : inputError(label, error);
  }
  if (count > 0) return;
  throw new PulseError('input', `${titleOf(label)} names no file, expected at least one`, {
    hint: 'did the command that wrote the list find anything?',
  });
}

async function isFolder(file: string): Promise<boolean> {
  return (await stat(fsPath(file)).catch(() => undefined))?.isDirectory() === true;
}

function folderWithoutRecursion(file: string): PulseError {
  return new PulseError('input', `${file} is a folder, expected a file`, {
    hint: 'add -r to send everything in it, or name the files in it',
  });
}

/** Of those that are there. */
async function keysOf(files: readonly string[]): Promise<ReadonlySet<string>> {
  const keys = files.map((file) => stat(fsPath(file), { bigint: true }).then((stats) => keyOf(file, stats)));
  const settled = await Promise.allSettled(keys);
  return new Set(settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
}

/** Tells whether two names are one file: device and inode see through links of both kinds. */
async function keyOf(
  file: string,
  { dev, ino }: { readonly dev: bigint; readonly ino: bigint },
): Promise<string> {
  return ino === 0n ? `path:${await realPathText(file)}` : `${dev}:${ino}`;
}

type Looked = { readonly item: Item; readonly key: string } | { readonly folder: Candidate };

/** The item, and what tells whether the same file was named before. */
async function look(candidate: Candidate, sources: Sources, { dateMs }: Looking): Promise<Looked> {
  const { file, problem, fromFolder } = candidate;
  const { minAgeMs = fromFolder ? FOLDER_MIN_AGE_MS : 0 } = sources;
  const failed = (error: PulseError): Looked => ({
    item: itemOf(candidate, { sizeBytes: 0, mtimeNs: 0n, problem: error }),
    key: `path:${file}`,
  });
  if (problem !== undefined) return failed(problem);
  try {
    const stats = await stat(fsPath(file), { bigint: true });
    if (stats.isDirectory()) {
      return sources.recursive ? { folder: candidate } : failed(folderWithoutRecursion(file));
    }
    const { size, mtimeNs } = stats;
    const ageMs = dateMs() - Number(mtimeNs / 1_000_000n);
    // A clock that runs ahead dates files into the future; they are as finished as any other.
    const young = Math.abs(ageMs) < minAgeMs;
    return {
      item: itemOf(candidate, { sizeBytes: Number(size), mtimeNs, young }),
      key: await keyOf(file, stats),
    };
  } catch (error) {
    return failed(inputError(file, error));
  }
}

interface Shown {
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly young?: boolean;
  readonly problem?: PulseError;
}

/** Field by field: objects that are spread have a hidden class each, which is larger than they are. */
function itemOf({ file, relative, own }: Candidate, { sizeBytes, mtimeNs, young, problem }: Shown): Item {
  const item: { -readonly [Key in keyof Item]: Item[Key] } = { file, relative, sizeBytes, mtimeNs };
  if (own !== undefined) item.own = own;
  if (young) item.young = true;
  if (problem !== undefined) item.problem = problem;
  return item;
}

/** Globs know only `/`. */
function slashed(path: string): string {
  return sep === '/' ? path : path.replaceAll('\\', '/');
}
