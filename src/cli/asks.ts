import process from 'node:process';
import type { Config } from './options/option-table.ts';

/** Whether the arguments hold one of these flags: for use where they may not be parsed, since they may be what failed. */
export function asks(argv: readonly string[], ...flags: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? argv.length : end).some((word) => flags.includes(word));
}

/** Whether a program reads the output, said by flag, environment or config file. */
export function asksForJson(argv: readonly string[], config?: Config): boolean {
  const variable = process.env.PULSE_UPLOAD_JSON ?? '';
  const isConfigured = variable === '' && config?.get('json')?.texts[0] === '1';
  return asks(argv, '--json') || isConfigured || /^(1|true|yes|on)$/i.test(variable);
}
