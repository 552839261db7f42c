import { rejected } from './rejected.ts';

/** A bare file name: what servers refuse at the very end, when every byte is there, is refused before the first one. */
export function parseFileName(text: string, source: string): string {
  const expected = 'a file name';
  if (text.trim() === '') throw rejected(source, text, expected, 'is a variable of your script empty?');
  if (/[/\\]/.test(text) || text === '.' || text === '..') {
    const last = text.split(/[/\\]/).at(-1) ?? '';
    const hint = /^\.{0,2}$/.test(last) ? 'write for example video.mp4' : `did you mean ${source} '${last}'?`;
    throw rejected(source, text, `${expected} without a path`, hint);
  }
  if (/\p{Cc}/u.test(text) || !text.isWellFormed()) {
    throw rejected(
      source,
      text,
      `${expected} without control characters`,
      `give a printable name with ${source}`,
    );
  }
  return text;
}
