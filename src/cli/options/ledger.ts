import { commonOptions, stackAndColor } from './common.ts';
import type { OptionTable, Values } from './option-table.ts';

/** What the first operand may be in place of a ledger to show. */
export const ledgerTasks = {
  check: { usage: 'ledger check <file>', says: 'read every file that is done, and compare' },
  merge: { usage: 'ledger merge <out> <in...>', says: 'one ledger out of several' },
} as const;

/** The options of `pulse-upload ledger`, in the order of the help. */
export const ledgerOptions = {
  failed: { kind: 'flag', flags: '--failed', says: 'only what failed, file by file', commandLineOnly: true },
  json: { kind: 'flag', flags: '--json', says: 'JSON; with --failed one record a line' },
  csv: { kind: 'flag', flags: '--csv', says: 'the last record of each file as CSV', commandLineOnly: true },
  ...stackAndColor,
  ...commonOptions,
} as const satisfies OptionTable;

export type LedgerValues = Values<typeof ledgerOptions>;
