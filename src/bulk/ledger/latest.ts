import { readLedger } from './ledger-file.ts';
import { keyOf, type LedgerRecord, neverSaw, refutes, sameState } from './ledger-record.ts';

/**
 * The last word on every file, out of one ledger or several. Of two records of one state of a file the better one
 * counts, since machines may have tried it at once; of two states the later one. What could not look at it takes nothing
 * from what was done; what found something else at the server takes all of it that was before.
 */
export async function latestRecords(paths: readonly string[]): Promise<ReadonlyMap<string, LedgerRecord>> {
  const latest = new Map<string, LedgerRecord>();
  const refutedAt = new Map<string, string>();
  const isDone = (record: LedgerRecord) =>
    record.status === 'done' && record.time > (refutedAt.get(stateOf(record)) ?? '');
  for (const path of paths) {
    await readLedger(path, (record) => {
      const { time } = record;
      if (refutes(record) && time > (refutedAt.get(stateOf(record)) ?? ''))
        refutedAt.set(stateOf(record), time);
      const earlier = latest.get(keyOf(record));
      if (earlier === undefined || replaces(record, earlier, isDone)) latest.set(keyOf(record), record);
    });
  }
  return latest;
}

function stateOf(record: LedgerRecord): string {
  return `${keyOf(record)}\0${record.sizeBytes}\0${record.mtime}`;
}

type Judge = (record: LedgerRecord) => boolean;

function replaces(record: LedgerRecord, earlier: LedgerRecord, isDone: Judge): boolean {
  if (neverSaw(record) && isDone(earlier)) return false;
  if (neverSaw(earlier) && isDone(record)) return true;
  const better = worth(record, isDone) - worth(earlier, isDone);
  if (better !== 0 && sameState(record, earlier)) return better > 0;
  return record.time >= earlier.time;
}

function worth(record: LedgerRecord, isDone: Judge): number {
  return !isDone(record) ? 0 : record.proven ? 2 : 1;
}
