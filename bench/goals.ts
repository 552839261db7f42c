import type { ContenderName, UploadRun } from './contenders.ts';
import type { FilesFigures } from './files-runs.ts';
import type { GrowthFigures } from './growth-runs.ts';
import { type LineFigures, lineShare, sequentialMs } from './line-runs.ts';
import type { ProcessFigures } from './measured-process.ts';
import type { Part } from './options.ts';
import { ratio, type Summary, summarize } from './statistics.ts';
import type { VerifyFigures, VerifyRun } from './verify-runs.ts';

/** Everything that one run of the bench measured; a part that was not asked for is absent. */
export interface Figures {
  /** Rounds of all contenders in turn. */
  readonly transfer?: Readonly<Record<ContenderName, readonly UploadRun[]>>;
  /** Our uploader with the usual file and the large one, in turn. */
  readonly memory?: { readonly usual: readonly UploadRun[]; readonly large: readonly UploadRun[] };
  /** Elapsed milliseconds of `pulse-upload --version` and `node -e 0`, in turn. */
  readonly startup?: { readonly oursMs: readonly number[]; readonly nodeMs: readonly number[] };
  readonly verify?: VerifyFigures;
  readonly line?: LineFigures;
  readonly files?: FilesFigures;
  readonly growth?: GrowthFigures;
}

export interface Goal {
  readonly id: string;
  /** Under which the page shows it. */
  readonly part: Part;
  readonly says: string;
  readonly limit: number;
  /** The figure must not be below the limit; absent: it must not be above. */
  readonly atLeast?: true;
  readonly unit: 'times' | 'MB' | 's' | '%';
  /** The figure that `limit` bounds, or undefined where its part was not measured. */
  readonly measure: (figures: Figures) => Summary | undefined;
}

export const elapsedMs = (run: ProcessFigures) => run.elapsedMs;
export const transferMs = (run: UploadRun) => run.transferMs;
export const cpuMs = (run: ProcessFigures) => run.userMs + run.systemMs;
/** Millions of bytes. */
export const peakRssMB = (run: ProcessFigures) => run.peakRssBytes / 1e6;

const oursOver = (other: ContenderName, figure: (run: UploadRun) => number) => (figures: Figures) =>
  figures.transfer && ratio(figures.transfer.ours.map(figure), figures.transfer[other].map(figure));

const percentOfLine = (run: LineFigures['auto'][number]) => 100 * lineShare(run);
const verifySeconds = ({ elapsedMs: ms }: VerifyRun) => ms / 1000;
const verifyMB = ({ sentBytes }: VerifyRun) => sentBytes / 1e6;

export const goals: readonly Goal[] = [
  {
    id: 'elapsed-floor',
    part: 'transfer',
    says: 'elapsed, over the bare socket',
    limit: 1.5,
    unit: 'times',
    measure: oursOver('floor', elapsedMs),
  },
  {
    id: 'elapsed-peer',
    part: 'transfer',
    says: 'elapsed, over tus-js-client',
    limit: 0.5,
    unit: 'times',
    measure: oursOver('peer', elapsedMs),
  },
  {
    id: 'cpu-peer',
    part: 'transfer',
    says: 'processor time, over tus-js-client',
    limit: 0.7,
    unit: 'times',
    measure: oursOver('peer', cpuMs),
  },
  {
    id: 'peak-memory',
    part: 'memory',
    says: 'peak resident memory',
    limit: 120,
    unit: 'MB',
    measure: ({ transfer, memory }) => {
      const runs = [...(transfer?.ours ?? []), ...(memory?.usual ?? [])];
      return runs.length === 0 ? undefined : summarize(runs.map(peakRssMB));
    },
  },
  {
    id: 'large-file-memory',
    part: 'memory',
    says: 'peak resident memory with the large file, over the usual file',
    limit: 1.1,
    unit: 'times',
    measure: ({ memory }) => memory && ratio(memory.large.map(peakRssMB), memory.usual.map(peakRssMB)),
  },
  {
    id: 'startup',
    part: 'startup',
    says: '`--version`, over `node -e 0`',
    limit: 1.5,
    unit: 'times',
    measure: ({ startup }) => startup && ratio(startup.oursMs, startup.nodeMs),
  },
  {
    id: 'verify-elapsed',
    part: 'verify',
    says: '`verify` of the reference server, loopback',
    limit: 6,
    unit: 's',
    measure: ({ verify }) => verify && summarize(verify.near.map(verifySeconds)),
  },
  {
    id: 'verify-sent',
    part: 'verify',
    says: '`verify`, sent',
    limit: 40,
    unit: 'MB',
    measure: ({ verify }) => verify && summarize([...verify.near, ...verify.distant].map(verifyMB)),
  },
  {
    id: 'verify-distant',
    part: 'verify',
    says: '`verify`, 100 ms per round trip',
    limit: 90,
    unit: 's',
    measure: ({ verify }) => verify && summarize(verify.distant.map(verifySeconds)),
  },
  {
    id: 'line-default',
    part: 'line',
    says: 'one file in chunks of 1 MiB, over what arithmetic allows',
    limit: 1.05,
    unit: 'times',
    measure: ({ line }) =>
      line && summarize(line.chunks.map((run) => run.elapsedMs / sequentialMs(run.payloadBytes))),
  },
  {
    id: 'line-auto',
    part: 'line',
    says: 'one file with `--chunk-size auto`, of the line',
    limit: 90,
    atLeast: true,
    unit: '%',
    measure: ({ line }) => line && summarize(line.auto.map(percentOfLine)),
  },
  {
    id: 'line-jobs',
    part: 'line',
    says: 'several files with `--jobs 4`, of the line',
    limit: 90,
    atLeast: true,
    unit: '%',
    measure: ({ line }) => line && summarize(line.jobs.map(percentOfLine)),
  },
  {
    id: 'files-peer',
    part: 'files',
    says: 'files per second, over tus-js-client',
    limit: 2,
    atLeast: true,
    unit: 'times',
    measure: ({ files }) => files && ratio(files.peer.map(elapsedMs), files.ours.map(elapsedMs)),
  },
];

export interface JudgedGoal {
  readonly goal: Goal;
  readonly measured?: Summary;
  readonly verdict: 'met' | 'missed' | 'not measured';
}

function isMet({ limit, atLeast }: Goal, figure: number): boolean {
  return atLeast ? figure >= limit : figure <= limit;
}

/**
 * Holds figures against the goals, by the median.
 * @throws {RangeError} where not one goal has a figure: a bench that measured nothing has failed
 */
export function judge(figures: Figures): readonly JudgedGoal[] {
  const judged = goals.map((goal): JudgedGoal => {
    const measured = goal.measure(figures);
    if (measured === undefined) return { goal, verdict: 'not measured' };
    return { goal, measured, verdict: isMet(goal, measured.median) ? 'met' : 'missed' };
  });
  // How cost grows has no goal.
  if (figures.growth === undefined && judged.every(({ verdict }) => verdict === 'not measured'))
    throw new RangeError('nothing was measured');
  return judged;
}
