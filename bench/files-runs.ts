import { join } from 'node:path';
import { writeRandomFile } from './benchmark-file.ts';
import { startSink } from './sink/start.ts';
import { copies, runClient, runUploader, type SeenRun } from './uploader-run.ts';

const FILE_BYTES = 100 * 1024;
const AT_ONCE = 8;

/** The same files, each series in turn. */
export interface FilesFigures {
  readonly peer: readonly SeenRun[];
  readonly ours: readonly SeenRun[];
  /** With a ledger, whose every record is on the disk before its file counts as done. */
  readonly ledger: readonly SeenRun[];
}

export interface FilesBench {
  readonly folder: string;
  readonly count: number;
  readonly rounds: number;
  readonly say: (line: string) => void;
}

/** @throws {Error} at the first run that fails, or did not send exactly these files */
export async function measureFiles({ folder, count, rounds, say }: FilesBench): Promise<FilesFigures> {
  const file = await writeRandomFile(join(folder, 'small.bin'), FILE_BYTES);
  const files = await copies(file, count, join(folder, 'small-files'));
  const sink = await startSink([file]);
  const sizesBytes: readonly number[] = Array(count).fill(FILE_BYTES);
  const ours = ['-r', files, '--jobs', String(AT_ONCE), '--min-age', '0'];
  const runs: Readonly<Record<keyof FilesFigures, (round: number) => Promise<SeenRun>>> = {
    peer: () =>
      runClient('peer-files.mjs', [files, String(sink.port), String(AT_ONCE)], sink, {
        sizesBytes,
        finalizes: false,
        patches: count,
      }),
    ours: () => runUploader({ args: ours, sink, folder }, { sizesBytes, finalizes: true, patches: count }),
    ledger: (round) =>
      runUploader(
        { args: [...ours, '--ledger', join(folder, `ledger-${round}.jsonl`)], sink, folder },
        {
          sizesBytes,
          finalizes: true,
          patches: count,
        },
      ),
  };
  const figures: Record<keyof FilesFigures, SeenRun[]> = { peer: [], ours: [], ledger: [] };
  try {
    for (let round = 0; round <= rounds; round += 1) {
      for (const name of Object.keys(runs) as (keyof FilesFigures)[]) {
        const run = await runs[name](round);
        // The first round fills the page cache and warms the sink up.
        if (round > 0) figures[name].push(run);
        say(
          `files ${round}/${rounds} ${name.padEnd(6)} ${(run.elapsedMs / 1000).toFixed(2)} s, ${filesPerSecond(run).toFixed(0)} files a second`,
        );
      }
    }
  } finally {
    await sink.stop();
  }
  return figures;
}

export function filesPerSecond({ payloadBytes, elapsedMs }: SeenRun): number {
  return payloadBytes / FILE_BYTES / (elapsedMs / 1000);
}
