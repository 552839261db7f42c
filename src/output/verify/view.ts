import type { Paint } from '../paint.ts';
import { wrap } from './wrap.ts';

/** How the text of a run is laid out. */
export interface VerifyView {
  readonly paint: Paint;
  /** Everything, at full length. */
  readonly verbose: boolean;
  /** Width of the terminal; absent where lines may have any length. */
  readonly columns?: number;
  /** The files that hold the run as well, as the user named them. */
  readonly written?: readonly string[];
}

/** Longer lines are hard to read, however wide the window. */
const WIDEST_COLUMNS = 100;
/** A narrower window wraps by itself. */
const NARROWEST_COLUMNS = 40;

/** Columns that text may take; the last one stays free, since a full line makes some terminals wrap. */
export function roomOf({ columns }: VerifyView): number {
  if (columns === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(NARROWEST_COLUMNS, Math.min(WIDEST_COLUMNS, columns - 1));
}

const LABEL_COLUMNS = 10;

/** A fact under its label, wrapped beside it: `  expected  204`. An empty label goes on with the one above. */
export function fact(label: string, text: string, view: VerifyView): readonly string[] {
  const lines = wrap(text, roomOf(view) - LABEL_COLUMNS - 2);
  return lines.map((line, index) => labelledLine(index === 0 ? label : '', line, view));
}

/** A fact that is to be copied, and therefore never wrapped. */
export function copyable(label: string, text: string, view: VerifyView): readonly string[] {
  return [labelledLine(label, text, view)];
}

function labelledLine(label: string, text: string, { paint }: VerifyView): string {
  const shown = label === '' ? '' : paint.faint(label);
  return `  ${shown}${' '.repeat(Math.max(1, LABEL_COLUMNS - label.length))}${text}`;
}
