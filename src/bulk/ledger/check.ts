import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { PulseError } from '../../errors.ts';
import { fsPath } from '../../upload/source/path-text.ts';
import { inputError } from '../../upload/source/source.ts';
import { latestRecords } from './latest.ts';
import type { LedgerRecord } from './ledger-record.ts';

const READ_BYTES = 1024 * 1024;

/** What became of a file since it was uploaded. */
export interface Audit {
  readonly record: LedgerRecord;
  readonly verdict: 'same' | 'changed' | 'missing' | 'unreadable';
  /** What the file holds now; absent where it could not be read. */
  readonly sha256?: string;
  readonly problem?: PulseError;
}

/** Reads every file that the ledger calls done, whatever its size and times say, and compares its bytes. */
export async function* auditLedger(path: string, signal?: AbortSignal): AsyncGenerator<Audit> {
  for (const record of (await latestRecords([path])).values()) {
    if (record.status === 'done') yield await audit(record, signal);
  }
}

async function audit(record: LedgerRecord, signal?: AbortSignal): Promise<Audit> {
  try {
    const hash = createHash('sha256');
    const stream = createReadStream(fsPath(record.file), { highWaterMark: READ_BYTES });
    for await (const part of stream) {
      signal?.throwIfAborted();
      hash.update(part);
    }
    const sha256 = hash.digest('hex');
    return { record, verdict: sha256 === record.sha256 ? 'same' : 'changed', sha256 };
  } catch (error) {
    signal?.throwIfAborted();
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { record, verdict: missing ? 'missing' : 'unreadable', problem: inputError(record.file, error) };
  }
}
