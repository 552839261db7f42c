import { existsSync } from 'node:fs';
import { PulseError } from '../errors.ts';
import { longFlag, type OptionTable } from './options/option-table.ts';

/**
 * A file whose name begins with a dash would be read as flags: `-t1.mp4` even as a token, without a word. A usage
 * error where such a file is there and nothing says that it is meant as a file.
 */
export function refuseFilesLikeFlags(table: OptionTable, argv: readonly string[]): void {
  const specs = Object.values(table);
  const flags = specs.flatMap((spec) => [longFlag(spec), ...(/^-\w\b/.exec(spec.flags) ?? [])]);
  const valued = specs
    .filter(({ kind }) => kind !== 'flag')
    .flatMap((spec) => [longFlag(spec), ...(/^-\w\b/.exec(spec.flags) ?? [])]);
  const end = argv.indexOf('--');
  for (const [index, word] of argv.slice(0, end < 0 ? argv.length : end).entries()) {
    const isValue = valued.includes(argv[index - 1] ?? '');
    if (!/^-./.test(word) || isValue || flags.includes(word) || !existsSync(word)) continue;
    throw new PulseError('usage', `'${word}' is a file here, but reads like a flag`, {
      hint: `write ./${word}, or put -- before all files: pulse-upload --server <url> -- ${word}`,
    });
  }
}
