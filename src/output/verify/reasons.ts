import type { ReportedResult } from './report.ts';

interface Reason {
  readonly reason: string;
  readonly ids: readonly string[];
}

/** The remarks of results, each with the checks that share it, the most frequent first. */
export function reasonsOf(results: readonly ReportedResult[]): readonly Reason[] {
  const byReason = new Map<string, string[]>();
  for (const { id, remark = 'no reason given' } of results) {
    const ids = byReason.get(remark) ?? [];
    byReason.set(remark, [...ids, id]);
  }
  return Array.from(byReason, ([reason, ids]) => ({ reason, ids })).toSorted(
    (a, b) => b.ids.length - a.ids.length,
  );
}
