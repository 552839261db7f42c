import type { PulseError } from '../../errors.ts';
import {
  acquireLock,
  assertUnlocked,
  type FileLock,
  type Lock,
  type LockTiming,
} from '../../upload/state/lock.ts';
import { orLedgerError } from './ledger-error.ts';

const DOING = 'is written to';

/** Where nothing can be made beside a ledger: read-only media, or the folder of somebody else. */
const unwritable: ReadonlySet<unknown> = new Set(['EROFS', 'EACCES', 'EPERM']);

/** Throws `temporary` while another run writes to the ledger, `input` where its lock cannot be made. */
export function lockLedger(path: string, timing?: LockTiming): Promise<FileLock> {
  return orLedgerError(path, () => acquireLock(lockOf(path), titleOf(path), DOING, timing));
}

/** For a ledger that is only read: where no lock can be made, a look at who holds one has to do. Undefined there. */
export async function lockOrLook(path: string): Promise<Lock | undefined> {
  try {
    return await lockLedger(path);
  } catch (error) {
    const { cause } = error as PulseError;
    if (!unwritable.has((cause as NodeJS.ErrnoException | undefined)?.code)) throw error;
    await orLedgerError(path, () => assertUnlocked(lockOf(path), titleOf(path), DOING));
    return undefined;
  }
}

function lockOf(path: string): string {
  return `${path}.lock`;
}

function titleOf(path: string): string {
  return `the ledger ${path}`;
}
