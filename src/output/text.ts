/** Text that came from elsewhere, made fit for a terminal. */

// C0, C1, line and paragraph separators, lone surrogates, and the marks that reorder text (UAX #9).
export const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const NAMED: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** Shows what would move the cursor, change colours or reorder the line as an escape that anybody can read. */
export function harmless(text: string): string {
  return text.replace(UNSAFE, (found) => NAMED[found] ?? `\\u{${found.codePointAt(0)?.toString(16)}}`);
}

/** Every text of a record made harmless; numbers, booleans and the keys stay as they are. */
export function harmlessRecord<T extends object>(record: T): T {
  const entries = Object.entries(record).map(([key, value]) => [
    key,
    typeof value === 'string' ? harmless(value) : value,
  ]);
  return Object.fromEntries(entries) as T;
}

let segmenter: Intl.Segmenter | undefined;

/** Made for the first name that needs it: reading its tables takes a tenth of the time that the program starts in. */
function graphemes(text: string): readonly string[] {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const WIDE =
  /^(?:\p{Emoji_Presentation}|.*\ufe0f|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])/u;
const PLAIN = /^[\x20-\x7e]*$/;

/** Columns that a terminal needs for harmless text: East Asian wide characters and emoji take two. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const grapheme of graphemes(text)) columns += WIDE.test(grapheme) ? 2 : 1;
  return columns;
}

/** Cuts the middle out of what is too long, since a path's beginning and a file name's end tell most. */
export function shortenMiddle(text: string, maxColumns: number): string {
  if (displayWidth(text) <= maxColumns) return text;
  if (maxColumns < 2) return '…'.repeat(Math.max(0, maxColumns));
  const parts = graphemes(text);
  const tail = fitting(parts.toReversed(), Math.ceil((maxColumns - 1) / 2)).toReversed();
  const head = fitting(parts, maxColumns - 1 - displayWidth(tail.join('')));
  return `${head.join('')}…${tail.join('')}`;
}

/** The longest run from the front that fits. */
function fitting(parts: readonly string[], maxColumns: number): readonly string[] {
  let columns = 0;
  let count = 0;
  for (const part of parts) {
    columns += displayWidth(part);
    if (columns > maxColumns) break;
    count += 1;
  }
  return parts.slice(0, count);
}

/** Fills up with spaces on the left: numbers end in the same column. */
export function padLeft(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - displayWidth(text))) + text;
}
