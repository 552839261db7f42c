import { PulseError } from '../errors.ts';

/** The URL without this last segment of its path; undefined where there is none, or it ends in another one. */
export function withoutSegment(url: URL, segment: string | undefined): URL | undefined {
  const path = url.pathname.replace(/\/+$/, '');
  if (segment === undefined || !path.endsWith(`/${segment}`)) return undefined;
  const parent = new URL(url);
  parent.pathname = path.slice(0, -segment.length);
  return parent;
}

/** Plain tus may be spoken where a server creates its uploads, but nobody would finalize what is sent there. */
export function creationUrlNamed(protocol: string, named: URL, parent: URL): PulseError {
  const right = parent.href.replace(/\/$/, '');
  return new PulseError(
    'usage',
    `${named.href} is where a server of protocol ${protocol} creates uploads, expected the URL above it`,
    { hint: `name ${right}; or say --protocol tus if plain tus is meant` },
  );
}
