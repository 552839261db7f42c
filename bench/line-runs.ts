import { join } from 'node:path';
import { startFaultProxy } from '../fixtures/proxies/fault-proxy.ts';
import { type BenchmarkFile, writeRandomFile } from './benchmark-file.ts';
import { type Sink, startSink } from './sink/start.ts';
import { copies, runClient, runUploader, type SeenRun } from './uploader-run.ts';

/** The line of the goals: 80 ms there and back, 100 Mbit/s in each direction, shared by all connections. */
export const line = { roundTripMs: 80, bytesPerSecond: 12_500_000 } as const;

const MiB = 1024 ** 2;
const CHUNK_BYTES = MiB;
/** The largest chunk of `--chunk-size auto`. */
const MOST_CHUNK_BYTES = 32 * MiB;
const FILES = 8;

/** Each at the line, in turn; the bare sockets, which are no contenders, in the first round only. */
export interface LineFigures {
  /** The file of `auto` as one single PATCH over a bare socket: what the line itself can carry. */
  readonly floor: readonly SeenRun[];
  /** What it leaves of sequential chunks of 1 MiB. */
  readonly floorChunks: readonly SeenRun[];
  /** Our defaults: one chunk of 1 MiB after another. */
  readonly chunks: readonly SeenRun[];
  readonly auto: readonly SeenRun[];
  readonly jobs: readonly SeenRun[];
}

/** What part of the line a run used, from the start of its process to its end. */
export function lineShare({ payloadBytes, elapsedMs }: SeenRun): number {
  return payloadBytes / line.bytesPerSecond / (elapsedMs / 1000);
}

/** Round trips besides those of the chunks: connecting, creation, HEAD, finalize. */
const OTHER_ROUND_TRIPS = 4;

/**
 * What sequential chunks of 1 MiB allow at best, in milliseconds. Each of them costs its time on the line (84 ms) and
 * the round trip until its answer is there, during which nothing is sent; the proxy knows no slow start. Heads of
 * requests are left out (0.03 %), and so is the process: its start-up counts against the run.
 */
export function sequentialMs(sizeBytes: number): number {
  const chunks = Math.ceil(sizeBytes / CHUNK_BYTES);
  return (chunks + OTHER_ROUND_TRIPS) * line.roundTripMs + (1000 * sizeBytes) / line.bytesPerSecond;
}

export interface LineBench {
  readonly folder: string;
  readonly sizeBytes: number;
  readonly rounds: number;
  readonly say: (line: string) => void;
}

/** @throws {Error} at the first run that fails, or did not send exactly what it was to send */
export async function measureLine({ folder, sizeBytes, rounds, say }: LineBench): Promise<LineFigures> {
  const usual = await writeRandomFile(join(folder, 'line.bin'), sizeBytes);
  const long = await writeRandomFile(join(folder, 'line-long.bin'), 4 * sizeBytes);
  const part = await writeRandomFile(join(folder, 'line-part.bin'), (3 * sizeBytes) / FILES);
  const several = await copies(part, FILES, join(folder, 'line-files'));
  const sink = await startSink([usual, long, part]);
  const proxy = await startFaultProxy({
    target: `http://127.0.0.1:${sink.port}`,
    latencyMs: line.roundTripMs / 2,
    bytesPerSecond: line.bytesPerSecond,
  });
  const at = { folder, sink, port: Number(new URL(proxy.url).port) };
  const runs: Readonly<Record<keyof LineFigures, () => Promise<SeenRun>>> = {
    floor: () => runFloor(long, long.sizeBytes, at),
    floorChunks: () => runFloor(usual, CHUNK_BYTES, at),
    chunks: () =>
      runUploader(
        { ...at, args: [usual.path] },
        {
          sizesBytes: [sizeBytes],
          finalizes: true,
          patches: Math.ceil(sizeBytes / CHUNK_BYTES),
        },
      ),
    auto: () => runAuto(long, at),
    jobs: () =>
      runUploader(
        { ...at, args: ['-r', several, '--jobs', '4'] },
        {
          sizesBytes: Array(FILES).fill(part.sizeBytes),
          finalizes: true,
          patches: FILES * Math.ceil(part.sizeBytes / CHUNK_BYTES),
        },
      ),
  };
  const figures: Record<keyof LineFigures, SeenRun[]> = {
    ...{ floor: [], floorChunks: [] },
    ...{ chunks: [], auto: [], jobs: [] },
  };
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const name of Object.keys(runs) as (keyof LineFigures)[]) {
        if (round > 1 && name.startsWith('floor')) continue;
        const run = await runs[name]();
        figures[name].push(run);
        say(
          `line ${round}/${rounds} ${name.padEnd(11)} ${(run.elapsedMs / 1000).toFixed(2)} s, ${(100 * lineShare(run)).toFixed(1)} % of the line, ${run.patches} chunks`,
        );
      }
    }
  } finally {
    await proxy.close();
    await sink.stop();
  }
  return figures;
}

interface Place {
  readonly folder: string;
  readonly sink: Sink;
  readonly port: number;
}

function runFloor(
  { path, sizeBytes }: BenchmarkFile,
  chunkBytes: number,
  { sink, port }: Place,
): Promise<SeenRun> {
  const patches = Math.ceil(sizeBytes / chunkBytes);
  const args = [path, String(port), String(chunkBytes)];
  return runClient('floor.mjs', args, sink, { sizesBytes: [sizeBytes], finalizes: true, patches });
}

/** It decides on its chunks; but where none is larger than the first, it is not what it says it is. */
async function runAuto({ path, sizeBytes }: BenchmarkFile, place: Place): Promise<SeenRun> {
  const run = await runUploader(
    { ...place, args: [path, '--chunk-size', 'auto'] },
    { sizesBytes: [sizeBytes], finalizes: true },
  );
  assertGrown(run);
  return run;
}

/** @throws {Error} where chunks did not grow, or beyond what is documented */
export function assertGrown({ patches, payloadBytes }: Pick<SeenRun, 'patches' | 'payloadBytes'>): void {
  const fewest = Math.ceil(payloadBytes / MOST_CHUNK_BYTES);
  const most = Math.ceil(payloadBytes / CHUNK_BYTES) - 1;
  if (patches < fewest || patches > most)
    throw new Error(`${patches} chunks for ${payloadBytes} bytes, expected ${fewest} to ${most}`);
}
