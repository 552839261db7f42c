import { Skip } from '../check.ts';
import type { Target } from '../target.ts';

/** What works has to be listed only where OPTIONS lists anything: nobody demands it of every protocol. */
export function skipUnlessListing({ listsNothing }: Target): void {
  if (listsNothing !== undefined) throw new Skip(`nobody knows what is listed: ${listsNothing}`);
}
