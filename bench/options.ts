import { parseArgs } from 'node:util';

/** What can be measured on its own. */
export const parts = ['transfer', 'memory', 'startup', 'verify', 'line', 'files', 'growth'] as const;
export type Part = (typeof parts)[number];

/** What one run of the bench does. */
export interface Plan {
  readonly parts: readonly Part[];
  readonly sizeBytes: number;
  /** The sparse file of the memory part. */
  readonly largeBytes: number;
  readonly chunkBytes: number;
  readonly rounds: number;
  readonly memoryRounds: number;
  readonly startupRounds: number;
  /** Runs of the tester on loopback. */
  readonly verifyRounds: number;
  /** Runs of the tester through a slow line. */
  readonly distantRounds: number;
  /** The file that one connection after another sends over the long line; other files there are multiples of it. */
  readonly lineBytes: number;
  readonly lineRounds: number;
  /** Small files that are sent several at a time. */
  readonly manyFiles: number;
  readonly filesRounds: number;
  /** Sizes of a single file, from small to large. */
  readonly growthBytes: readonly number[];
  /** Numbers of small files, from few to many. */
  readonly growthFiles: readonly number[];
  readonly growthRounds: number;
  readonly jsonFile?: string;
  readonly writeDocs: boolean;
}

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

/** The conditions that the goals are stated for. */
const goalConditions = {
  sizeBytes: 512 * MiB,
  largeBytes: 8 * GiB,
  rounds: 5,
  memoryRounds: 3,
  startupRounds: 20,
  verifyRounds: 5,
  distantRounds: 1,
  lineBytes: 64 * MiB,
  lineRounds: 3,
  manyFiles: 1000,
  filesRounds: 5,
  growthBytes: [64 * MiB, 256 * MiB, GiB, 2 * GiB, 8 * GiB],
  growthFiles: [10, 100, 1000, 10_000],
  growthRounds: 3,
};

/** Enough to see that everything works; too little to judge by. */
const quickConditions: typeof goalConditions = {
  sizeBytes: 64 * MiB,
  largeBytes: 512 * MiB,
  rounds: 3,
  memoryRounds: 1,
  startupRounds: 5,
  verifyRounds: 1,
  distantRounds: 1,
  lineBytes: 16 * MiB,
  lineRounds: 1,
  manyFiles: 100,
  filesRounds: 1,
  growthBytes: [16 * MiB, 64 * MiB],
  growthFiles: [10, 100],
  growthRounds: 1,
};

export const usage = `Usage: npm run bench -- [options]

Measures the uploader against a bare socket (the floor) and tus-js-client (the peer), a run of verify, the uploader
over a long line and with many small files, and how its cost grows.

  --only <part>    one of ${parts.join(', ')}; may be repeated
  --quick          64 MiB, 3 rounds: to see that everything works, not to judge by
  --size <size>    size of the file of transfer and memory, such as 512MiB (default 512MiB)
  --rounds <n>     rounds of floor, peer, ours in turn, in the part transfer (default 5)
  --json <file>    write every single measurement as JSON
  --write-docs     replace what docs/performance.md says of these parts (not with --quick)
  --help           print this help

Exit codes: 0 measured (whether or not every goal is met), 1 a run failed or gave no figures, 2 wrong usage.
`;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const unitBytes: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB, GiB };

function positive(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UsageError(`--${option} must be a positive whole number`);
}

function parseSize(text: string): number {
  const [, digits, unit = ''] = /^(\d+)(KiB|MiB|GiB)?$/.exec(text) ?? [];
  return positive('size', Number(digits) * (unitBytes[unit] ?? Number.NaN));
}

function parseCount(option: string, text: string): number {
  return positive(option, /^\d+$/.test(text) ? Number(text) : Number.NaN);
}

function parsePart(text: string): Part {
  const part = parts.find((known) => known === text);
  if (part === undefined) throw new UsageError(`--only ${text}: there is ${parts.join(', ')}`);
  return part;
}

function parseFlags(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        only: { type: 'string', multiple: true },
        quick: { type: 'boolean' },
        size: { type: 'string' },
        rounds: { type: 'string' },
        json: { type: 'string' },
        'write-docs': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Whether the figures of this plan may be held against the goals. */
export function judgesGoals(plan: Plan): boolean {
  return (
    plan.sizeBytes === goalConditions.sizeBytes &&
    plan.largeBytes === goalConditions.largeBytes &&
    plan.rounds >= goalConditions.rounds &&
    plan.memoryRounds >= goalConditions.memoryRounds &&
    plan.startupRounds >= goalConditions.startupRounds &&
    plan.verifyRounds >= goalConditions.verifyRounds &&
    plan.distantRounds >= goalConditions.distantRounds &&
    plan.lineBytes === goalConditions.lineBytes &&
    plan.manyFiles === goalConditions.manyFiles
  );
}

/**
 * The command line as a plan, or `help`.
 * @throws {UsageError}
 */
export function parsePlan(argv: readonly string[]): Plan | 'help' {
  const flags = parseFlags(argv);
  if (flags.help) return 'help';
  const conditions = flags.quick ? quickConditions : goalConditions;
  const wanted = flags.only?.map(parsePart) ?? parts;
  const plan: Plan = {
    ...conditions,
    parts: parts.filter((part) => wanted.includes(part)),
    chunkBytes: MiB,
    ...(flags.size === undefined ? {} : { sizeBytes: parseSize(flags.size) }),
    ...(flags.rounds === undefined ? {} : { rounds: parseCount('rounds', flags.rounds) }),
    ...(flags.json === undefined ? {} : { jsonFile: flags.json }),
    writeDocs: flags['write-docs'] ?? false,
  };
  if (plan.writeDocs && !judgesGoals(plan)) {
    throw new UsageError(
      '--write-docs needs the conditions of the goals: 512MiB, at least 5 rounds, not --quick',
    );
  }
  return plan;
}
