import { createHash } from 'node:crypto';
import { protocolIds, type Section } from '../../verify/check.ts';

/** Twelve hex digits that change when a requirement is added, removed or worded otherwise. */
export function suiteDigest(sections: readonly Section[]): string {
  const asked = sections
    .flatMap(({ checks }) => checks)
    .map(({ id, level, says, passes, fails }) => [
      id,
      ...protocolIds.map((protocol) => level[protocol]),
      says,
      passes,
      fails,
    ]);
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex').slice(0, 12);
}
