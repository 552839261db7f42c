import { cpuMs, elapsedMs, peakRssMB } from './goals.ts';
import type { GrowthFigures, GrowthPoint } from './growth-runs.ts';
import { summarize } from './statistics.ts';
import type { SeenRun } from './uploader-run.ts';

/** One line of a panel: medians over amounts. */
interface Series {
  readonly label: string;
  readonly figure: (run: SeenRun) => number;
  readonly style: 'a' | 'b';
}

interface Axis {
  readonly ticks: readonly number[];
  readonly along: (value: number, from: number, to: number) => number;
}

interface Panel {
  readonly title: string;
  readonly points: readonly GrowthPoint[];
  readonly series: readonly Series[];
  readonly amount: (amount: number) => string;
  /** The upright axis: its ticks, and where between the outer ones (0 to 1) a value lies. */
  readonly axis: Axis;
}

const WIDTH = 860;
const HEIGHT = 560;
const panelSize = { width: 330, height: 180 };
const columnsX = [64, 494];
const rowsY = [56, 326];

const times: readonly Series[] = [
  { label: 'elapsed', figure: (run) => elapsedMs(run) / 1000, style: 'a' },
  { label: 'processor', figure: (run) => cpuMs(run) / 1000, style: 'b' },
];
const memory: readonly Series[] = [{ label: 'peak', figure: peakRssMB, style: 'a' }];

const bytesText = (bytes: number) =>
  bytes >= 1024 ** 3 ? `${bytes / 1024 ** 3} GiB` : `${bytes / 1024 ** 2} MiB`;
const countText = (count: number) => count.toLocaleString('en');

/** How cost grows, as a picture: time and memory, over the size of one file and over the number of files. */
export function growthPlot({ size, files }: GrowthFigures): string {
  const panels: readonly Panel[] = [
    panel('One file: time, s', size, times, bytesText, logarithmic),
    panel('Files of 10 KiB: time, s', files, times, countText, logarithmic),
    panel('One file: peak memory, MB', size, memory, bytesText, fromZero),
    panel('Files of 10 KiB: peak memory, MB', files, memory, countText, fromZero),
  ];
  const drawn = panels.map((each, index) =>
    drawPanel(each, columnsX[index % 2] ?? 0, rowsY[Math.floor(index / 2)] ?? 0),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="How time and memory grow with the size of a file and the number of files">
${STYLE}
<rect class="ground" width="${WIDTH}" height="${HEIGHT}"/>
${drawn.join('\n')}
</svg>
`;
}

/** Colours that can be told apart by everyone (Okabe and Ito), on a ground of their own: pages are light or dark. */
const STYLE = `<style>
.ground { fill: #fff } text { font: 12px system-ui, sans-serif; fill: #333 } .title { font-weight: 600; font-size: 13px }
.grid { stroke: #ddd } .a, .b { fill: none; stroke-width: 2 } .a { stroke: #0072b2 } .b { stroke: #d55e00; stroke-dasharray: 5 3 }
.dot-a { fill: #0072b2 } .dot-b { fill: #d55e00 }
@media (prefers-color-scheme: dark) {
.ground { fill: #161b22 } text { fill: #d0d7de } .grid { stroke: #3a424d }
.a { stroke: #56b4e9 } .b { stroke: #e69f00 } .dot-a { fill: #56b4e9 } .dot-b { fill: #e69f00 } }
</style>`;

function panel(
  title: string,
  points: readonly GrowthPoint[],
  series: readonly Series[],
  amount: Panel['amount'],
  axisOf: (least: number, most: number) => Axis,
): Panel {
  const values = series.flatMap(({ figure }) => points.map((point) => medianOf(point, figure)));
  return { title, points, series, amount, axis: axisOf(Math.min(...values), Math.max(...values)) };
}

function medianOf({ runs }: GrowthPoint, figure: Series['figure']): number {
  return summarize(runs.map(figure)).median;
}

/** 1, 2 and 5 times powers of ten, from the last one below to the first one above; only powers where that is many. */
export function ticksFor(least: number, most: number): readonly number[] {
  if (!(least > 0 && most >= least)) throw new RangeError(`no axis from ${least} to ${most}`);
  const between = (steps: readonly number[]) => {
    const all: number[] = [];
    for (let power = Math.floor(Math.log10(least)) - 1; power <= Math.ceil(Math.log10(most)); power += 1)
      all.push(...steps.map((step) => Number((step * 10 ** power).toPrecision(1))));
    const first = all.findLastIndex((tick) => tick < least);
    const last = all.findIndex((tick) => tick > most);
    return all.slice(first, last + 1);
  };
  const fine = between([1, 2, 5]);
  return fine.length <= 7 ? fine : between([1]);
}

/** Equal distances are equal factors, as fits what grows from tenths of a second to many. */
const alongFactors = (value: number, from: number, to: number) =>
  from === to ? 0 : Math.log(value / from) / Math.log(to / from);

const logarithmic = (least: number, most: number): Axis => ({
  ticks: ticksFor(least, most),
  along: alongFactors,
});

/** In four steps from zero: what hardly grows looks like it. */
const fromZero = (_: number, most: number): Axis => {
  const step = ticksFor(most / 4, most / 4).at(-1) ?? most;
  return {
    ticks: [0, 1, 2, 3, 4].map((times) => times * step),
    along: (value, from, to) => (value - from) / (to - from),
  };
};

function drawPanel({ title, points, series, amount, axis }: Panel, left: number, top: number): string {
  const { width, height } = panelSize;
  const ends = [points[0]?.amount ?? 1, points.at(-1)?.amount ?? 1] as const;
  const x = (value: number) => Number((left + alongFactors(value, ...ends) * width).toFixed(1));
  const { ticks } = axis;
  const [low = 1, high = 1] = [ticks[0], ticks.at(-1)];
  const y = (value: number) => Number((top + height - axis.along(value, low, high) * height).toFixed(1));
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${left}" x2="${left + width}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
  );
  const amounts = points.map(
    (point) =>
      `<text x="${x(point.amount)}" y="${top + height + 20}" text-anchor="middle">${amount(point.amount)}</text>`,
  );
  const lines = series.map(({ figure, style }) => {
    const at = points.map((point) => [x(point.amount), y(medianOf(point, figure))] as const);
    const dots = at.map(([cx, cy]) => `<circle class="dot-${style}" cx="${cx}" cy="${cy}" r="3.5"/>`);
    return `<polyline class="${style}" points="${at.map((pair) => pair.join(',')).join(' ')}"/>${dots.join('')}`;
  });
  return [
    `<text class="title" x="${left}" y="${top - 18}">${title}</text>`,
    ...grid,
    ...amounts,
    ...lines,
    ...(series.length > 1 ? legend(series, left + 10, top + 14) : []),
  ].join('\n');
}

function legend(series: readonly Series[], left: number, top: number): readonly string[] {
  return series.map(({ label, style }, index) => {
    const y = top + index * 18;
    return `<line class="${style}" x1="${left}" x2="${left + 26}" y1="${y}" y2="${y}"/><text x="${left + 34}" y="${y + 4}">${label}</text>`;
  });
}
