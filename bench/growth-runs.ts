import { join } from 'node:path';
import { writeRandomFile, writeSparseFile } from './benchmark-file.ts';
import { startSink } from './sink/start.ts';
import { copies, runUploader, type SeenRun } from './uploader-run.ts';

/** Of so many bytes, or so many files, the runs. */
export interface GrowthPoint {
  readonly amount: number;
  readonly runs: readonly SeenRun[];
}

export interface GrowthFigures {
  /** One sparse file; amounts are bytes. */
  readonly size: readonly GrowthPoint[];
  /** Small files with a ledger, as a bulk run has; amounts are files. */
  readonly files: readonly GrowthPoint[];
}

const FILE_BYTES = 10 * 1024;
const CHUNK_BYTES = 1024 ** 2;

export interface GrowthBench {
  readonly folder: string;
  readonly sizesBytes: readonly number[];
  readonly counts: readonly number[];
  readonly rounds: number;
  readonly say: (line: string) => void;
}

/** @throws {Error} at the first run that fails, or did not send exactly what it was to send */
export async function measureGrowth(bench: GrowthBench): Promise<GrowthFigures> {
  return { size: await measureSizes(bench), files: await measureCounts(bench) };
}

async function measureSizes({ folder, sizesBytes, rounds, say }: GrowthBench) {
  const points: GrowthPoint[] = [];
  for (const sizeBytes of sizesBytes) {
    const file = await writeSparseFile(join(folder, `growth-${sizeBytes}.bin`), sizeBytes);
    const sink = await startSink([file]);
    const patches = Math.ceil(sizeBytes / CHUNK_BYTES);
    try {
      const runs = await series(rounds, () =>
        runUploader(
          { args: [file.path], sink, folder },
          { sizesBytes: [sizeBytes], finalizes: true, patches },
        ),
      );
      points.push({ amount: sizeBytes, runs });
      say(`growth ${sizeBytes / CHUNK_BYTES} MiB: ${seconds(runs)} s`);
    } finally {
      await sink.stop();
    }
  }
  return points;
}

async function measureCounts({ folder, counts, rounds, say }: GrowthBench) {
  const points: GrowthPoint[] = [];
  const file = await writeRandomFile(join(folder, 'growth-small.bin'), FILE_BYTES);
  const sink = await startSink([file]);
  try {
    for (const count of counts) {
      const files = await copies(file, count, join(folder, `growth-${count}-files`));
      const runs = await series(rounds, (round) => {
        const ledger = join(folder, `growth-${count}-${round}.jsonl`);
        return runUploader(
          { args: ['-r', files, '--min-age', '0', '--ledger', ledger], sink, folder },
          { sizesBytes: Array(count).fill(FILE_BYTES), finalizes: true, patches: count },
        );
      });
      points.push({ amount: count, runs });
      say(`growth ${count} files: ${seconds(runs)} s`);
    }
  } finally {
    await sink.stop();
  }
  return points;
}

async function series(
  rounds: number,
  task: (round: number) => Promise<SeenRun>,
): Promise<readonly SeenRun[]> {
  const runs: SeenRun[] = [];
  for (let round = 1; round <= rounds; round += 1) runs.push(await task(round));
  return runs;
}

const seconds = (runs: readonly SeenRun[]) =>
  runs.map(({ elapsedMs }) => (elapsedMs / 1000).toFixed(2)).join(', ');
