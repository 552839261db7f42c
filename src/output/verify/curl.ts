import type { HeaderLines } from '../../protocol/connection.ts';
import { MP4_OPENING } from '../../verify/payload.ts';
import {
  type BodyRecord,
  type Exchange,
  KEPT_BINARY_BYTES,
  KEPT_TEXT_BYTES,
  type PartRecord,
  type SentRecord,
} from '../../verify/recording.ts';

/** More than this nobody reads or pastes: it fills the screen. */
const MOST_CHARACTERS = 2048;

/**
 * The request as a curl command for a POSIX shell; undefined where it would be too long, or where curl cannot send it:
 * cut, malformed, chunked, or with a body that was not recorded in full. A test file becomes as many bytes of one letter, and another file those of
 * another letter: what replaces what can be seen.
 */
export function curlCommand({ url, sent }: Exchange): string | undefined {
  const headers = curlHeaders(sent);
  const body = curlBody(sent);
  if (!isWhole(sent) || targetOf(url) !== sent.target || headers === undefined || body === undefined) {
    return undefined;
  }
  const words = ['curl', ...methodWords(sent), ...headers, ...body.words, quote(url)];
  const command = `${body.source}${words.join(' ')}`;
  return command.length > MOST_CHARACTERS ? undefined : command;
}

function isWhole({ cut, writtenBytes, body, method }: SentRecord): boolean {
  return cut === undefined && writtenBytes === body.sizeBytes && /^[A-Z]+$/.test(method);
}

function targetOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { pathname, search } = new URL(url);
  return pathname + search;
}

function methodWords({ method }: SentRecord): readonly string[] {
  if (method === 'HEAD') return ['-I'];
  return method === 'GET' ? ['-i'] : ['-i', '-X', method];
}

/** What curl sets itself, and would contradict if it were given. */
const ownHeaders = new Set(['host', 'user-agent', 'content-length']);
/** A field name and a field value that arrive as they were sent. */
const FIELD = /^[!#$%&'*+.^_`|~\dA-Za-z-]+: *[\x21-\x7e]?[\x20-\x7e]*$/;

function curlHeaders(sent: SentRecord): readonly string[] | undefined {
  const lines = sent.headers.filter(([name]) => !ownHeaders.has(name.toLowerCase()));
  if (!isOrdinarilyFramed(sent) || lines.some(([name, value]) => !FIELD.test(`${name}: ${value}`))) {
    return undefined;
  }
  // curl invents a type for every body, and asks for leave (Expect) before long ones: more than 1 KiB in old versions.
  const invented =
    sent.body.sizeBytes > 0 || statesLength(sent.headers)
      ? ['Content-Type:', ...(sent.body.sizeBytes > 1024 ? ['Expect:'] : [])]
      : [];
  const present = new Set(lines.map(([name]) => `${name.toLowerCase()}:`));
  const removed = invented.filter((header) => !present.has(header.toLowerCase()));
  return [...lines.map(headerText), ...removed].flatMap((header) => ['-H', quote(header)]);
}

/** A header with an empty value ends in a semicolon; with a colon, curl would remove it. */
function headerText([name, value]: HeaderLines[number]): string {
  return value === '' ? `${name};` : `${name}: ${value}`;
}

/** One Content-Length that is true, or none where there is no body; never Transfer-Encoding. */
function isOrdinarilyFramed({ headers, body }: SentRecord): boolean {
  const named = (wanted: string) => headers.filter(([name]) => name.toLowerCase() === wanted);
  const lengths = named('content-length').map(([, value]) => value);
  const isTrue = lengths.length === 0 ? body.sizeBytes === 0 : lengths.join() === String(body.sizeBytes);
  return isTrue && named('transfer-encoding').length === 0 && named('host').length === 1;
}

function statesLength(headers: HeaderLines): boolean {
  return headers.some(([name]) => name.toLowerCase() === 'content-length');
}

interface CurlBody {
  /** What stands in front of curl and writes the body. */
  readonly source: string;
  readonly words: readonly string[];
}

function curlBody({ body, headers }: SentRecord): CurlBody | undefined {
  const { sizeBytes, text, base64 } = body;
  if (sizeBytes === 0) return { source: '', words: statesLength(headers) ? ['--data-binary', "''"] : [] };
  const part = wholePart(body);
  if (part !== undefined) return partBody(part);
  if (text !== undefined && sizeBytes <= KEPT_TEXT_BYTES && !text.startsWith('@')) {
    return { source: '', words: ['--data-binary', quote(text)] };
  }
  return base64 !== undefined && sizeBytes <= KEPT_BINARY_BYTES
    ? piped(`echo ${base64} | base64 --decode`)
    : undefined;
}

function piped(source: string): CurlBody {
  return { source: `${source} | `, words: ['--data-binary', '@-'] };
}

/** Of which each test file gets one. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The run of a test file that is the whole body; undefined where there is more to it. */
function wholePart({ parts = [], sizeBytes }: BodyRecord): PartRecord | undefined {
  const [part, ...others] = parts;
  return part !== undefined && others.length === 0 && part.to - part.from === sizeBytes ? part : undefined;
}

function partBody({ payload, from, to }: PartRecord): CurlBody | undefined {
  if (payload.kind === 'position') {
    const letter = LETTERS[payload.seed % LETTERS.length] ?? '';
    return piped(payload.opening === undefined ? letters(to - from, letter) : videoSource(from, to, letter));
  }
  const bytes = Buffer.from(payload.base64, 'base64').subarray(from, to);
  return bytes.length <= KEPT_TEXT_BYTES
    ? piped(`echo ${bytes.toString('base64')} | base64 --decode`)
    : undefined;
}

function letters(count: number, letter: string): string {
  return `head -c ${count} /dev/zero | tr '\\0' ${letter}`;
}

/** A server that wants a video would refuse the letters alone for another reason. */
function videoSource(from: number, to: number, letter: string): string {
  const opening = MP4_OPENING.subarray(from, to);
  if (opening.length === 0) return letters(to - from, letter);
  const printed = `printf '${Array.from(opening, octal).join('')}'`;
  const rest = to - from - opening.length;
  return rest === 0 ? printed : `{ ${printed}; ${letters(rest, letter)}; }`;
}

/** As printf of a POSIX shell reads it. */
function octal(byte: number): string {
  return byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
}

/** What the recorder writes in place of tokens, as variables of the user's shell. */
const TOKENS: Readonly<Record<string, string>> = {
  "<owner's token>": '"$TOKEN"',
  "<stranger's token>": '"$SECOND_TOKEN"',
  "<link's token>": '"$LINK_TOKEN"',
};

/** A word as a POSIX shell reads it back; a token in it is taken from a variable. */
export function quote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  const parts = word.split(/(<(?:owner|stranger|link)'s token>)/);
  return parts.map((part) => TOKENS[part] ?? `'${part.replaceAll("'", "'\\''")}'`).join('');
}
