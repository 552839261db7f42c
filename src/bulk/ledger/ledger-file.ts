import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, open, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PulseError } from '../../errors.ts';
import { syncFolder } from '../../system/files.ts';
import type { LockTiming } from '../../upload/state/lock.ts';
import { byteRecords, NEWLINE } from '../byte-records.ts';
import { orLedgerError } from './ledger-error.ts';
import { lockLedger } from './ledger-lock.ts';
import { type LedgerRecord, type Outcome, parseRecord, RECORD_START, recordLine } from './ledger-record.ts';
import { isStillAt, writtenAnew } from './still-there.ts';
import { together, untilOneFails } from './write-order.ts';

const MAX_LINE_BYTES = 1024 * 1024;

export type Appended = 'added' | 'anew';

/** A ledger that this run, and no other, writes to. */
export interface Ledger {
  /**
   * Resolves once the record is on the disk, with `anew` where the ledger was gone and was written anew, with all that it
   * held. Throws `input` where it cannot be written, or another file has taken its place.
   */
  readonly append: (outcome: Outcome) => Promise<Appended>;
  /** Fires, with a `PulseError` as reason, when another run has taken the ledger over: nothing more is written to it. */
  readonly lost: AbortSignal;
  /** Throws `input` where its lock stays behind: every record is on the disk all the same. Once is enough. */
  readonly close: () => Promise<void>;
  /** For the end of the process, where nothing is waited for any more: the next run need not wait for its lock. */
  readonly freeAtOnce: () => void;
}

/**
 * Opens a ledger, or begins one, and hands every record that it holds to `onRecord`. A last line that a crash tore is
 * cut off. Throws `temporary` while another run writes to it, `input` where the file is no ledger or cannot be written.
 */
export async function openLedger(
  path: string,
  onRecord: (record: LedgerRecord) => void,
  timing?: LockTiming,
): Promise<Ledger> {
  await refuseOther(path);
  const lock = await lockLedger(path, timing);
  let opened: FileHandle | undefined;
  let sizeBytes = 0;
  try {
    opened = await orLedgerError(path, () => open(path, 'a+', 0o644));
    const { wholeBytes, torn } = await readTo(path, onRecord);
    sizeBytes = wholeBytes;
    await orLedgerError(path, () => mend(path, opened, wholeBytes, torn));
    if (wholeBytes === 0) await syncFolder(dirname(path));
  } catch (error) {
    // What failed is the error to tell, and none that comes of the tidying.
    await opened?.close().catch(() => undefined);
    await lock.release().catch(() => undefined);
    throw error;
  }
  let handle = opened;
  let closing: Promise<void> | undefined;
  const write = async (lines: string): Promise<Appended> => {
    lock.lost.throwIfAborted();
    await handle.appendFile(lines);
    await handle.datasync();
    sizeBytes += Buffer.byteLength(lines);
    if (await isStillAt(path, { handle, sizeBytes, lines })) return 'added';
    const gone = handle;
    handle = await writtenAnew(path, gone);
    await gone.close();
    await syncFolder(dirname(path));
    return 'anew';
  };
  return {
    append: together(
      untilOneFails((lines) => orLedgerError(path, () => write(lines))),
      recordLine,
    ),
    lost: lock.lost,
    close: () => {
      closing ??= orLedgerError(path, () => handle.close().finally(lock.release));
      return closing;
    },
    freeAtOnce: lock.releaseAtOnce,
  };
}

/** Throws `input` where something else than a file is there: whoever opens a pipe waits for somebody at its other end. */
export async function refuseOther(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined || there.isFile()) return;
  throw new PulseError('input', `the ledger ${path} is no file, expected one or nothing yet`, {
    hint: 'name another file with --ledger',
  });
}

/** Every record of a ledger, the oldest first; a torn last line is no record. Throws `input` where the file is none. */
export async function readLedger(path: string, onRecord: (record: LedgerRecord) => void): Promise<void> {
  assertThere(path);
  await readTo(path, onRecord);
}

/** Throws `input` where there is no ledger. */
export function assertThere(path: string): void {
  if (existsSync(path)) return;
  throw new PulseError('input', `there is no ledger at ${path}`, {
    hint: 'check the path; a run with --ledger <path> writes one',
  });
}

interface Extent {
  /** The length of what is whole. */
  readonly wholeBytes: number;
  /** What stands behind it: a piece of a line, or a line whose end is missing. */
  readonly torn?: 'piece' | 'unended';
}

async function readTo(path: string, onRecord: (record: LedgerRecord) => void): Promise<Extent> {
  let wholeBytes = 0;
  const lines = byteRecords(createReadStream(path), NEWLINE, {
    label: path,
    maxBytes: MAX_LINE_BYTES,
    hint: 'this is no ledger: name another file with --ledger',
  });
  return orLedgerError(path, async () => {
    for await (const { bytes, number, offsetBytes, ended } of lines) {
      const record = parseRecord(bytes.toString('utf8'));
      if (record !== undefined) {
        onRecord(record);
        wholeBytes = offsetBytes + bytes.length + 1;
        if (!ended) return { wholeBytes, torn: 'unended' };
      } else if (!ended && isPiece(bytes)) return { wholeBytes, torn: 'piece' };
      else throw noRecord(path, number);
    }
    return { wholeBytes };
  });
}

/** A crash leaves the beginning of a line, or blocks that the file system had promised and not yet written (NUL). */
function isPiece(bytes: Buffer): boolean {
  const text = bytes.toString('latin1').replace(/\0+$/, '');
  return text.length < RECORD_START.length ? RECORD_START.startsWith(text) : text.startsWith(RECORD_START);
}

async function mend(
  path: string,
  handle: FileHandle | undefined,
  wholeBytes: number,
  torn: Extent['torn'],
): Promise<void> {
  // By its name: what is open for appending Windows does not shorten.
  if (torn === 'piece') await truncate(path, wholeBytes);
  if (torn === 'unended') await handle?.appendFile('\n');
}

function noRecord(path: string, line: number): PulseError {
  return new PulseError('input', `${path}:${line} is no record of a ledger; nothing was changed or sent`, {
    hint:
      line === 1 ? 'name another file as the ledger' : 'remove that line: its file is then sent once more',
  });
}
