import { realpath } from 'node:fs/promises';
import { fsPath, namesAreBytes } from '../../system/path-bytes.ts';

export { fsPath };

/** The operand that stands for standard input. A file of that name is ./- */
export const INPUT = '-';

/** An operand as it stands in a sentence. */
export function titleOf(operand: string): string {
  return operand === INPUT ? 'standard input' : operand;
}

/**
 * A path as text from which its bytes can be had again. Bytes that are no UTF-8 become the lone surrogates
 * U+DC80 to U+DCFF (PEP 383, Python's `surrogateescape`), which JSON writes as `\udce9` and back.
 */
export function pathText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!text.includes('\ufffd') || Buffer.from(text).equals(bytes)) return text;
  let rest = '';
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at);
    rest +=
      length === 0 ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + length);
    at += Math.max(1, length);
  }
  return rest;
}

/** How many bytes the UTF-8 character at this place has; 0 where there is none. */
function characterLength(bytes: Buffer, at: number): number {
  const lead = bytes[at] ?? 0;
  const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const part = bytes.subarray(at, at + length);
  return part.length === length && Buffer.from(part.toString('utf8')).equals(part) ? length : 0;
}

/** A name as it can go over the wire: bytes that are no UTF-8 as `%E9`, so that two names stay two. */
export function wireName(text: string): string {
  return text
    .replace(/[\udc80-\udcff]/gu, (raw) => `%${(raw.charCodeAt(0) - 0xdc00).toString(16).toUpperCase()}`)
    .toWellFormed();
}

/** The absolute path without links. Rejects as `realpath` does. */
export async function realPathText(text: string): Promise<string> {
  if (!namesAreBytes) return realpath(text);
  return pathText(await realpath(fsPath(text), { encoding: 'buffer' }));
}
