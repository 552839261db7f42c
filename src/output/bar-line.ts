import { formatBytes, formatDuration, formatRate, percentOf } from './format.ts';
import type { Paint } from './paint.ts';
import { displayWidth, padLeft, shortenMiddle } from './text.ts';

/** What a bar shows. `acceptedBytes` never falls and never exceeds `sizeBytes`, which is absent while nobody knows it. */
export interface BarState {
  readonly file: string;
  readonly sizeBytes?: number;
  readonly acceptedBytes: number;
  readonly bytesPerSecond: number;
  /** Stands in for rate and time left while nothing moves. */
  readonly note?: string;
  /** When something moved last, or is next going to. */
  readonly newsAtMs?: number;
}

export interface BarLook {
  readonly paint: Paint;
  /** False where the terminal's encoding has no box-drawing characters. */
  readonly unicode: boolean;
}

const GAP = '  ';
const BAR = { min: 10, max: 40 } as const;
const NAME_MIN = 12;

/** From rich to poor: the first layout that fits the terminal is taken. */
const layouts: readonly (readonly ('name' | 'percent' | 'bar' | 'amount' | 'rate' | 'left')[])[] = [
  ['name', 'percent', 'bar', 'amount', 'rate', 'left'],
  ['name', 'percent', 'bar', 'rate', 'left'],
  ['name', 'percent', 'rate', 'left'],
  ['name', 'percent', 'left'],
  ['percent', 'left'],
  ['percent'],
];

/** Of a size that is not known there is no share: what was accepted stands where the percentage stood. */
const layoutsWithoutSize = layouts.filter((parts) => !parts.includes('bar'));

/** One line of at most `columns - 1` columns, since a full line makes some terminals wrap. */
export function barLine(state: BarState, columns: number, look: BarLook): string {
  return barLines([state], columns, look)[0] ?? '';
}

/** Such lines for several bars, their parts below one another. */
export function barLines(states: readonly BarState[], columns: number, look: BarLook): readonly string[] {
  const room = columns - 1;
  const texts = states.map(textsOf);
  const widest = widestOf(texts.map(mapWidths));
  const longestName = Math.max(0, ...states.map(({ file }) => displayWidth(file)));
  const nameColumns = Math.min(longestName, Math.max(NAME_MIN, Math.floor(room * 0.3)));
  const least = { ...widest, name: nameColumns, bar: BAR.min };
  const possible = states.some(({ sizeBytes }) => sizeBytes === undefined) ? layoutsWithoutSize : layouts;
  const layout = possible.find((parts) => widthOf(parts, least) <= room) ?? [];

  const barColumns = Math.min(BAR.max, BAR.min + room - widthOf(layout, least));
  return states.map((state, index) => {
    const { percent = '', amount = '', rate = '', left = '' } = texts[index] ?? {};
    const shown = {
      percent: padLeft(percent, widest.percent),
      amount: padLeft(amount, widest.amount),
      rate: padLeft(rate, widest.rate),
      left: left + ' '.repeat(widest.left - displayWidth(left)),
      name: padRight(shortenMiddle(state.file, nameColumns), nameColumns),
      bar: drawnBar(state, barColumns, look),
    };
    return layout.map((part) => shown[part]).join(GAP);
  });
}

function padRight(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)));
}

type Widths = ReturnType<typeof mapWidths<ReturnType<typeof textsOf>>>;

function widestOf(widths: readonly Widths[]): Widths {
  const most = (key: keyof Widths) => Math.max(0, ...widths.map((width) => width[key]));
  return { percent: most('percent'), amount: most('amount'), rate: most('rate'), left: most('left') };
}

/** Fixed widths, so that nothing jumps while the numbers change. */
function textsOf(state: BarState) {
  const { acceptedBytes, sizeBytes, bytesPerSecond, note } = state;
  const moving = note === undefined && bytesPerSecond > 0;
  const rate = (moving ? formatRate(bytesPerSecond) : '').padStart(12);
  const accepted = padLeft(formatBytes(acceptedBytes), 9);
  if (sizeBytes === undefined) return { percent: accepted, amount: '', rate, left: note ?? '' };
  const total = formatBytes(sizeBytes);
  const leftMs = ((sizeBytes - acceptedBytes) * 1000) / bytesPerSecond;
  return {
    percent: `${String(percentOf(acceptedBytes, sizeBytes)).padStart(3)} %`,
    amount: `${padLeft(accepted, total.length)} of ${total}`,
    rate,
    left: (note ?? (moving ? `${formatDuration(leftMs)} left` : '')).padEnd(11),
  };
}

function mapWidths<T extends Readonly<Record<string, string>>>(
  texts: T,
): { readonly [K in keyof T]: number } {
  const widths = Object.entries(texts).map(([key, text]) => [key, displayWidth(text)]);
  return Object.fromEntries(widths) as { [K in keyof T]: number };
}

function widthOf<K extends string>(parts: readonly K[], widths: Readonly<Record<K, number>>): number {
  return parts.reduce((sum, part) => sum + widths[part], GAP.length * Math.max(0, parts.length - 1));
}

function drawnBar(state: BarState, columns: number, { paint, unicode }: BarLook): string {
  const { acceptedBytes, sizeBytes = 0 } = state;
  const share = sizeBytes === 0 ? 1 : acceptedBytes / sizeBytes;
  const done = Math.floor(share * columns);
  const [full, empty] = unicode ? ['━', '─'] : ['=', '-'];
  return paint.accent(full.repeat(done)) + paint.faint(empty.repeat(columns - done));
}
