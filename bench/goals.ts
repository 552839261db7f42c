import type { ContenderName, UploadRun } from './contenders.ts';
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
}

export interface Goal {
  readonly id: string;
  readonly says: string;
  readonly limit: number;
  readonly unit: 'times' | 'MB' | 's';
  /** The figure that `limit` bounds, or undefined where its part was not measured. */
  readonly measure: (figures: Figures) => Summary | undefined;
}

export const elapsedMs = (run: UploadRun) => run.elapsedMs;
export const transferMs = (run: UploadRun) => run.transferMs;
export const cpuMs = (run: UploadRun) => run.userMs + run.systemMs;
/** Millions of bytes. */
export const peakRssMB = (run: UploadRun) => run.peakRssBytes / 1e6;

const oursOver = (other: ContenderName, figure: (run: UploadRun) => number) => (figures: Figures) =>
  figures.transfer && ratio(figures.transfer.ours.map(figure), figures.transfer[other].map(figure));

const verifySeconds = ({ elapsedMs: ms }: VerifyRun) => ms / 1000;
const verifyMB = ({ sentBytes }: VerifyRun) => sentBytes / 1e6;

export const goals: readonly Goal[] = [
  {
    id: 'elapsed-floor',
    says: 'elapsed, over the bare socket',
    limit: 1.5,
    unit: 'times',
    measure: oursOver('floor', elapsedMs),
  },
  {
    id: 'elapsed-peer',
    says: 'elapsed, over tus-js-client',
    limit: 0.5,
    unit: 'times',
    measure: oursOver('peer', elapsedMs),
  },
  {
    id: 'cpu-peer',
    says: 'processor time, over tus-js-client',
    limit: 0.7,
    unit: 'times',
    measure: oursOver('peer', cpuMs),
  },
  {
    id: 'peak-memory',
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
    says: 'peak resident memory with the large file, over the usual file',
    limit: 1.1,
    unit: 'times',
    measure: ({ memory }) => memory && ratio(memory.large.map(peakRssMB), memory.usual.map(peakRssMB)),
  },
  {
    id: 'startup',
    says: '`--version`, over `node -e 0`',
    limit: 1.5,
    unit: 'times',
    measure: ({ startup }) => startup && ratio(startup.oursMs, startup.nodeMs),
  },
  {
    id: 'verify-elapsed',
    says: '`verify` of the reference server, loopback',
    limit: 6,
    unit: 's',
    measure: ({ verify }) => verify && summarize(verify.near.map(verifySeconds)),
  },
  {
    id: 'verify-sent',
    says: '`verify`, sent',
    limit: 40,
    unit: 'MB',
    measure: ({ verify }) => verify && summarize([...verify.near, ...verify.distant].map(verifyMB)),
  },
  {
    id: 'verify-distant',
    says: '`verify`, 100 ms per round trip',
    limit: 90,
    unit: 's',
    measure: ({ verify }) => verify && summarize(verify.distant.map(verifySeconds)),
  },
];

export interface JudgedGoal {
  readonly goal: Goal;
  readonly measured?: Summary;
  readonly verdict: 'met' | 'missed' | 'not measured';
}

/**
 * Holds figures against the goals, by the median.
 * @throws {RangeError} where not one goal has a figure: a bench that measured nothing has failed
 */
export function judge(figures: Figures): readonly JudgedGoal[] {
  const judged = goals.map((goal): JudgedGoal => {
    const measured = goal.measure(figures);
    if (measured === undefined) return { goal, verdict: 'not measured' };
    return { goal, measured, verdict: measured.median <= goal.limit ? 'met' : 'missed' };
  });
  if (judged.every(({ verdict }) => verdict === 'not measured')) throw new RangeError('nothing was measured');
  return judged;
}
