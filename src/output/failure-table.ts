import type { PulseEvent } from '../events.ts';
import { alignedLines } from './columns.ts';
import { countOf, groupDigits } from './format.ts';
import type { Paint } from './paint.ts';

/** More than this nobody reads on a screen; the ledger has them all. */
const MOST_ROWS = 20;

/** What so few files led to has not scrolled by. */
const STILL_IN_SIGHT = 10;

/** Files that failed in the same way. */
interface Row {
  readonly kind: string;
  readonly first: string;
  files: number;
  readonly message: string;
}

export interface FailureTable {
  /** To be told of harmless events. */
  readonly follow: (event: PulseEvent) => void;
  readonly lines: (columns: number, paint: Paint) => readonly string[];
}

/** What failed, once more, where the run ends: on the way it scrolled by. */
export function createFailureTable(): FailureTable {
  const rows = new Map<string, Row>();
  let count = 0;
  let files = 0;
  return {
    follow: (event) => {
      if (event.type === 'run.start') files = event.files;
      if (event.type !== 'upload.failed' || event.kind === 'interrupted') return;
      count += 1;
      const { kind, file } = event;
      const message = withoutFile(event.message, file);
      const key = `${kind} ${message}`;
      const row = rows.get(key);
      if (row !== undefined) row.files += 1;
      else if (rows.size < MOST_ROWS) rows.set(key, { kind, first: file, files: 1, message });
    },
    lines: (columns, paint) => {
      if (count === 0 || files <= STILL_IN_SIGHT) return [];
      const shown = [...rows.values()];
      const more = count - shown.reduce((sum, row) => sum + row.files, 0);
      return [
        paint.strong(`${countOf(count, 'file')} failed:`),
        ...tableOf(shown, columns - 1),
        ...(more > 0 ? [`  … and ${groupDigits(more)} more`] : []),
      ];
    },
  };
}

function tableOf(rows: readonly Row[], columns: number): readonly string[] {
  const texts = rows.map(({ kind, first, files, message }) => [
    kind,
    files === 1 ? first : `${first} and ${groupDigits(files - 1)} more`,
    message,
  ]);
  const headings = [{ heading: '' }, { heading: '', yields: true }, { heading: '', yields: true }] as const;
  return alignedLines(headings, texts, columns - 2)
    .slice(1)
    .map((line) => `  ${line}`);
}

/** The name stands in its own column. */
function withoutFile(message: string, file: string): string {
  return message.startsWith(`${file} `) ? message.slice(file.length + 1) : message;
}
