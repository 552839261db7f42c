import { alignedLines } from './columns.ts';
import { countOf, formatBytes, groupDigits } from './format.ts';
import type { Paint } from './paint.ts';
import { harmless } from './text.ts';

/** A ledger in numbers, as this room needs it. */
interface Summary {
  readonly files: number;
  readonly proven: number;
  readonly unproven: number;
  readonly failed: number;
  readonly doneBytes: number;
  readonly failuresByKind: Readonly<Record<string, number>>;
  readonly firstTime?: string;
  readonly lastTime?: string;
}

interface Failure {
  readonly kind?: string;
  readonly attempts: number;
  readonly file: string;
  readonly message?: string;
}

/** Says what a ledger holds, in at most four lines. */
export function summaryLines(label: string, summary: Summary, paint: Paint): readonly string[] {
  const { files, proven, unproven, failed, doneBytes, firstTime, lastTime } = summary;
  const when = firstTime === undefined ? '' : `, ${seconds(firstTime)} to ${seconds(lastTime ?? firstTime)}`;
  const kinds = Object.entries(summary.failuresByKind).map(
    ([kind, count]) => `${kind} ${groupDigits(count)}`,
  );
  const rows = [
    ...(proven > 0 ? [['proven', groupDigits(proven), '']] : []),
    ...(unproven > 0
      ? [
          [
            'not proven',
            groupDigits(unproven),
            'complete, but nothing that the server said proves the content',
          ],
        ]
      : []),
    ...(failed > 0 ? [['failed', groupDigits(failed), kinds.join(', ')]] : []),
  ];
  const columns = [{ heading: '' }, { heading: '', right: true }, { heading: '' }] as const;
  return [
    paint.strong(`${harmless(label)}: ${countOf(files, 'file')}, ${formatBytes(doneBytes)} done${when}`),
    ...alignedLines(columns, rows)
      .slice(1)
      .map((line) => `  ${line}`),
  ];
}

/** One line for each file that failed. */
export function failureLines(failures: readonly Failure[], maxColumns?: number): readonly string[] {
  const columns = [
    { heading: 'KIND' },
    { heading: 'TRIES', right: true },
    { heading: 'FILE', yields: true },
    { heading: 'MESSAGE', yields: true },
  ] as const;
  const rows = failures.map(({ kind = '', attempts, file, message = '' }) => [
    kind,
    groupDigits(attempts),
    harmless(file),
    harmless(message),
  ]);
  return alignedLines(columns, rows, maxColumns);
}

/** RFC 4180: quoted where a reader would go wrong otherwise. */
export function csvLine(fields: readonly (string | number | boolean | undefined)[]): string {
  const texts = fields.map((field) => {
    const text = field === undefined ? '' : String(field);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${texts.join(',')}\r\n`;
}

/** `2026-01-31T12:00:00Z` of a longer time. */
function seconds(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}
