import { sep } from 'node:path';

/** Windows has no bytes to lose: its names are UTF-16, and Node hands them over whole. */
export const namesAreBytes = sep === '/';

/**
 * What the file system is to be asked for, and a program to be told: the text itself, or the bytes that its lone
 * surrogates stand for (`pathText` in src/upload/source/path-text.ts).
 */
export function fsPath(text: string): string | Buffer {
  if (!namesAreBytes || !hasRawBytes(text)) return text;
  const parts = Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(character);
  });
  return Buffer.concat(parts);
}

function hasRawBytes(text: string): boolean {
  return /[\udc80-\udcff]/u.test(text);
}
