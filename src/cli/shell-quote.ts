import { UNSAFE } from '../output/text.ts';

/** What a word may hold and stay as it is. PowerShell reads a comma as the mark between two words, and @ as one of its own. */
const PLAIN = /^[\w@%+=:,./-]+$/;
const PLAIN_ON_WINDOWS = /^[\w%+=:./-]+$/;

/** What is shown as an escape wherever it is printed: in plain quotes that escape would be another name. */
const HIDDEN = new RegExp(UNSAFE.source, 'u');
const SHORT: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A word as the user's shell reads it back: sh on Unix, cmd and PowerShell on Windows. */
export function shellQuote(word: string, platform: NodeJS.Platform): string {
  if (platform === 'win32') return PLAIN_ON_WINDOWS.test(word) ? word : `"${escapedForWindows(word)}"`;
  if (PLAIN.test(word)) return word;
  return HIDDEN.test(word) ? `$'${escapedForUnix(word)}'` : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Between $' and ' an escape is the byte that it names (POSIX.1-2024, 2.2.4; bash, zsh and ksh long before). Always three digits: the next may be one, too. */
function escapedForUnix(word: string): string {
  const octal = (byte: number) => `\\${byte.toString(8).padStart(3, '0')}`;
  return word.replace(new RegExp(`${HIDDEN.source}|['\\\\]`, 'gu'), (found) => {
    if (found === "'" || found === '\\') return `\\${found}`;
    return SHORT[found] ?? Array.from(Buffer.from(found), octal).join('');
  });
}

/** A backslash there says something only before a quote: doubled it is itself (Microsoft C runtime, parsing of arguments). */
function escapedForWindows(word: string): string {
  return word.replace(/(\\*)("|$)/g, (_, slashes: string, quote: string) =>
    quote === '' ? slashes.repeat(2) : `${slashes.repeat(2)}\\"`,
  );
}
