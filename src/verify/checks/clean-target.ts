import { headerOf, isSuccess } from '../answers.ts';
import { placeOf } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import type { Target } from '../target.ts';

/** Where tus is spoken: where uploads are created, and where creations said that they are. All else is no part of it. */
export function placesOf(exchanges: readonly Exchange[], target: Target): ReadonlySet<string> {
  const created = exchanges.filter(
    (exchange) => exchange.url === target.createUrl && exchange.sent.method === 'POST' && isSuccess(exchange),
  );
  const named = created.map((exchange) => placeOf(headerOf(exchange, 'Location') ?? '', target)?.href);
  return new Set([target.createUrl, ...named.filter((url) => url !== undefined)]);
}

/** The places and what is beside the uploads among them, as one is that the server does not know, or has forgotten. */
export function besidePlaces(places: ReadonlySet<string>, { createUrl }: Target): (url: string) => boolean {
  const pathOf = (url: string) => new URL(url).pathname.replace(/\/$/, '');
  // Where the path is that of the creation, the id is in the query.
  const shelfOf = (url: string) =>
    pathOf(url) === pathOf(createUrl) ? pathOf(url) : pathOf(url).replace(/[^/]+$/, '');
  const shelves = new Set([...places].filter((url) => url !== createUrl).map(shelfOf));
  return (url) => places.has(url) || shelves.has(shelfOf(url));
}

/**
 * Whether a path is spelt as it is meant, as the user or the server named it, or plainly, and asked of the host that it
 * is at. What is not a server, or what stands before it, may redirect to the right spelling (RFC 3986, 6.2.2.3; routers
 * of Go and of Starlette do), resolve first, or know other hosts: then something else than the upload answers.
 */
export function isClean({ sent, url }: Exchange, places: ReadonlySet<string>): boolean {
  const { pathname, search, host } = new URL(url);
  const isForged = sent.headers.some(([name, value]) => name.toLowerCase() === 'host' && value !== host);
  if (isForged) return false;
  return (places.has(url) && sent.target === `${pathname}${search}`) || isPlain(sent.target);
}

function isPlain(target: string): boolean {
  return !/\/\/|(?:\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|$)|.(?:\/|%2f)$/i.test(target.replace(/\?.*$/, ''));
}
