import { contenderNames, type UploadRun } from './contenders.ts';
import { type FilesFigures, filesPerSecond } from './files-runs.ts';
import { cpuMs, elapsedMs, type Figures, peakRssMB, transferMs } from './goals.ts';
import type { GrowthPoint } from './growth-runs.ts';
import { type LineFigures, line, lineShare } from './line-runs.ts';
import type { ProcessFigures } from './measured-process.ts';
import type { Part, Plan } from './options.ts';
import { type Summary, summarize } from './statistics.ts';
import { markdownTable } from './table.ts';
import type { SeenRun } from './uploader-run.ts';

export const spread = ({ median, min, max }: Summary, digits: number) =>
  `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;

const gib = (bytes: number) => `${Number((bytes / 1024 ** 3).toFixed(2))} GiB`;
const mib = (bytes: number) => `${bytes / 1024 ** 2} MiB`;

/** What a part was measured with. */
export const conditionsOf: Readonly<Record<Part, (plan: Plan) => string>> = {
  transfer: ({ sizeBytes, chunkBytes, rounds }) =>
    `file of ${mib(sizeBytes)}; chunks of ${chunkBytes / 1024} KiB; ${rounds} rounds`,
  memory: ({ sizeBytes, largeBytes, memoryRounds }) =>
    `file of ${mib(sizeBytes)} (large file: ${gib(largeBytes)}, sparse); ${memoryRounds} rounds`,
  startup: ({ startupRounds }) => `${startupRounds} runs each`,
  verify: ({ verifyRounds, distantRounds }) =>
    `${verifyRounds} runs on loopback, ${distantRounds} at a distance`,
  line: ({ lineBytes, lineRounds }) =>
    `${line.roundTripMs} ms per round trip, ${(line.bytesPerSecond * 8) / 1e6} Mbit/s; ${mib(lineBytes)} in chunks of 1 MiB, ${mib(4 * lineBytes)} with auto, 8 files of ${mib((3 * lineBytes) / 8)} with 4 jobs; ${lineRounds} rounds`,
  files: ({ manyFiles, filesRounds }) =>
    `${manyFiles} files of 100 KiB, 8 at a time, loopback; ${filesRounds} rounds`,
  growth: ({ growthRounds }) =>
    `one sparse file, and files of 10 KiB with a ledger and 4 jobs, loopback; ${growthRounds} rounds`,
};

type Column<R> = readonly [title: string, digits: number, figure: (run: R) => number];

function table<R>(
  columns: readonly Column<R>[],
  rows: readonly (readonly [label: string, runs: readonly R[]])[],
  first = '',
): string {
  return markdownTable(
    [first, ...columns.map(([title]) => title)],
    rows.map(([label, runs]) => [
      label,
      ...columns.map(([, digits, figure]) => spread(summarize(runs.map(figure)), digits)),
    ]),
  );
}

const seconds =
  <R>(figure: (run: R) => number) =>
  (run: R) =>
    figure(run) / 1000;

const processColumns: readonly Column<ProcessFigures>[] = [
  ['elapsed s', 2, seconds(elapsedMs)],
  ['CPU s', 2, seconds(cpuMs)],
  ['peak MB', 1, peakRssMB],
];

const uploadColumns: readonly Column<UploadRun>[] = [
  ['elapsed s', 2, seconds(elapsedMs)],
  ['transfer s', 2, seconds(transferMs)],
  ['CPU s', 2, seconds(cpuMs)],
  ['peak MB', 1, peakRssMB],
];

function lineTable(figures: LineFigures): string {
  const floorShare = summarize(figures.floor.map(lineShare)).median;
  const labels: Readonly<Record<keyof LineFigures, string>> = {
    floor: 'a bare socket, one PATCH',
    floorChunks: 'a bare socket, chunks of 1 MiB',
    chunks: 'ours, chunks of 1 MiB',
    auto: 'ours, `--chunk-size auto`',
    jobs: 'ours, several files, `--jobs 4`',
  };
  const columns: readonly Column<SeenRun>[] = [
    ['elapsed s', 2, seconds(elapsedMs)],
    ['% of the line', 1, (run) => 100 * lineShare(run)],
    ['% of the bare socket', 1, (run) => (100 * lineShare(run)) / floorShare],
    ['chunks', 0, ({ patches }) => patches],
    ['peak MB', 1, peakRssMB],
  ];
  const names = Object.keys(labels) as (keyof LineFigures)[];
  return table(
    columns,
    names.map((name) => [labels[name], figures[name]]),
  );
}

function filesTable({ peer, ours, ledger }: FilesFigures): string {
  return table<SeenRun>(
    [['files a second', 0, filesPerSecond], ...processColumns],
    [
      ['peer', peer],
      ['ours', ours],
      ['ours, with a ledger', ledger],
    ],
  );
}

function growthTable(
  first: string,
  label: (amount: number) => string,
  points: readonly GrowthPoint[],
  per: Column<SeenRun>,
): string {
  return table<SeenRun>(
    [...processColumns, per],
    points.map(({ amount, runs }) => [label(amount), runs]),
    first,
  );
}

/** The tables of a part, and what else it has to say, in order. @throws {RangeError} where a figure is missing */
export const tablesOf: Readonly<Record<Part, (figures: Figures) => readonly string[]>> = {
  transfer: ({ transfer }) =>
    transfer === undefined
      ? []
      : [
          table(
            uploadColumns,
            contenderNames.map((name) => [name, transfer[name]]),
          ),
        ],
  memory: ({ memory }) =>
    memory === undefined
      ? []
      : [
          table(uploadColumns, [
            ['ours, usual file', memory.usual],
            ['ours, large file', memory.large],
          ]),
        ],
  startup: ({ startup }) => {
    if (startup === undefined) return [];
    const ours = spread(summarize(startup.oursMs), 0);
    return [`Start-up, ms: \`--version\` ${ours}, \`node -e 0\` ${spread(summarize(startup.nodeMs), 0)}.`];
  },
  verify: ({ verify }) => {
    if (verify === undefined) return [];
    const requests = summarize([...verify.near, ...verify.distant].map((run) => run.requests));
    return [`A run of \`verify\` sends ${spread(requests, 0)} requests.`];
  },
  line: ({ line: figures }) => (figures === undefined ? [] : [lineTable(figures)]),
  files: ({ files }) => (files === undefined ? [] : [filesTable(files)]),
  growth: ({ growth }) =>
    growth === undefined
      ? []
      : [
          growthTable('one file of', mib, growth.size, [
            'ms for a MiB',
            2,
            (run) => elapsedMs(run) / (run.payloadBytes / 1024 ** 2),
          ]),
          growthTable('files', String, growth.files, [
            'ms for a file',
            2,
            (run) => elapsedMs(run) / run.patches,
          ]),
        ],
};
