import { PulseError } from '../errors.ts';
import type { Check } from './check.ts';

/**
 * The checks whose ids match one of `only` (all, where there is none) and none of `skip`.
 * A pattern is an id in which `*` stands for any run of characters; one that matches nothing is a usage error.
 */
export function selected(
  checks: readonly Check[],
  only: readonly string[],
  skip: readonly string[],
): readonly Check[] {
  for (const [flag, patterns] of Object.entries({ only, skip })) {
    const unmatched = patterns.find((pattern) => !checks.some(({ id }) => matches(pattern, id)));
    if (unmatched === undefined) continue;
    throw new PulseError('usage', `--${flag} ${unmatched} matches no check`, {
      hint: 'pulse-upload verify --list shows all ids',
    });
  }
  const chosen = checks.filter(
    ({ id }) =>
      (only.length === 0 || only.some((pattern) => matches(pattern, id))) &&
      !skip.some((pattern) => matches(pattern, id)),
  );
  if (chosen.length > 0) return chosen;
  throw new PulseError('usage', 'no check is left to run', {
    hint: '--only and --skip exclude each other here',
  });
}

/** Whether an id fits a pattern in which `*` stands for any run of characters. */
export function matches(pattern: string, id: string): boolean {
  const source = pattern
    .split('*')
    .map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`).test(id);
}
