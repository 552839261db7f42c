import type { Verdict } from '../../verify/judge.ts';
import type { Oracle } from '../../verify/target.ts';
import type { VerifyRun } from '../../verify/verify.ts';

const judged: ReadonlySet<Verdict> = new Set(['pass', 'fail', 'warn', 'note']);

/** How stored bytes were compared with what was sent; undefined where no judged check saw any that could be read. */
export function comparedBy({
  target,
  results,
  recordings,
}: Pick<VerifyRun, 'target' | 'results' | 'recordings'>): Oracle | undefined {
  const reading = new Set(
    results.filter(({ verdict }) => judged.has(verdict)).map(({ scenario }) => scenario),
  );
  const compared = recordings.some(
    ({ scenario, outcome }) => reading.has(scenario) && outcome.kind === 'seen' && holdsContent(outcome.seen),
  );
  return compared ? target.oracle : undefined;
}

/** Scenarios return content wherever it suits them: it is known by what was sent beside what is stored. */
function holdsContent(seen: unknown): boolean {
  if (typeof seen !== 'object' || seen === null) return false;
  if ('stored' in seen && 'expected' in seen) return true;
  return Object.values(seen).some(holdsContent);
}
