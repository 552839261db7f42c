/**
 * multipart/form-data as it streams by (RFC 7578; RFC 2046, 5.1). Only the bytes of the one file come out, as views
 * into what came in; memory does not depend on the size of a part.
 */

/** Headers of a part that are longer than this are refused; real ones have some hundred bytes. */
const longestHeadBytes = 16 * 1024;
/** Blanks that may stand between a boundary and its line break. */
const longestPaddingBytes = 64;

export interface FormReader {
  /** Reads the next piece of the body and emits the file's bytes in it. Throws `FormFault`. */
  push(piece: Buffer, emit: (bytes: Buffer) => void): void;
  /** The body has ended. Throws `FormFault` where the form is not complete or held no file. */
  end(): void;
}

/** What is wrong with the client's form. */
export class FormFault extends Error {
  override readonly name = 'FormFault';
}

/** The boundary of a multipart/form-data type; undefined where it is missing or malformed. */
export function boundaryOf(contentType: string): string | undefined {
  return parameters(contentType)
    .get('boundary')
    ?.match(/^[\w'()+,\-./:=? ]{1,70}(?<! )$/)?.[0];
}

/** Reads a form with exactly one file, in the field `fieldName`; fields that are no files are passed over. */
export function formReader(boundary: string, fieldName: string): FormReader {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  // The first boundary may be the very first thing, without the line break before it (RFC 2046, 5.1.1).
  let unread: Buffer = Buffer.from('\r\n');
  let place: 'preamble' | 'head' | 'file' | 'field' | 'epilogue' = 'preamble';
  let hasFile = false;

  /** Moves over content to the next boundary; false where that has not come yet. */
  const passContent = (emit?: (bytes: Buffer) => void): boolean => {
    const found = findDelimiter(unread, delimiter);
    if (found.at > 0) emit?.(unread.subarray(0, found.at));
    unread = unread.subarray(found.next);
    if (found.kind !== 'none') place = found.kind === 'last' ? 'epilogue' : 'head';
    return found.kind !== 'none';
  };

  const passHead = (): boolean => {
    const end = unread.indexOf('\r\n\r\n');
    if (end === -1 && unread.length <= longestHeadBytes) return false;
    if (end === -1 || end > longestHeadBytes) throw new FormFault('the headers of a part are too long');
    const field = fileField(unread.subarray(0, end).toString('utf8'));
    unread = unread.subarray(end + 4);
    place = field === undefined ? 'field' : 'file';
    if (field !== undefined && field !== fieldName)
      throw new FormFault(`the file must be in the field "${fieldName}"`);
    if (field !== undefined && hasFile) throw new FormFault('the form holds more than one file');
    hasFile ||= field !== undefined;
    return true;
  };

  return {
    push(piece, emit) {
      unread = unread.length === 0 ? piece : Buffer.concat([unread, piece]);
      const steps = {
        preamble: () => passContent(),
        head: passHead,
        file: () => passContent(emit),
        field: () => passContent(),
        epilogue: () => {
          unread = unread.subarray(unread.length);
          return false;
        },
      } satisfies Record<typeof place, () => boolean>;
      while (steps[place]());
    },
    end() {
      if (place !== 'epilogue') throw new FormFault('the form ends before its closing boundary');
      if (!hasFile) throw new FormFault(`the form has no file in the field "${fieldName}"`);
    },
  };
}

interface Delimiter {
  readonly kind: 'part' | 'last' | 'none';
  /** Everything before is content for certain. */
  readonly at: number;
  /** Where to read on: behind the delimiter, or at what may still become one. */
  readonly next: number;
}

/**
 * A delimiter is the boundary line as a whole: content may well begin a line with the boundary and go on otherwise.
 * For a part, `next` is the line break that ends the line, so that the headers always stand between two of them.
 */
function findDelimiter(bytes: Buffer, delimiter: Buffer): Delimiter {
  for (let at = bytes.indexOf(delimiter); at !== -1; at = bytes.indexOf(delimiter, at + 1)) {
    const behind = at + delimiter.length;
    const line = bytes.toString('latin1', behind, behind + longestPaddingBytes + 2);
    if (line.startsWith('--')) return { kind: 'last', at, next: behind + 2 };
    const padding = /^[ \t]*(?=\r\n)/.exec(line)?.[0];
    if (padding !== undefined) return { kind: 'part', at, next: behind + padding.length };
    const isUndecided = line.length < longestPaddingBytes + 2 && /^(?:-|[ \t]*\r?)$/.test(line);
    if (isUndecided) return { kind: 'none', at, next: at };
  }
  const safe = bytes.length - beginningOf(delimiter, bytes);
  return { kind: 'none', at: safe, next: safe };
}

/** How many bytes at the end of `bytes` may be the beginning of a delimiter. */
function beginningOf(delimiter: Buffer, bytes: Buffer): number {
  for (let count = Math.min(delimiter.length - 1, bytes.length); count > 0; count--) {
    if (bytes.subarray(bytes.length - count).equals(delimiter.subarray(0, count))) return count;
  }
  return 0;
}

/** The field of a part that is a file; undefined for any other part. */
function fileField(head: string): string | undefined {
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1];
  if (disposition === undefined) return undefined;
  const found = parameters(disposition);
  return found.has('filename') || found.has('filename*') ? (found.get('name') ?? '') : undefined;
}

/**
 * The parameters of a header value; quoted strings are taken as wholes, so that nothing inside them counts. One that is
 * not closed reaches to the end: to look for strings inside it anew, quote by quote, would take the square of its length.
 */
function parameters(value: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const match of value.matchAll(
    /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))|"(?:[^"\\]|\\.)*"?/g,
  )) {
    const [, name, quoted, plain] = match;
    if (name !== undefined && !found.has(name.toLowerCase()))
      found.set(name.toLowerCase(), quoted ?? plain ?? '');
  }
  return found;
}
