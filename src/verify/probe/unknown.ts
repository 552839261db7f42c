import { outcomeOf } from '../answers.ts';
import { Skip } from '../check.ts';
import { type Random, shapedLike } from '../random.ts';
import type { Exchange } from '../recording.ts';

/** Upload URLs that the server has never given out. */

/** Where the path is that of the creation, the id stands behind it: /files?id=… */
export function unknownLike(url: string, createUrl: string, random: Random): string {
  const unknown = new URL(url);
  const [path, createPath] = [unknown, new URL(createUrl)].map(({ pathname }) => pathname.replace(/\/$/, ''));
  if (path === createPath) {
    for (const [name, id] of [...unknown.searchParams])
      unknown.searchParams.set(name, shapedLike(id, random));
  } else {
    unknown.pathname = unknown.pathname.replace(/[^/]+(?=\/?$)/, (id) => shapedLike(id, random));
  }
  return unknown.href;
}

/** Only what HEAD refuses is surely nobody's upload. */
export function refuseToHarm(asked: Exchange): void {
  const status = asked.answer?.status ?? 0;
  if (status >= 400 && status < 500) return;
  throw new Skip(
    `nothing is sent to what may be another's upload: HEAD of one that is made up answered ${outcomeOf(asked)}`,
  );
}
