import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BenchmarkFile, writeRandomFile, writeSparseFile } from './benchmark-file.ts';
import {
  type ContenderName,
  contenderNames,
  type Race,
  runContender,
  type UploadRun,
  uploaderPath,
} from './contenders.ts';
import { measureFiles } from './files-runs.ts';
import { cpuMs, type Figures, peakRssMB } from './goals.ts';
import { measureGrowth } from './growth-runs.ts';
import { measureLine } from './line-runs.ts';
import { timeNode } from './measured-process.ts';
import type { Part, Plan } from './options.ts';
import { type Sink, startSink } from './sink/start.ts';
import { measureVerify } from './verify-runs.ts';

/** Where a measurement takes place. `say` tells a person how far it is. */
export interface Bench {
  readonly plan: Plan;
  /** Temporary, removed by the caller. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

function describe(label: string, run: UploadRun): string {
  const seconds = `${(run.elapsedMs / 1000).toFixed(2)} s elapsed, ${(cpuMs(run) / 1000).toFixed(2)} s CPU`;
  return `${label.padEnd(24)} ${seconds}, ${peakRssMB(run).toFixed(0)} MB`;
}

/** Runs the task once per round, so that whatever else the machine does falls on all that is compared. */
async function inTurn(rounds: number, task: (round: string) => Promise<void>): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) await task(`${round}/${rounds}`);
}

async function withSink<Result>(
  { plan, folder }: Bench,
  files: readonly BenchmarkFile[],
  measure: (raceWith: (file: BenchmarkFile) => Race) => Promise<Result>,
): Promise<Result> {
  const sink: Sink = await startSink(files);
  try {
    return await measure((file) => ({ file, sink, chunkBytes: plan.chunkBytes, folder }));
  } finally {
    await sink.stop();
  }
}

async function measureTransfer(bench: Bench, usual: BenchmarkFile): Promise<Figures> {
  const runs: Record<ContenderName, UploadRun[]> = { floor: [], 'floor, SHA-256': [], peer: [], ours: [] };
  await withSink(bench, [usual], async (raceWith) => {
    const race = raceWith(usual);
    bench.say(describe('warm-up, not counted', await runContender('floor', race)));
    await inTurn(bench.plan.rounds, async (round) => {
      for (const name of contenderNames) {
        const run = await runContender(name, race);
        runs[name].push(run);
        bench.say(describe(`round ${round} ${name}`, run));
      }
    });
  });
  return { transfer: runs };
}

async function measureMemory(bench: Bench, usual: BenchmarkFile): Promise<Figures> {
  const large = await writeSparseFile(join(bench.folder, 'sparse.bin'), bench.plan.largeBytes);
  const memory = { usual: [] as UploadRun[], large: [] as UploadRun[] };
  await withSink(bench, [usual, large], (raceWith) =>
    inTurn(bench.plan.memoryRounds, async (round) => {
      for (const [size, file] of Object.entries({ usual, large }) as ['usual' | 'large', BenchmarkFile][]) {
        const run = await runContender('ours', raceWith(file));
        memory[size].push(run);
        bench.say(describe(`memory ${round} ${size} file`, run));
      }
    }),
  );
  return { memory };
}

async function measureStartup({ plan, say }: Bench): Promise<Figures> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  const oursMs: number[] = [];
  const nodeMs: number[] = [];
  await inTurn(plan.startupRounds, async () => {
    const ours = await timeNode([uploaderPath, '--version']);
    if (ours.stdout.trim() !== version) {
      throw new Error(`--version printed ${JSON.stringify(ours.stdout)}, expected ${version}`);
    }
    oursMs.push(ours.elapsedMs);
    nodeMs.push((await timeNode(['-e', '0'])).elapsedMs);
  });
  say(`start-up: ${plan.startupRounds} runs each`);
  return { startup: { oursMs, nodeMs } };
}

/**
 * Carries out the plan.
 * @throws {Error} at the first run that fails: figures of a bench that half worked would be believed
 */
export async function measure(bench: Bench): Promise<Figures> {
  let usual: Promise<BenchmarkFile> | undefined;
  const usualFile = () => {
    usual ??= writeRandomFile(join(bench.folder, 'random.bin'), bench.plan.sizeBytes);
    return usual;
  };
  const measurements: Readonly<Record<Part, () => Promise<Figures>>> = {
    transfer: async () => measureTransfer(bench, await usualFile()),
    memory: async () => measureMemory(bench, await usualFile()),
    startup: () => measureStartup(bench),
    verify: async () => {
      const { folder, say, plan } = bench;
      const { verifyRounds: nearRounds, distantRounds } = plan;
      return { verify: await measureVerify({ folder, say, nearRounds, distantRounds }) };
    },
    line: async () => {
      const { folder, say, plan } = bench;
      const { lineBytes: sizeBytes, lineRounds: rounds } = plan;
      return { line: await measureLine({ folder, say, sizeBytes, rounds }) };
    },
    files: async () => {
      const { folder, say, plan } = bench;
      return { files: await measureFiles({ folder, say, count: plan.manyFiles, rounds: plan.filesRounds }) };
    },
    growth: async () => {
      const { folder, say, plan } = bench;
      const { growthBytes: sizesBytes, growthFiles: counts, growthRounds: rounds } = plan;
      return { growth: await measureGrowth({ folder, say, sizesBytes, counts, rounds }) };
    },
  };
  let figures: Figures = {};
  for (const part of bench.plan.parts) figures = { ...figures, ...(await measurements[part]()) };
  return figures;
}
