import { PulseError } from '../../errors.ts';

/** Runs what touches a ledger; its failures are errors of kind `input` that name it. */
export async function orLedgerError<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof PulseError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new PulseError('input', `the ledger ${path} cannot be used: ${code}`, {
      hint: 'check its folder, the permissions and the room on the disk, or name another file as the ledger',
      cause: error,
    });
  }
}
