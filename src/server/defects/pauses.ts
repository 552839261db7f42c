import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A pause in which others are heard. It is made of short ones: after a standstill of the whole process (a busy machine)
 * timers fire before anything is read, and a single one would be over while nobody else has come.
 */
export async function pause(ms: number, shortMs = 20): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= shortMs) await sleep(shortMs);
}
