import type { ErrorKind } from '../../errors.ts';
import type { LedgerRecord } from './ledger-record.ts';

/** A ledger in numbers; times are ISO 8601, and absent where there is no record. */
export interface LedgerSummary {
  readonly files: number;
  readonly proven: number;
  /** Done, and nothing that the server said proves the content. */
  readonly unproven: number;
  readonly failed: number;
  /** Of what is done. */
  readonly doneBytes: number;
  readonly failuresByKind: Readonly<Partial<Record<ErrorKind, number>>>;
  readonly firstTime?: string;
  readonly lastTime?: string;
}

export function summarise(records: Iterable<LedgerRecord>): LedgerSummary {
  const counts = { files: 0, proven: 0, unproven: 0, failed: 0, doneBytes: 0 };
  const failuresByKind: Partial<Record<ErrorKind, number>> = {};
  let firstTime: string | undefined;
  let lastTime: string | undefined;
  for (const { status, proven, sizeBytes, kind, time } of records) {
    counts.files += 1;
    counts[status === 'failed' ? 'failed' : proven ? 'proven' : 'unproven'] += 1;
    if (status === 'done') counts.doneBytes += sizeBytes;
    if (kind !== undefined) failuresByKind[kind] = (failuresByKind[kind] ?? 0) + 1;
    if (firstTime === undefined || time < firstTime) firstTime = time;
    if (lastTime === undefined || time > lastTime) lastTime = time;
  }
  return { ...counts, failuresByKind, ...(firstTime && { firstTime }), ...(lastTime && { lastTime }) };
}
