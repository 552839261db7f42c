import { patternOf, SHORTEST_ANY_CASE } from '../../protocol/redaction.ts';
import type { CurrentToken } from '../host/current-token.ts';
import { nameOf } from './record.ts';
import type { StateStore, UploadRecord } from './state-store.ts';

/**
 * What stands in a stored URL where the token stood, and how it was spelled there: a server may compare URLs letter by
 * letter. No server would have put such words there.
 */
const places: readonly (readonly [place: string, spell: (token: string) => string])[] = [
  ['pulse-upload.token.here', encodeURIComponent],
  [
    'pulse-upload.token-in-lower-case.here',
    (token) => encodeURIComponent(token).replace(/%../g, (hex) => hex.toLowerCase()),
  ],
  ['pulse-upload.token-as-uri.here', encodeURI],
  ['pulse-upload.token-as-it-is.here', (token) => token],
  ['pulse-upload.token-in-base64url.here', (token) => Buffer.from(token).toString('base64url')],
  // As servers have it that write their URLs so throughout; a short one is no secret in other letters.
  [
    'pulse-upload.token-in-small-letters.here',
    (token) => (token.length < SHORTEST_ANY_CASE ? token : token.toLowerCase()),
  ],
];

interface Secrets {
  readonly token: CurrentToken;
  /** Takes tokens, and whatever else is secret, out of a text. */
  readonly clean: (text: string) => string;
  /** Told when a record cannot be written. */
  readonly onUnwritten: () => void;
}

/**
 * The same store, which never writes down a secret: a server may put the token into the URL of an upload, and such an
 * upload must still be found again. The token of the run that resumes takes its place. Where something secret is left
 * in a URL all the same, the record is kept for this run only.
 */
export function tokenlessStore(store: StateStore, { token, clean, onUnwritten }: Secrets): StateStore {
  const unwritten = new Map<string, UploadRecord>();
  const without = withoutTokens(token.used);
  const within = (url: string) =>
    places.reduce((rest, [place, spell]) => rest.replaceAll(place, () => spell(token.value() ?? '')), url);
  return {
    ...store,
    read: async (key, onSetAside) => {
      const kept = unwritten.get(nameOf(key));
      if (kept !== undefined) return kept;
      const record = await store.read(key, onSetAside);
      return record && withUrls(record, within);
    },
    peek: async (key) => {
      const record = await store.peek(key);
      return record && withUrls(record, within);
    },
    write: async ({ finishError, unwritten: _, ...record }) => {
      const safe = withUrls(record, (url) => without(url, record.server));
      const said = finishError === undefined ? {} : { finishError };
      if (urlsOf(safe).some((url) => holdsSecret(url, record.server, clean))) {
        unwritten.set(nameOf(record), { ...record, ...said, unwritten: true });
        // One of an earlier upload would be gone on with in its place.
        await store.remove(record);
        return onUnwritten();
      }
      unwritten.delete(nameOf(record));
      await store.write({
        ...safe,
        // What a server said, and servers repeat what they were told.
        ...(finishError !== undefined && { finishError: clean(finishError) }),
      });
    },
    remove: async (key) => {
      unwritten.delete(nameOf(key));
      await store.remove(key);
    },
  };
}

/** Puts the places into a URL, in one go: a token may be a word that stands in a place. */
function withoutTokens(used: () => readonly string[]): (url: string, server: string) => string {
  return (url, server) => {
    const placeOf = new Map<string, string>();
    for (const token of used())
      for (const [place, spell] of places) if (!placeOf.has(spell(token))) placeOf.set(spell(token), place);
    if (placeOf.size === 0) return url;
    const longestFirst = [...placeOf.keys()].toSorted((a, b) => b.length - a.length);
    const pattern = new RegExp(longestFirst.map((text) => patternOf(text).source).join('|'), 'g');
    const [known, rest] = split(url, server);
    return known + rest.replace(pattern, (text) => placeOf.get(text) ?? text);
  };
}

function holdsSecret(url: string, server: string, clean: Secrets['clean']): boolean {
  const pattern = new RegExp(places.map(([place]) => patternOf(place).source).join('|'));
  return split(url, server)[1]
    .split(pattern)
    .some((piece) => clean(piece) !== piece);
}

/** What the user named as the server stands in the record anyway; a word in it is no secret because a token is that word. */
function split(url: string, server: string): readonly [known: string, rest: string] {
  const known = url.startsWith(server) ? server.length : new URL(url).origin.length;
  return [url.slice(0, known), url.slice(known)];
}

type Urls = Pick<UploadRecord, 'url' | 'parts' | 'joinedUrl'>;

function urlsOf({ url, parts = [], joinedUrl }: Urls): readonly string[] {
  return [url, ...parts.map((part) => part.url), joinedUrl].filter((each) => each !== undefined);
}

/** The record with every URL in it changed. */
function withUrls<R extends Urls>(record: R, change: (url: string) => string): R {
  const { url, parts, joinedUrl } = record;
  return {
    ...record,
    url: change(url),
    ...(parts !== undefined && {
      parts: parts.map((part) => (part.url === undefined ? part : { ...part, url: change(part.url) })),
    }),
    ...(joinedUrl !== undefined && { joinedUrl: change(joinedUrl) }),
  };
}
