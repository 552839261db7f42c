/** `path` below a base URL, whose own path prefix is kept whether or not it ends in a slash. */
export function below(base: URL, path: string): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  return url;
}

/**
 * What a server is known by, from run to run: one spelled with a slash at the end gets the same requests (`below`). An
 * origin keeps its only slash, as URLs are written.
 */
export function serverName(href: string): string {
  const bare = href.replace(/\/+$/, '');
  return /^\w+:\/\/[^/]*$/.test(bare) ? `${bare}/` : bare;
}

/** Location resolved against the creation URL (RFC 3986, 5); undefined where it is no URL. */
export function resolveLocation(location: string, creation: URL): URL | undefined {
  try {
    return new URL(location, creation);
  } catch {
    return undefined;
  }
}

/**
 * The other place where an upload may be: behind a proxy that strips a path prefix, a root-relative Location
 * lacks that prefix. Undefined where base and Location leave no second reading.
 */
export function belowPrefix(location: string, base: URL): URL | undefined {
  const prefix = base.pathname.replace(/\/+$/, '');
  if (prefix === '' || !location.startsWith('/') || location.startsWith('//')) return undefined;
  if (location === prefix || location.startsWith(`${prefix}/`)) return undefined;
  return resolveLocation(`${prefix}${location}`, base);
}

/** Where to connect to; the host without the brackets of IPv6. */
export function addressOf({ protocol, hostname, port }: URL): {
  readonly host: string;
  readonly port: number;
} {
  const usual = protocol === 'https:' ? 443 : 80;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) };
}

/** A URL as it is shown: its query may hold secrets. */
export function withoutQuery({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** Where a request for it goes: two URLs that differ in their fragment are one. */
export function withoutHash({ href, hash }: URL): string {
  return href.slice(0, href.length - hash.length);
}

/** The last path segment without query: what finalize calls the upload's id. */
export function uploadIdOf(url: URL): string {
  const segment = url.pathname.split('/').filter(Boolean).at(-1) ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
