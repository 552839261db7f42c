import type { ReportedResult } from './report.ts';

interface Reason {
  readonly reason: string;
  readonly ids: readonly string[];
}

/** The remarks of results, each with the checks that share it, the most frequent first. */
export function reasonsOf(results: readonly ReportedResult[]): readonly Reason[] {
  return byFrequency(results, ({ remark = 'no reason given' }) => remark).map(([reason, sharing]) => ({
    reason,
    ids: sharing.map(({ id }) => id),
  }));
}

/** Results that share these words, under them: the most frequent words first. */
export function byFrequency(
  results: readonly ReportedResult[],
  wordsOf: (result: ReportedResult) => string,
): readonly (readonly [string, readonly ReportedResult[]])[] {
  const groups = new Map<string, ReportedResult[]>();
  for (const result of results) {
    const words = wordsOf(result);
    groups.set(words, [...(groups.get(words) ?? []), result]);
  }
  return [...groups].toSorted(([, a], [, b]) => b.length - a.length);
}
