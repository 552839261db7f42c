import { existsSync } from 'node:fs';
import { isCommandName } from './commands.ts';

/** What other programs take as a word; a file of that name is a file. */
const flags = new Map([
  ['help', '--help'],
  ['version', '--version'],
  ...['--help', '-h', '--help-all'].map((flag) => [flag, flag] as const),
]);

/** `verify --help` for `help verify` and for `--help verify`; all other arguments as they are. */
export function withWordsAsFlags(argv: readonly string[]): readonly string[] {
  const [word = '', command, ...rest] = argv;
  const flag = flags.get(word);
  if (flag === undefined || (flag !== word && existsSync(word))) return argv;
  if (command === undefined) return [flag];
  return isCommandName(command) ? [command, flag, ...rest] : argv;
}
