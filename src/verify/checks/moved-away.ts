import { isGone } from '../answers.ts';
import { Skip } from '../check.ts';
import { needed } from '../expect.ts';
import type { Exchange } from '../recording.ts';
import type { Target } from '../target.ts';

/** Complete uploads that the server does not know any more: said once, by core.head.offset-completed. */

export function isMovedAway(asked: Exchange | undefined, { goneWhenComplete }: Target): boolean {
  return goneWhenComplete === true && isGone(asked);
}

export function skipMovedAway(asked: Exchange | undefined, target: Target): void {
  if (isMovedAway(asked, target))
    throw new Skip(`complete uploads are moved away, and ${asked?.sent.method} says nothing of them`);
}

/** HEAD on an upload that is complete, for a question that builds on it. */
export function headOfComplete(head: Exchange | undefined, target: Target): Exchange {
  skipMovedAway(head, target);
  return needed(head, 'HEAD on the final upload');
}
