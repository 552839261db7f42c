import type { Exchange } from '../recording.ts';
import type { Target } from '../target.ts';

/** Creations of which it is not known whether there is an upload now: what a server created has a name in its answer only. */

export function isUnderWay({ answer, broken, sent }: Exchange): boolean {
  return answer === undefined && broken === undefined && sent.cut === undefined;
}

export function isCreation({ url, sent }: Exchange, { createUrl }: Pick<Target, 'createUrl'>): boolean {
  return url === createUrl && sent.method === 'POST';
}

/** Whether the server may have created something although nobody has heard of it: we did not wait for its answer to the end. */
export function isUnheard({ answer, broken, sent }: Exchange): boolean {
  if (answer !== undefined) return false;
  return sent.cut !== undefined || broken === undefined || broken.cause === 'timeout';
}
