import type { Answer } from '../../protocol/wire.ts';

/** How much there is, and how it begins. */
interface Seen {
  readonly sizeBytes: number;
  readonly beginning: Uint8Array;
}

/** What stands in the place of content: a login page, an error with status 200. By its media type and its first character. */
const inPlaces: readonly (readonly [what: string, type: RegExp, begins: RegExp])[] = [
  ['a page', /^\s*(?:text\/html|application\/xhtml\+xml)\b/i, /^\s*</],
  ['a message', /^\s*application\/(?:[\w.-]+\+)?json\b/i, /^\s*[{[]/],
];

/**
 * Why a 2xx to a GET does not say what the server holds, in words that follow its status; undefined where it does.
 * What is media, or begins as the file does, is content, be it wrong.
 */
export function notTheContent({ status, headers }: Answer, served: Seen, file: Seen): string | undefined {
  if (status !== 200) return 'where 200 and the whole content are expected';
  const range = headers['content-range'];
  // It has no meaning with 200 (RFC 9110, 14.4), and what names another whole than the file is not the whole file.
  if (range !== undefined && range.trim() !== `bytes 0-${file.sizeBytes - 1}/${file.sizeBytes}`)
    return `with a part of something else than the file (Content-Range: ${range})`;
  if (isEncoded(headers))
    return `with other bytes than the content's own (Content-Encoding: ${headers['content-encoding']})`;
  if (served.sizeBytes === file.sizeBytes) return undefined;
  const type = headers['content-type'] ?? '';
  const standIn = inPlaces.find(
    ([, isOfType, begins]) =>
      isOfType.test(type) && begins.test(textOf(served)) && !begins.test(textOf(file)),
  );
  return standIn && `with ${standIn[0]} in place of the content`;
}

/** Compressed, although it was asked for as it is. */
export function isEncoded(headers: Answer['headers']): boolean {
  return !/^\s*(?:identity)?\s*$/i.test(headers['content-encoding'] ?? '');
}

/** A byte order mark counts as white space in a regular expression. */
function textOf({ beginning }: Seen): string {
  return Buffer.from(beginning.subarray(0, 64)).toString('utf8');
}
