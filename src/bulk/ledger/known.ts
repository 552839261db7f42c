import { resolve } from 'node:path';
import { serverName } from '../../protocol/urls.ts';
import type { Item } from '../items.ts';
import { isoTime, type LedgerRecord, neverSaw, refutes, sameState } from './ledger-record.ts';

/** What earlier runs found out, as a run needs it. */
export interface Known {
  /** Done, unchanged since, and proven where proof is asked for. */
  readonly isDone: (item: Item) => boolean;
  /** How often a file was tried. */
  readonly attempts: (file: string) => number;
  /** Of two records of one state of a file the better one counts, unless a later one refutes it, here as in `latestRecords`. */
  readonly add: (record: LedgerRecord) => void;
}

/** Small: a ledger may hold a hundred thousand files. */
interface Remembered {
  readonly done: boolean;
  readonly sizeBytes: number;
  readonly mtime: string;
  readonly attempts: number;
}

export function createKnown(server: string, requireProof: boolean): Known {
  const name = serverName(server);
  const files = new Map<string, Remembered>();
  return {
    isDone: ({ file, sizeBytes, mtimeNs }) => {
      const found = files.get(resolve(file));
      return found?.done === true && sameState(found, { sizeBytes, mtime: isoTime(mtimeNs) });
    },
    attempts: (file) => files.get(resolve(file))?.attempts ?? 0,
    add: (record) => {
      if (serverName(record.server) !== name) return;
      const { file, sizeBytes, mtime, attempts } = record;
      const done = record.status === 'done' && (record.proven || !requireProof);
      const earlier = files.get(file);
      const isNoNews = (a: Remembered) => neverSaw(record) || (sameState(record, a) && !refutes(record));
      const saysLess = earlier?.done === true && !done && isNoNews(earlier);
      const known = saysLess ? earlier : { done, sizeBytes, mtime };
      // Spelt out: objects that are spread have a hidden class each, which is larger than they are.
      files.set(file, { done: known.done, sizeBytes: known.sizeBytes, mtime: known.mtime, attempts });
    },
  };
}
