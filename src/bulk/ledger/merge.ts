import { access, type FileHandle, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PulseError } from '../../errors.ts';
import { replaceFile } from '../../system/files.ts';
import type { Lock } from '../../upload/state/lock.ts';
import { latestRecords } from './latest.ts';
import { orLedgerError } from './ledger-error.ts';
import { assertThere } from './ledger-file.ts';
import { lockLedger, lockOrLook } from './ledger-lock.ts';
import { type LedgerRecord, recordLine } from './ledger-record.ts';

/** So much text is gathered before it is written. */
const WRITE_BYTES = 256 * 1024;

/**
 * Writes the last word on every file of these ledgers into one, sorted by file. `out` may be one of them; anything
 * else that stands in its place throws `input`, like what is missing or cannot be written to, and a run that writes to
 * one of them `temporary`. Inputs may be where nothing can be written.
 */
export async function mergeLedgers(
  out: string,
  inputs: readonly string[],
): Promise<ReadonlyMap<string, LedgerRecord>> {
  inputs.forEach(assertThere);
  await orLedgerError(out, () => assertFree(out, inputs));
  const locks: (Lock | undefined)[] = [];
  try {
    locks.push(await lockLedger(out));
    for (const path of othersOf(out, inputs)) locks.push(await lockOrLook(path));
    const latest = await latestRecords(inputs);
    await replace(out, [...latest.values()].toSorted(byFile));
    return latest;
  } finally {
    // What stays behind holds nobody off once this process has ended.
    for (const lock of locks) await lock?.release().catch(() => undefined);
  }
}

/** Each input once, however its path is spelt: nobody waits for a lock of his own. */
function othersOf(out: string, inputs: readonly string[]): readonly string[] {
  const spelt = new Map(inputs.map((path) => [resolve(path), path]));
  spelt.delete(resolve(out));
  return [...spelt.values()];
}

async function assertFree(out: string, inputs: readonly string[]): Promise<void> {
  const taken = await access(out).then(
    () => true,
    () => false,
  );
  if (!taken) return;
  const places = await Promise.all(inputs.map((path) => realpath(path).catch(() => path)));
  if (places.includes(await realpath(out))) return;
  throw new PulseError('input', `${out} exists, and is none of the ledgers to merge`, {
    hint: `name a new file first, or name ${out} among the others as well to add to it`,
  });
}

function byFile(a: LedgerRecord, b: LedgerRecord): number {
  return a.file < b.file ? -1 : a.file > b.file ? 1 : a.server < b.server ? -1 : 1;
}

async function replace(path: string, records: readonly LedgerRecord[]): Promise<void> {
  const write = async (handle: FileHandle) => {
    let text = '';
    for (const { ledger: _, ...outcome } of records) {
      text += recordLine(outcome);
      if (text.length < WRITE_BYTES) continue;
      await handle.appendFile(text);
      text = '';
    }
    await handle.appendFile(text);
  };
  try {
    await replaceFile(path, write, 0o644);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new PulseError('input', `${path} cannot be written: ${code}`, {
      hint: 'check its folder',
      cause: error,
    });
  }
}
