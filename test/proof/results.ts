import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ProtocolId } from '../../src/verify/check.ts';
import type { Verdict } from '../../src/verify/judge.ts';
import type { VerifyRun } from '../../src/verify/verify.ts';

/**
 * What the proof saw, for whoever makes a table of it: with PULSE_UPLOAD_PROOF_RESULTS=<folder> each process of the
 * proof appends JSON lines of this shape to a file `<pid>.ndjson` of its own in that folder.
 */
export type ProofLine =
  /** One run against the reference server with a defect, and the checks that a violation was found by. */
  | {
      readonly kind: 'defect';
      readonly id: string;
      readonly protocol: ProtocolId;
      /** What the defect says that it breaks. */
      readonly breaks: readonly string[];
      readonly violated: readonly string[];
      readonly verdicts: Verdicts;
    }
  /** One run against a server without a defect: the reference as it is started, or with a correct variation, or a real one. */
  | {
      readonly kind: 'server';
      readonly family: 'reference' | 'variation' | 'real';
      readonly id: string;
      readonly protocol: ProtocolId;
      readonly verdicts: Verdicts;
    }
  /** One half of the vacuity audit of a check: whether its judge noticed its spoil, or that every answer was lost. */
  | {
      readonly kind: 'audit';
      readonly check: string;
      readonly of: 'spoil' | 'lost-answers';
      readonly isNoticed: boolean;
    };

/** Check id to verdict: of every check that was asked, also of those that were skipped. */
export type Verdicts = Readonly<Record<string, Verdict>>;

export function verdictsOf({ results }: Pick<VerifyRun, 'results'>): Verdicts {
  return Object.fromEntries(results.map(({ id, verdict }) => [id, verdict]));
}

/** Does nothing where nobody asked for the lines. */
export function keepResult(line: ProofLine): void {
  const folder = process.env.PULSE_UPLOAD_PROOF_RESULTS;
  if (folder === undefined || folder === '') return;
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, `${process.pid}.ndjson`), `${JSON.stringify(line)}\n`);
}
