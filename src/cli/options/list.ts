import { commonOptions, stackAndColor } from './common.ts';
import type { OptionTable } from './option-table.ts';

/** The options of `pulse-upload list`, in the order of the help. */
export const listOptions = {
  json: { kind: 'flag', flags: '--json', says: 'one JSON object a line' },
  ...stackAndColor,
  ...commonOptions,
} as const satisfies OptionTable;

/** The options of `pulse-upload forget`, in the order of the help. */
export const forgetOptions = {
  all: { kind: 'flag', flags: '--all', says: 'every upload that is remembered', commandLineOnly: true },
  ...listOptions,
} as const satisfies OptionTable;
