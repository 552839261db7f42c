import type { OptionTable } from './option-table.ts';
import { commonOptions } from './upload.ts';

/** The options of `pulse-upload list`, in the order of the help. */
export const listOptions = {
  json: { kind: 'flag', flags: '--json', says: 'one JSON object a line' },
  verbose: { kind: 'flag', flags: '-v, --verbose', says: 'show the stack of an unexpected error' },
  noColor: { kind: 'flag', flags: '--no-color', means: 'no colours' },
  ...commonOptions,
} as const satisfies OptionTable;

/** The options of `pulse-upload forget`, in the order of the help. */
export const forgetOptions = {
  all: { kind: 'flag', flags: '--all', says: 'every upload that is remembered', commandLineOnly: true },
  ...listOptions,
} as const satisfies OptionTable;
