import type { VerifyReport } from './report.ts';

type StaleExpectation = VerifyReport['staleExpectations'][number];

/** Why an entry of the expect-failures file fails the run, and what to do: every report says it in these words. */
export function staleWords({ reason }: StaleExpectation): string {
  return `does not fail any more: take it out of the expect-failures file (${reason})`;
}
