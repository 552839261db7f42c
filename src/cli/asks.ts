import process from 'node:process';
import type { Config } from './options/option-table.ts';

/** Whether the arguments hold one of these flags: for use where they may not be parsed, since they may be what failed. */
export function asks(argv: readonly string[], ...flags: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? argv.length : end).some((word) => flags.includes(word.replace(/=.*$/s, '')));
}

/** Whether a program reads the output, said by flag, environment or config file: the latter two not beside a flag that excludes it. */
export function asksForJson(
  argv: readonly string[],
  config: Config | undefined,
  ...excluding: readonly string[]
): boolean {
  const variable = process.env.PULSE_UPLOAD_JSON ?? '';
  const isConfigured = variable === '' && config?.get('json')?.texts[0] === '1';
  if (asks(argv, '--json')) return true;
  return !asks(argv, ...excluding) && (isConfigured || /^(1|true|yes|on)$/i.test(variable));
}
