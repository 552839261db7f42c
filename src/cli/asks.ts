import process from 'node:process';

/** Whether the arguments hold one of these flags: for use where they may not be parsed, since they may be what failed. */
export function asks(argv: readonly string[], ...flags: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? argv.length : end).some((word) => flags.includes(word));
}

/** Whether a program reads the output, said by flag or environment. */
export function asksForJson(argv: readonly string[]): boolean {
  return asks(argv, '--json') || /^(1|true|yes|on)$/i.test(process.env.PULSE_UPLOAD_JSON ?? '');
}
