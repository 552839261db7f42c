import type { OptionTable } from './option-table.ts';

/** Those that every command has. */
export const commonOptions = {
  help: { kind: 'flag', flags: '-h, --help', means: 'the help of the command', commandLineOnly: true },
  helpAll: { kind: 'flag', flags: '--help-all', means: 'every option in words', commandLineOnly: true },
  version: { kind: 'flag', flags: '-V, --version', means: 'the version of the tool', commandLineOnly: true },
} as const satisfies OptionTable;

/** Those of commands that have no more to say with --verbose. */
export const stackAndColor = {
  verbose: { kind: 'flag', flags: '-v, --verbose', says: 'show the stack of an unexpected error' },
  noColor: { kind: 'flag', flags: '--no-color', means: 'no colours' },
} as const satisfies OptionTable;
