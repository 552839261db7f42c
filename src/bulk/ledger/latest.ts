import { readLedger } from './ledger-file.ts';
import { keyOf, type LedgerRecord, neverSaw, sameState } from './ledger-record.ts';

/**
 * The last word on every file, out of one ledger or several. Of two records of one state of a file the better one
 * counts, since machines may have tried it at once; of two states the later one. What could not look at it takes nothing
 * from what was done.
 */
export async function latestRecords(paths: readonly string[]): Promise<ReadonlyMap<string, LedgerRecord>> {
  const latest = new Map<string, LedgerRecord>();
  for (const path of paths) {
    await readLedger(path, (record) => {
      const earlier = latest.get(keyOf(record));
      if (earlier === undefined || replaces(record, earlier)) latest.set(keyOf(record), record);
    });
  }
  return latest;
}

function replaces(record: LedgerRecord, earlier: LedgerRecord): boolean {
  if (neverSaw(record) && earlier.status === 'done') return false;
  if (neverSaw(earlier) && record.status === 'done') return true;
  const better = worth(record) - worth(earlier);
  if (better !== 0 && sameState(record, earlier)) return better > 0;
  return record.time >= earlier.time;
}

function worth({ status, proven }: LedgerRecord): number {
  return status === 'failed' ? 0 : proven ? 2 : 1;
}
