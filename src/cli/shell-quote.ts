/** What a word may hold and stay as it is. PowerShell reads a comma as the mark between two words, and @ as one of its own. */
const PLAIN = /^[\w@%+=:,./-]+$/;
const PLAIN_ON_WINDOWS = /^[\w%+=:./-]+$/;

/** A word as the user's shell reads it back: sh on Unix, cmd and PowerShell on Windows. */
export function shellQuote(word: string, platform: NodeJS.Platform): string {
  if (platform !== 'win32') return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
  return PLAIN_ON_WINDOWS.test(word) ? word : `"${escapedForWindows(word)}"`;
}

/** A backslash there says something only before a quote: doubled it is itself (Microsoft C runtime, parsing of arguments). */
function escapedForWindows(word: string): string {
  return word.replace(/(\\*)("|$)/g, (_, slashes: string, quote: string) =>
    quote === '' ? slashes.repeat(2) : `${slashes.repeat(2)}\\"`,
  );
}
