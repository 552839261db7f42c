import process from 'node:process';
import { ndjsonLine } from '../../output/ndjson.ts';
import { createPaint, wantsColor } from '../../output/paint.ts';
import { columnsOf } from '../../output/text-stream.ts';
import { explanation, type Proof } from '../../output/verify/explain.ts';
import { listLines } from '../../output/verify/list.ts';
import type { VerifyView } from '../../output/verify/view.ts';
import { defects } from '../../server/defects.ts';
import type { Check } from '../../verify/check.ts';
import { suite } from '../../verify/suite.ts';
import { allChecks } from '../../verify/verify.ts';
import type { VerifyValues } from '../options/verify.ts';
import { checkOf, selectedChecks } from './selection.ts';

/** `--list` and `--explain`: what the checks say about themselves, without any server. */
export async function printChecks(values: VerifyValues): Promise<number> {
  const checks = allChecks(suite);
  const chosen =
    values.explain === undefined ? selectedChecks(checks, values) : [checkOf(values.explain, checks)];
  const view: VerifyView = {
    paint: await createPaint(wantsColor(process.stdout, process.env, values.noColor)),
    verbose: values.verbose,
    ...(process.stdout.isTTY && { columns: columnsOf(process.stdout) }),
  };
  const lines =
    values.explain === undefined
      ? listLines(chosen, view)
      : chosen.flatMap((check) => explanation(check, provenBy(check), view));
  process.stdout.write(
    values.json
      ? chosen.map((check) => ndjsonLine(plain(check), new Date())).join('')
      : lines.map((line) => `${line}\n`).join(''),
  );
  return 0;
}

/** The mistakes of the reference server with which this check fails, the ones that are easiest to show first. */
function provenBy({ id, reads }: Check): readonly Proof[] {
  const isOfLink = 'needs' in reads && reads.needs?.includes('link');
  return defects
    .filter(({ breaks }) => breaks.includes(id))
    .map(({ id: defect, serve }) => ({
      defect,
      flags: [
        ...(serve?.guarded ? ['--token-file', '<path>'] : []),
        ...(isOfLink ? ['--pairing-link', '<path>'] : []),
        ...(serve?.https ? ['(behind a proxy that speaks https)'] : []),
      ],
    }))
    .toSorted((one, other) => one.flags.length - other.flags.length);
}

/** What --json writes of a check that is listed or explained (docs/events.md). */
export type ListedCheck = ReturnType<typeof plain>;

/** A check without its functions. */
function plain(check: Check) {
  const { id, level, impact, spec, says, passes, fails, matters, needs = [], reads } = check;
  const sends = { scenario: reads.id, does: reads.does };
  const proofs = provenBy(check).map(({ defect }) => defect);
  return {
    type: 'check' as const,
    id,
    level,
    impact,
    spec,
    says,
    passes,
    fails,
    matters,
    needs,
    sends,
    provenBy: proofs,
  };
}
