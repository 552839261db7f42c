import { resolveLocation, withoutHash } from '../../protocol/urls.ts';

/**
 * Where a server is by its redirect of a creation: the base URL under which that would have gone where the redirect
 * leads. Undefined where that is no place of the same kind, as a login page is none, and where it is the very place that
 * gave it: `answeredAt`, which is another URL than the creation's once redirects were followed.
 */
export function redirectedTo(
  server: URL,
  creation: URL,
  location = '',
  answeredAt = creation,
): URL | undefined {
  const target = resolveLocation(location, answeredAt);
  if (target === undefined || !/^https?:$/.test(target.protocol)) return undefined;
  if (withoutHash(target) === withoutHash(answeredAt)) return undefined;
  const isLike = lastSegment(target) === lastSegment(creation) && target.search === creation.search;
  if (!isLike || target.username !== '' || target.password !== '') return undefined;
  const suffix =
    creation.pathname === server.pathname
      ? ''
      : creation.pathname.slice(server.pathname.replace(/\/+$/, '').length);
  if (!target.pathname.endsWith(suffix)) return undefined;
  const base = new URL(target);
  base.pathname = target.pathname.slice(0, target.pathname.length - suffix.length);
  base.hash = '';
  return base.href === server.href ? undefined : base;
}

function lastSegment({ pathname }: URL): string | undefined {
  return pathname.split('/').filter(Boolean).at(-1);
}
