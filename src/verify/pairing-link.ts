/**
 * A pairing link read to the letter, as whoever checks it must: nothing is guessed, put right or refused, unlike where
 * one is used. All of it may be secret but the fields that the protocol names (protocol v1, 3).
 */
export interface LinkParts {
  /** Everything up to the first `?`, that included; the whole text where there is none. */
  readonly opening: string;
  /** Name and value of each field in order; the value undefined where its percent-encoding is broken. */
  readonly fields: readonly (readonly [name: string, value: string | undefined])[];
}

/** Stands for what no report may show. */
const HIDDEN = '<hidden>';
/** The same for a token that no request can carry. */
export const HIDDEN_AND_UNUSABLE = '<hidden: no header can carry it>';

/** Anything else would end the header or be read as another word (RFC 6750, 2.1). */
const USABLE_TOKEN = /^[\x21-\x7e]+$/;

/** Fields that hold no secret; `server` may, and is looked at on its own. */
const open: ReadonlySet<string> = new Set(['v', 'artifactId', 'uploadUnit']);

export function linkParts(link: string): LinkParts {
  const [opening = ''] = /^[^?]*\??/.exec(link) ?? [];
  const query = link.slice(opening.length);
  const fields = query.split('&').filter(Boolean);
  return {
    opening,
    fields: fields.map((field) => {
      const [name = '', ...value] = field.split('=');
      return [decoded(name) ?? name, decoded(value.join('='))] as const;
    }),
  };
}

/** The values of every field of that name. */
export function fieldValues({ fields }: LinkParts, name: string): readonly (string | undefined)[] {
  return fields.filter(([candidate]) => candidate === name).map(([, value]) => value);
}

/** The only value of a field; undefined where it is missing, given twice, or unreadable. */
export function fieldOf(parts: LinkParts, name: string): string | undefined {
  const values = fieldValues(parts, name);
  return values.length === 1 ? values[0] : undefined;
}

/** Every token that the link holds; there should be one at most. */
export function tokensIn(link: string): readonly string[] {
  return fieldValues(linkParts(link), 'token').filter(
    (value) => value !== undefined && value !== '',
  ) as string[];
}

/** The token as requests to that origin carry it; undefined where they cannot, or the link is for another origin. */
export function usableToken(link: string, origin: string): string | undefined {
  const [token] = tokensIn(link);
  const isFor = serverIn(linkParts(link))?.origin === origin;
  return isFor && token !== undefined && USABLE_TOKEN.test(token) ? token : undefined;
}

/** The base URL that the link names, without a slash at its end; undefined where there is none that can be used. */
export function serverIn(parts: LinkParts): URL | undefined {
  const text = fieldOf(parts, 'server') ?? '';
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.username + url.password + url.search + url.hash === '' && !/[?#]/.test(text) ? url : undefined;
}

/** The link for recordings and reports: read again, it has the same faults and tells no secret. */
export function shownLink(link: string): string {
  const { opening, fields } = linkParts(link);
  const [, scheme = '', slashes = '', rest = ''] = /^([a-z][a-z\d+.-]*:)?(\/*)(.*)$/is.exec(opening) ?? [];
  const isOpen = /^\??$/.test(rest);
  const shown = fields.map(
    ([name, value]) => `${encodeURIComponent(shownName(name))}=${shownValue(name, value)}`,
  );
  return `${scheme}${slashes}${isOpen ? rest : `${HIDDEN}${rest.endsWith('?') ? '?' : ''}`}${shown.join('&')}`;
}

function shownName(name: string): string {
  return [...open, 'server', 'token'].some((known) => known.toLowerCase() === name.toLowerCase())
    ? name
    : HIDDEN;
}

function shownValue(name: string, value: string | undefined): string {
  // What cannot be decoded stays what cannot be decoded.
  if (value === undefined) return '%';
  if (name === 'token' && value !== '' && !USABLE_TOKEN.test(value))
    return encodeURIComponent(HIDDEN_AND_UNUSABLE);
  const isOpen = open.has(name) && value.length <= 64;
  const shown = name === 'server' ? shownServer(value) : value === '' || isOpen ? value : HIDDEN;
  return encodeURIComponent(shown);
}

/** User name, password, query and fragment may be secrets. */
function shownServer(server: string): string {
  return server
    .replace(/([?#]).+$/s, `$1${HIDDEN}`)
    .replace(/^([a-z][a-z\d+.-]*:)?(\/*)[^/]*@/is, `$1$2${HIDDEN}@`);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
