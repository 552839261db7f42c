/** Replaces secrets wherever they stand in a text. */
export type Redact = (text: string) => string;

export interface Secret {
  /** What is shown in its place, such as `<token>`. */
  readonly label: string;
  readonly value: string;
}

/** Header names whose values a user would not want to see in a report. */
const SENSITIVE_NAME = /auth|token|key|secret|cookie|password|signature/i;

export function isSensitive(headerName: string): boolean {
  return SENSITIVE_NAME.test(headerName);
}

/** A shorter secret would stand in half of all words: it is replaced only where it stands alone. */
const SHORT_LENGTH = 6;

/** Shorter pieces of base64 stand in other texts by chance. */
const SHORTEST_BASE64 = 8;

/** A redactor of these secrets in every spelling in which they travel: plain, percent-encoded, in JSON, in HTML, in base64, in hex. */
export function redactor(secrets: readonly Secret[]): Redact {
  const cut = secrets.filter(({ value }) => value.length > LONGEST_WHOLE).map(({ label }) => label);
  const spellings = secrets
    .filter(({ value }) => value !== '')
    .flatMap(piecesOf)
    .flatMap(({ label, value }) =>
      [
        ...spelled(value).map((spelling) => ({ spelling, pattern: patternOf(spelling) })),
        percentEncoded(value),
        ...inHex(value),
      ].map((found) => ({ label, ...found })),
    )
    // The longest first, so that a secret that contains another leaves nothing of itself.
    .sort((a, b) => b.spelling.length - a.spelling.length);
  return (text) => {
    const redacted = spellings.reduce((rest, { label, pattern }) => rest.replace(pattern, label), text);
    return [...new Set(cut)].reduce(joined, redacted);
  };
}

/** The engine gives up on the pattern of a secret of some 4,500 characters, and says so with that pattern. */
const PIECE_LENGTH = 999; // of bytes a multiple of three: base64 of the whole is that of its pieces

/** No piece is so short that it stands in other texts by chance. */
const SHORTEST_PIECE = 99;

const LONGEST_WHOLE = PIECE_LENGTH + SHORTEST_PIECE;

function piecesOf({ label, value }: Secret): readonly Secret[] {
  const pieces = Math.max(1, Math.ceil((value.length - SHORTEST_PIECE) / PIECE_LENGTH));
  return Array.from({ length: pieces }, (_, number) => {
    const startsAt = number * PIECE_LENGTH;
    const endsAt = number === pieces - 1 ? value.length : startsAt + PIECE_LENGTH;
    return { label, value: value.slice(startsAt, endsAt) };
  });
}

/** What was found in pieces is one secret. */
function joined(text: string, label: string): string {
  return text.replace(new RegExp(`(?:${escaped(label)})+`, 'g'), label);
}

/** The secrets among the headers that the user adds to every request. */
export function secretHeaders(headers: Readonly<Record<string, string>>): readonly Secret[] {
  return Object.entries(headers)
    .filter(([name]) => isSensitive(name))
    .flatMap(([name, value]) => [
      { label: `<${name.toLowerCase()}>`, value },
      ...value
        .split(/[\s;=]+/)
        .filter((word) => word.length >= 8)
        .map((word) => ({ label: `<${name.toLowerCase()}>`, value: word })),
    ]);
}

/** A longer one is found in letters of either case, too: parsers of URLs write hosts in small ones. */
export const SHORTEST_ANY_CASE = 8;

/** Finds a spelling wherever it stands; a short one only where it stands alone. */
export function patternOf(spelling: string): RegExp {
  return bounded(escaped(spelling), spelling.length);
}

function bounded(pattern: string, length: number): RegExp {
  return length < SHORT_LENGTH
    ? new RegExp(`(?<![\\w."-])${pattern}(?![\\w."-])`, 'g')
    : new RegExp(pattern, length < SHORTEST_ANY_CASE ? 'g' : 'gi');
}

/** What parsers of URLs drop wherever it stands (WHATWG URL, 4.4): behind them the secret is whole again. */
const DROPPED = '[\\t\\r\\n]*';

/**
 * A secret however it is written in a URL, in JSON or in HTML: percent-encoded whole, in part, or not at all, as UTF-8,
 * with hex digits of either case; with tabs and line ends in it; its slashes the other way round; its signs behind
 * backslashes, or by their numbers or names.
 */
function percentEncoded(value: string): { spelling: string; pattern: RegExp } {
  const characters = Array.from(value, (character) => {
    const bytes = Array.from(Buffer.from(character), (byte) => ['%', ...hexOf(byte)].join(DROPPED));
    const plain = /\w/.test(character) ? character : signPattern(character);
    return `(?:${plain}|${bytes.join(DROPPED)}${character === '/' ? '|\\\\' : ''})`;
  });
  return { spelling: value, pattern: bounded(characters.join(DROPPED), value.length) };
}

/** What HTML calls the signs that mean something there. */
const htmlNames: Readonly<Record<string, string>> = {
  '<': 'lt',
  '>': 'gt',
  '&': 'amp',
  "'": 'apos',
  '"': 'quot',
};

/** As it is, also behind backslashes (JSON within JSON); `\u002B`, as .NET writes it; `&#43;`, `&#x2b;`, `&amp;`. */
function signPattern(sign: string): string {
  const inJson = sign
    .split('')
    .map((unit) => `\\\\{1,7}u${eitherCase(unit.charCodeAt(0).toString(16).padStart(4, '0'))}`);
  const point = sign.codePointAt(0) ?? 0;
  const named = htmlNames[sign];
  return [
    `\\\\{0,7}${escaped(sign)}`,
    inJson.join(''),
    `&#0*${point};`,
    `&#[xX]0*${eitherCase(point.toString(16))};`,
    ...(named === undefined ? [] : [`&${named};`]),
  ].join('|');
}

/** Shorter ones stand in digests by chance. */
const SHORTEST_HEX = 12;

/** A secret in hex digits of either case. */
function inHex(value: string): { spelling: string; pattern: RegExp }[] {
  const digits = Array.from(Buffer.from(value), hexOf).flat();
  const pattern = new RegExp(digits.join(''), 'g');
  return digits.length < SHORTEST_HEX ? [] : [{ spelling: Buffer.from(value).toString('hex'), pattern }];
}

/** The two hex digits of a byte as patterns: of either case. */
function hexOf(byte: number): readonly string[] {
  const digits = byte.toString(16).padStart(2, '0');
  return Array.from(digits, eitherCase);
}

/** A pattern of hex digits. */
function eitherCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function spelled(value: string): readonly string[] {
  const utf8 = Buffer.from(value, 'utf8');
  const inBase64 = [0, 1, 2].map((shift) => insideBase64(utf8, shift));
  const all = [
    value,
    utf8.toString('latin1'),
    encodeURIComponent(encodeURIComponent(value)),
    JSON.stringify(value).slice(1, -1),
    utf8.toString('base64'),
    utf8.toString('base64url'),
    ...inBase64.filter((text) => text.length >= SHORTEST_BASE64),
    ...inBase64.map(asBase64Url).filter((text) => text.length >= SHORTEST_BASE64),
  ];
  return [...new Set(all)];
}

/** What base64 of a longer text shows of a secret in it, `shift` bytes behind a group of three: `user:secret` of Basic. */
function insideBase64(secret: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), secret]).toString('base64');
  // The first and the last characters belong to the neighbours as well.
  const start = shift === 0 ? 0 : shift + 1;
  const end = Math.floor(((shift + secret.length) * 8) / 6);
  return text.slice(start, end);
}

function asBase64Url(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
