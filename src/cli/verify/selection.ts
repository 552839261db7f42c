import { PulseError } from '../../errors.ts';
import { nearName } from '../../input/near-name.ts';
import type { Check } from '../../verify/check.ts';
import { matches, selected } from '../../verify/select.ts';

/** The selected checks; a pattern that matches none is a usage error that names what may have been meant. */
export function selectedChecks(
  checks: readonly Check[],
  { only, skip }: { readonly only: readonly string[]; readonly skip: readonly string[] },
): readonly Check[] {
  const ids = checks.map(({ id }) => id);
  for (const [flag, globs] of Object.entries({ '--only': only, '--skip': skip })) {
    for (const glob of globs) {
      if (!ids.some((id) => matches(glob, id)))
        throw unmatched(`${flag} ${glob} matches no check`, glob, ids);
    }
  }
  return selected(checks, only, skip);
}

/** The check of that id; anything else is a usage error that names what may have been meant. */
export function checkOf(id: string, checks: readonly Check[]): Check {
  const found = checks.find((check) => check.id === id);
  if (found !== undefined) return found;
  const ids = checks.map((check) => check.id);
  throw unmatched(`there is no check ${id}`, id, ids);
}

function unmatched(fact: string, word: string, ids: readonly string[]): PulseError {
  const near = nearName(word, ids) ?? nearPattern(word, ids);
  return new PulseError('usage', fact, { hint: near === undefined ? LIST_HINT : hintOf(near) });
}

const LIST_HINT = 'pulse-upload verify --list shows all ids';

function hintOf(near: string): string {
  return near.includes('*')
    ? `pulse-upload verify --list --only '${near}' shows what may be meant`
    : `did you mean ${near}?`;
}

/** The group that the word names, the ids that contain it, or those with a part that is spelled like it. */
function nearPattern(word: string, ids: readonly string[]): string | undefined {
  const bare = word
    .replaceAll('*', '')
    .replace(/^\.|\.$/g, '')
    .toLowerCase();
  if (bare === '') return undefined;
  if (ids.some((id) => id.startsWith(`${bare}.`))) return `${bare}.*`;
  if (ids.some((id) => id.includes(bare))) return `*${bare}*`;
  const group = nearName(bare, [...new Set(ids.flatMap(groupsOf))]);
  if (group !== undefined) return `${group}.*`;
  const part = nearName(bare, [...new Set(ids.flatMap((id) => id.split('.')))]);
  return part === undefined ? undefined : `*${part}*`;
}

/** `core.patch.204` stands in `core` and in `core.patch`. */
function groupsOf(id: string): readonly string[] {
  const parts = id.split('.');
  return parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join('.'));
}
