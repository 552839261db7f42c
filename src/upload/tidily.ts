import { asPulseError } from '../errors.ts';
import { type Job, warn } from './job.ts';
import type { Sender } from './send-once.ts';

type Teller = Pick<Sender, 'source' | 'tools'>;

/**
 * Puts something away, or writes it down, once the outcome of an upload is known. Never throws: that a state folder can no longer be written
 * to makes no failure of what is proven, nor another one of what failed. It is only said, once for each file.
 */
export async function tidily(
  teller: Teller,
  what: string,
  putAway: () => Promise<void>,
  done: 'removed' | 'saved' = 'removed',
): Promise<void> {
  try {
    await putAway();
  } catch (error) {
    if (!teller.tools.host.isNews(`untidy: ${teller.source.name}`)) return;
    warn(teller, `${what} could not be ${done}: ${asPulseError(error).message}`);
  }
}

/** Forgets an upload that nobody is to go on with. */
export function forget(job: Teller & Pick<Job, 'key'>): Promise<void> {
  return forgetBy(job, () => job.tools.store.remove(job.key));
}

/** The same where something else than the store removes what is remembered. */
export function forgetBy(teller: Teller, remove: () => Promise<void>): Promise<void> {
  return tidily(teller, 'what is remembered of it', remove);
}
