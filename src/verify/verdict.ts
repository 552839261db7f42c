import { exitCodes } from '../errors.ts';
import type { Matched } from './expect-failures.ts';
import type { CheckResult, Verdict } from './judge.ts';

export type Counts = Readonly<Record<Verdict, number>> & { readonly expected: number };

/** How often each verdict was given; expected failures are counted apart from the others. */
export function counted(results: readonly CheckResult[], expected: ReadonlySet<string> = new Set()): Counts {
  const counts = { pass: 0, fail: 0, warn: 0, note: 0, skip: 0, blocked: 0, error: 0, expected: 0 };
  for (const { id, verdict } of results) counts[expected.has(id) ? 'expected' : verdict] += 1;
  return counts;
}

/**
 * The exit code of a run: 1 where a requirement is broken or an expect-failures entry is stale, else 70 where a
 * check had an error of ours, else 9 where one that applies could not run or none ran at all, else 0.
 */
export function exitCodeOf(
  results: readonly CheckResult[],
  { expected, stale }: Matched,
  { strict = false } = {},
): number {
  const counts = counted(results, expected);
  if (counts.fail > 0 || stale.length > 0 || (strict && counts.warn > 0)) return exitCodes.verdict;
  if (counts.error > 0) return exitCodes.bug;
  const executed = counts.pass + counts.note + counts.warn + counts.expected;
  if (counts.blocked > 0 || executed === 0) return exitCodes.incomplete;
  return 0;
}
