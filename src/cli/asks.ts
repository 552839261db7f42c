/** Whether the arguments hold one of these flags: for use where they may not be parsed, since they may be what failed. */
export function asks(argv: readonly string[], ...flags: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? argv.length : end).some((word) => flags.includes(word));
}
