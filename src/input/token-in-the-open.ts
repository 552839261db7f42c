import { PulseError } from '../errors.ts';
import { isPrivate } from '../protocol/hosts.ts';
import { isSensitive } from '../protocol/redaction.ts';

interface Credentials {
  readonly tokens: readonly (string | undefined)[];
  /** The user's own headers; some carry credentials by their name. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Refuses to say credentials in clear text to a host that is neither this machine nor on a private network, as far as
 * its name or address says. A proxy that plain http goes to reads them as well. `permission` is how the user allows it.
 */
export function refuseTokenInTheOpen(
  server: URL,
  { tokens, headers }: Credentials,
  { proxyFor }: { readonly proxyFor?: (url: URL) => URL | undefined },
  { isAllowed, permission }: { readonly isAllowed: boolean; readonly permission: string },
): void {
  if (isAllowed || server.protocol !== 'http:') return;
  const header = Object.keys(headers).find(isSensitive);
  const hasToken = tokens.some((token) => token !== undefined);
  if (!hasToken && header === undefined) return;
  const proxy = proxyFor?.(server);
  const hosts = [server.hostname, ...(proxy?.protocol === 'http:' ? [proxy.hostname] : [])];
  const exposedTo = hosts.find((host) => !isPrivate(host));
  if (exposedTo === undefined) return;
  const what = hasToken ? 'the token' : `the header ${header}`;
  throw new PulseError(
    'usage',
    `${what} would travel to ${exposedTo} in clear text (http), expected https for a host that is not on a private network`,
    { hint: `use https://…, or add ${permission} if nobody can listen on the way` },
  );
}
