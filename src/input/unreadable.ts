const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder, expected a file',
  EACCES: 'cannot be read: permission denied',
};

/** Why a file that the user named could not be read, in words that follow its name. */
export function whyUnreadable(error: unknown): string {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return reasons[code] ?? `cannot be read: ${code}`;
}
