import { copyFile, mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchmarkFile } from './benchmark-file.ts';
import { uploaderPath } from './contenders.ts';
import { measureNode, type ProcessFigures } from './measured-process.ts';
import type { Sink } from './sink/start.ts';
import type { Tally } from './sink/uploads.mjs';

/** What a run has to have brought to the sink. */
export interface Expected {
  readonly sizesBytes: readonly number[];
  readonly finalizes: boolean;
  /** PATCH requests of all files together; absent where their number is what the run decides on. */
  readonly patches?: number;
}

/** One process that brought one or several files to the sink, and what the sink saw of it. */
export interface SeenRun extends ProcessFigures {
  readonly payloadBytes: number;
  readonly patches: number;
}

/**
 * Holds what the sink received against what was to be sent: every file once, every byte once.
 * @throws {Error} for a run that did less or more than it was to do: it is no measurement
 */
export function checkedTally(tally: Tally, { sizesBytes, finalizes, patches }: Expected): Tally {
  const inOrder = (sizes: readonly number[]) => sizes.toSorted((left, right) => left - right).join(' ');
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const { uploads, payloadBytes } = tally;
  const sent = sum(uploads.map((upload) => upload.patches));
  const facts: Readonly<Record<string, readonly [seen: unknown, expected: unknown]>> = {
    uploads: [uploads.length, sizesBytes.length],
    'bytes received': [payloadBytes, sum(sizesBytes)],
    'final offsets': [inOrder(uploads.map(({ offsetBytes }) => offsetBytes)), inOrder(sizesBytes)],
    'uploads finalized': [
      uploads.filter(({ finalized }) => finalized).length,
      finalizes ? sizesBytes.length : 0,
    ],
    'PATCH requests': [sent, patches ?? sent],
  };
  for (const [fact, [seen, wanted]] of Object.entries(facts)) {
    if (seen !== wanted) throw new Error(`the sink saw ${fact}: ${seen}, expected ${wanted}`);
  }
  return tally;
}

export interface UploaderRun {
  /** Files, folders and options: everything but the server and what every run has. */
  readonly args: readonly string[];
  readonly sink: Sink;
  /** Where requests go: the sink's port, or that of a proxy before it. */
  readonly port?: number;
  /** For what a run leaves behind; removed by the bench. */
  readonly folder: string;
}

/** Our uploader, with a state folder of its own. @throws {Error} where it fails, or did not do what it was to do */
export async function runUploader(run: UploaderRun, expected: Expected): Promise<SeenRun> {
  const { args, sink, port = sink.port, folder } = run;
  const stateFolder = await mkdtemp(join(folder, 'state-'));
  const figures = await measureNode(
    [
      ...[uploaderPath, ...args, '--server', `http://127.0.0.1:${port}`, '--protocol', 'pulse'],
      ...['--progress', 'none', '--require-proof'],
    ],
    { PULSE_UPLOAD_STATE_DIR: stateFolder, XDG_CONFIG_HOME: stateFolder },
  );
  return seenRun(figures, checkedTally(await sink.take(), expected));
}

/** One of bench/clients, which is not ours to configure. @throws {Error} as above */
export async function runClient(
  script: string,
  args: readonly string[],
  sink: Sink,
  expected: Expected,
): Promise<SeenRun> {
  const path = fileURLToPath(new URL(`clients/${script}`, import.meta.url));
  const figures = await measureNode([path, ...args]);
  return seenRun(figures, checkedTally(await sink.take(), expected));
}

function seenRun(figures: ProcessFigures, { payloadBytes, uploads }: Tally): SeenRun {
  const patches = uploads.reduce((total, upload) => total + upload.patches, 0);
  return { ...figures, payloadBytes, patches };
}

/** So many copies of one file, in a new folder: what is measured is not the making of random bytes. */
export async function copies(file: BenchmarkFile, count: number, folder: string): Promise<string> {
  await mkdir(folder);
  for (let number = 0; number < count; number += 1)
    await copyFile(file.path, join(folder, `${String(number).padStart(6, '0')}.bin`));
  return folder;
}
