import { alignedLines, type Column } from './columns.ts';
import { formatBytes, formatDuration, percentOf } from './format.ts';
import type { Paint } from './paint.ts';
import { harmless } from './text.ts';

/** One upload that can be gone on with, or not, as programs read it (docs/events.md). Sizes in bytes, times ISO 8601. */
export interface KeptEvent {
  readonly type: 'upload.kept';
  readonly file: string;
  readonly server: string;
  readonly protocol: string;
  readonly url: string;
  readonly sizeBytes: number;
  /** What the server acknowledged, at least: the last seconds before a crash are not in it. */
  readonly acceptedBytes: number;
  readonly createdAt: string;
  readonly savedAt: string;
  readonly expiresAt?: string;
  /** Of the run that sent it, where that kept one. */
  readonly ledger?: string;
  readonly outlook: string;
}

export interface ForgottenEvent {
  readonly type: 'upload.forgotten';
  readonly file: string;
  readonly server: string;
  readonly url: string;
}

/** A copy of standard input (--spool) of which no unfinished upload is remembered. */
export interface KeptInputEvent {
  readonly type: 'input.kept';
  readonly file: string;
  readonly sizeBytes: number;
}

/** The same, removed. */
export interface ForgottenInputEvent {
  readonly type: 'input.forgotten';
  readonly file: string;
  readonly sizeBytes: number;
}

export interface AbortedEvent {
  readonly type: 'upload.aborted';
  /** Absent for a URL of which nothing was remembered. */
  readonly file?: string;
  readonly server: string;
  readonly url: string;
  /** `removed` from the server; or `gone`, because it was not there any more. */
  readonly ended: 'removed' | 'gone';
}

const columns: readonly Column[] = [
  { heading: 'file', yields: true },
  { heading: 'done', right: true },
  { heading: 'size', right: true },
  { heading: 'age', right: true },
  { heading: 'server', yields: true },
  { heading: 'status' },
];

const words: Readonly<Record<string, string>> = {
  resumable: 'can resume',
  finalizing: 'not finalized',
  complete: 'all sent, not done',
  'failed-at-end': 'failed at the end',
  headless: 'cannot resume',
  'in-use': 'in use',
  changed: 'file changed',
  missing: 'file is gone',
  unreadable: 'file unreadable',
  expired: 'expired',
};

/** `can resume for 23h 59m`: what the server will have removed by then need not be resumed. */
function statusOf({ outlook, expiresAt }: KeptEvent, nowMs: number): string {
  const status = words[outlook] ?? outlook;
  if (outlook !== 'resumable' || expiresAt === undefined) return status;
  return `${status} for ${formatDuration(Math.max(0, Date.parse(expiresAt) - nowMs))}`;
}

/** A table: the headings, then one line an upload. */
export function keptLines(
  events: readonly KeptEvent[],
  nowMs: number,
  paint: Paint,
  maxColumns?: number,
): readonly string[] {
  const rows = events.map((event) => [
    harmless(event.file),
    `${percentOf(event.acceptedBytes, event.sizeBytes)} %`,
    formatBytes(event.sizeBytes),
    formatDuration(Math.max(0, nowMs - Date.parse(event.createdAt))),
    harmless(event.server),
    statusOf(event, nowMs),
  ]);
  const [headings = '', ...lines] = alignedLines(columns, rows, maxColumns);
  return [paint.faint(headings), ...lines];
}
