import { PulseError } from '../errors.ts';

const EXAMPLE = 'write for example https://videos.example.org/api';

/** The base URL of a server: http or https, a path prefix allowed; no query, fragment, user name or password. */
export function parseServerUrl(text: string, source: string): URL {
  const fault = (expected: string, hint: string) =>
    new PulseError('usage', `${source} is '${withoutSecrets(text)}', expected ${expected}`, { hint });

  const bare = text.trim();
  if (!/^https?:\/\//i.test(bare)) {
    const [, scheme = 'http', rest = ''] = /^(?:(https?)[:/]+)?(.*)$/is.exec(bare) ?? [];
    const isHost = /^[\w.-]+(?::\d+)?(?:\/|$)/.test(rest) && !/^\w+:\//.test(rest) && !/[?#@]/.test(rest);
    throw fault(
      'a URL that begins with http:// or https://',
      isHost ? `did you mean ${scheme.toLowerCase()}://${rest}?` : EXAMPLE,
    );
  }
  if (!URL.canParse(bare)) throw fault('a URL', EXAMPLE);
  const url = new URL(bare);
  if (url.username !== '' || url.password !== '') {
    throw fault(
      'a URL without user name and password',
      "give credentials with --token-file, or --header 'Authorization: …'",
    );
  }
  if (url.search !== '' || url.hash !== '' || /[?#]$/.test(bare)) {
    throw fault('a base URL without query and fragment', `try ${url.origin}${url.pathname}`);
  }
  return url;
}

/** User name, password, query and fragment may be secrets: no message shows them. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/[?#].+$/s, (rest) => `${rest.charAt(0)}…`)
    .replace(/^([a-z][a-z\d+.-]*:)?\/*.*@/is, '$1//[credentials]@');
}
