import { displayWidth, shortenMiddle } from './text.ts';

export interface Column {
  readonly heading: string;
  /** Numbers end in the same column. */
  readonly right?: true;
  /** Gives way where a terminal is too narrow, the first such column first. */
  readonly yields?: true;
}

const GAP = '  ';
/** Columns that a shortened text keeps, however narrow the terminal. */
const SHORTEST = 16;

/** Rows of harmless texts as lines, their columns aligned; the first line holds the headings. */
export function alignedLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  maxColumns = Number.POSITIVE_INFINITY,
): readonly string[] {
  const all = [columns.map(({ heading }) => heading), ...rows];
  const widths = columns.map((_, index) => Math.max(...all.map((row) => displayWidth(row[index] ?? ''))));
  let tooWide = widths.reduce((sum, width) => sum + width, GAP.length * (columns.length - 1)) - maxColumns;
  const room = widths.map((width, index) => {
    const given = columns[index]?.yields ? Math.min(Math.max(0, tooWide), Math.max(0, width - SHORTEST)) : 0;
    tooWide -= given;
    return width - given;
  });
  return all.map((row) =>
    columns
      .map(({ right }, index) => {
        const width = room[index] ?? 0;
        const text = shortenMiddle(row[index] ?? '', width);
        const fill = ' '.repeat(Math.max(0, width - displayWidth(text)));
        return right ? fill + text : text + fill;
      })
      .join(GAP)
      .trimEnd(),
  );
}
