import type { AnswerHead, Framing, HeaderLines } from '../protocol/connection.ts';

/** What makes the bytes no HTTP/1.1 answer, in words; thrown while parsing. */
export class MalformedAnswer extends Error {}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
/** RFC 9110, 5.1: a field name is a token, and no blank may stand before the colon (RFC 9112, 5.1). */
const HEADER_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*(.*?)[\t ]*$/s;
/** RFC 9110, 5.5: visible ASCII, blanks, and bytes above 0x7f; no other control character. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Parses a head whose bytes end with the empty line. */
export function parseHead(bytes: Buffer): AnswerHead {
  const text = bytes.toString('latin1');
  const [statusLine = '', ...lines] = text.slice(0, -4).split('\r\n');
  const [, minor, status, reason = ''] = STATUS_LINE.exec(statusLine) ?? [];
  if (status === undefined) throw new MalformedAnswer(`the status line is ${quoted(statusLine)}`);
  const version = minor === '0' ? '1.0' : '1.1';
  return { status: Number(status), reason, version, headers: parseHeaderLines(lines), text };
}

export function parseHeaderLines(lines: readonly string[]): HeaderLines {
  return lines.map((line) => {
    const [, name, value = ''] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined) throw new MalformedAnswer(`a header line is ${quoted(line)}`);
    if (!HEADER_VALUE.test(value)) {
      throw new MalformedAnswer(`the value of ${name} holds a control character: ${quoted(value)}`);
    }
    return [name, value] as const;
  });
}

/** Where the body ends, by the rules of RFC 9112, 6.3. */
export function bodyFraming(head: AnswerHead, method: string): { framing: Framing; lengthBytes: number } {
  const lengths = new Set(values(head.headers, 'content-length'));
  const codings = values(head.headers, 'transfer-encoding').map((coding) => coding.toLowerCase());
  const neverHasBody = method === 'HEAD' || head.status === 204 || head.status === 304 || head.status < 200;
  if (neverHasBody) return { framing: 'none', lengthBytes: 0 };
  if (codings.length > 0) {
    if (lengths.size > 0) throw new MalformedAnswer('it has both Content-Length and Transfer-Encoding');
    return { framing: codings.at(-1) === 'chunked' ? 'chunked' : 'close', lengthBytes: 0 };
  }
  const [length, ...others] = lengths;
  if (length === undefined) return { framing: 'close', lengthBytes: 0 };
  if (others.length > 0 || !/^\d{1,15}$/.test(length)) {
    throw new MalformedAnswer(`its Content-Length is ${quoted([...lengths].join(', '))}`);
  }
  return Number(length) === 0
    ? { framing: 'none', lengthBytes: 0 }
    : { framing: 'length', lengthBytes: Number(length) };
}

/** The comma-separated members of every header of that name. */
function values(headers: HeaderLines, name: string): string[] {
  return headers
    .filter(([candidate]) => candidate.toLowerCase() === name)
    .flatMap(([, value]) => value.split(','))
    .map((member) => member.trim());
}

export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
