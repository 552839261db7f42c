import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runBin, temporaryFolder } from '../cli/run-bin.ts';
import { keepResult, verdictsOf } from '../proof/results.ts';

/** What `--report json` says of one check. */
export interface Result {
  readonly id: string;
  readonly verdict: string;
  readonly violation?: { readonly actual: string };
}

/** Whole runs take a while on a machine that may be busy. */
export const RUN_MS = 300_000;

/** A run of the real bin against a server of that name, with whatever seed comes. */
export async function verified(
  name: string,
  url: string,
  args: readonly string[] = [],
): Promise<readonly Result[]> {
  const path = join(await temporaryFolder(), 'report.json');
  const { code, stderr } = await runBin(['verify', url, '--report', `json=${path}`, ...args]);
  expect([0, 1], stderr).toContain(code);
  const { results, target } = JSON.parse(readFileSync(path, 'utf8'));
  keepResult({
    kind: 'server',
    family: 'real',
    id: name,
    protocol: target.protocol,
    verdicts: verdictsOf({ results }),
  });
  return results;
}

/** Everything that is not as it should be, one line a check: `fail pulse.head.200`. */
export function findings(results: readonly Result[]): readonly string[] {
  return results
    .filter(({ verdict }) => !['pass', 'note', 'skip'].includes(verdict))
    .map(({ id, verdict }) => `${verdict} ${id}`);
}
