import type { PulseEvent } from '../events.ts';
import { alignedLines } from './columns.ts';
import { countOf, groupDigits } from './format.ts';
import type { Paint } from './paint.ts';

/** More than this nobody reads on a screen; the ledger has them all. */
const MOST_ROWS = 20;

/** What so few files led to has not scrolled by. */
const STILL_IN_SIGHT = 10;

interface Row {
  readonly kind: string;
  readonly file: string;
  readonly message: string;
}

export interface FailureTable {
  /** To be told of harmless events. */
  readonly follow: (event: PulseEvent) => void;
  readonly lines: (columns: number, paint: Paint) => readonly string[];
}

/** What failed, once more, where the run ends: on the way it scrolled by. */
export function createFailureTable(): FailureTable {
  const rows: Row[] = [];
  let count = 0;
  let files = 0;
  return {
    follow: (event) => {
      if (event.type === 'run.start') files = event.files;
      if (event.type !== 'upload.failed' || event.kind === 'interrupted') return;
      count += 1;
      const { kind, file, message } = event;
      if (rows.length < MOST_ROWS) rows.push({ kind, file, message: withoutFile(message, file) });
    },
    lines: (columns, paint) => {
      if (count === 0 || files <= STILL_IN_SIGHT) return [];
      const more = count - rows.length;
      return [
        paint.strong(`${countOf(count, 'file')} failed:`),
        ...tableOf(rows, columns - 1),
        ...(more > 0 ? [`  … and ${groupDigits(more)} more`] : []),
      ];
    },
  };
}

function tableOf(rows: readonly Row[], columns: number): readonly string[] {
  const texts = rows.map(({ kind, file, message }) => [kind, file, message]);
  const headings = [{ heading: '' }, { heading: '', yields: true }, { heading: '', yields: true }] as const;
  return alignedLines(headings, texts, columns - 2)
    .slice(1)
    .map((line) => `  ${line}`);
}

/** The name stands in its own column. */
function withoutFile(message: string, file: string): string {
  return message.startsWith(`${file} `) ? message.slice(file.length + 1) : message;
}
