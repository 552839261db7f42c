import { type ErrorKind, exitCodes } from '../../errors.ts';
import { serverName } from '../../protocol/urls.ts';

const VERSION = 1;

/** One outcome of one file: a line of the ledger. Times are ISO 8601. */
export interface LedgerRecord {
  /** The format's version. */
  readonly ledger: typeof VERSION;
  readonly time: string;
  /** Absolute; bytes that are no UTF-8 as `\udc80` to `\udcff` (docs/bulk.md). */
  readonly file: string;
  readonly server: string;
  readonly status: 'done' | 'failed';
  readonly sizeBytes: number;
  /** As `isoTime` has it: `2026-01-31T12:00:00.123456789Z`. Empty where the file could not be looked at. */
  readonly mtime: string;
  /** Of the local file; absent on failure, like everything that the server said. */
  readonly sha256?: string;
  readonly url?: string;
  readonly videoId?: string;
  /** Whether the server's own checksum was compared with the file's, and was equal. */
  readonly proven: boolean;
  /** How often this file was tried, earlier runs included. */
  readonly attempts: number;
  readonly seconds: number;
  readonly kind?: ErrorKind;
  readonly message?: string;
}

export type Outcome = Omit<LedgerRecord, 'ledger'>;

export function recordLine(outcome: Outcome): string {
  return `${JSON.stringify({ ledger: VERSION, ...outcome } satisfies LedgerRecord)}\n`;
}

/** The record that a line holds; undefined where it is none. */
export function parseRecord(text: string): LedgerRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isRecord(value) ? value : undefined;
}

/** How every line begins: what tells a torn ledger from a file of another kind. */
export const RECORD_START = `{"ledger":${VERSION},`;

function isRecord(value: unknown): value is LedgerRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Partial<Record<keyof LedgerRecord, unknown>>;
  const texts = [record.time, record.file, record.server, record.mtime];
  const optional = [record.sha256, record.url, record.videoId, record.message];
  return (
    record.ledger === VERSION &&
    texts.every((text) => typeof text === 'string') &&
    optional.every((text) => text === undefined || typeof text === 'string') &&
    (record.status === 'done' || record.status === 'failed') &&
    (record.status === 'failed') === (typeof record.kind === 'string' && record.kind in exitCodes) &&
    typeof record.proven === 'boolean' &&
    [record.sizeBytes, record.attempts, record.seconds].every(
      (count) => typeof count === 'number' && count >= 0,
    )
  );
}

type State = Pick<LedgerRecord, 'sizeBytes' | 'mtime'>;

/** Whether these two speak of a file in the same state. */
export function sameState(a: State, b: State): boolean {
  return a.sizeBytes === b.sizeBytes && a.mtime === b.mtime;
}

/** A failure that could not even look at the file, as where its mount was missing: it says nothing about what was done. */
export function neverSaw({ status, mtime }: Pick<LedgerRecord, 'status' | 'mtime'>): boolean {
  return status === 'failed' && mtime === '';
}

/** What the server holds was compared with the file and is something else: that it was done counts no more. */
export function refutes({ kind }: Pick<LedgerRecord, 'kind'>): boolean {
  return kind === 'integrity';
}

/** What a later record replaces. */
export function keyOf({ file, server }: Pick<LedgerRecord, 'file' | 'server'>): string {
  return `${file}\0${serverName(server)}`;
}

/** `2026-01-31T12:00:00.123456789Z` of nanoseconds since 1970; `@8640000000001.000000000`, in seconds, where that is no date. */
export function isoTime(timeNs: bigint): string {
  const secondsNs = 1_000_000_000n;
  const fractionNs = ((timeNs % secondsNs) + secondsNs) % secondsNs;
  const seconds = (timeNs - fractionNs) / secondsNs;
  const fraction = String(fractionNs).padStart(9, '0');
  const date = new Date(Number(seconds) * 1000);
  // File systems have times that no Date can have, often where a clock or a disk is broken.
  if (Number.isNaN(date.getTime())) return `@${seconds}.${fraction}`;
  return `${date.toISOString().slice(0, -5)}.${fraction}Z`;
}
