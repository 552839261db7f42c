import type { PulseError } from '../../errors.ts';
import type { VerifyEvent } from '../../verify/events.ts';
import { ndjsonLine } from '../ndjson.ts';
import { evidenceOf } from './reported.ts';

/** A failure outside of any check: the command line, a local file, a server that does not answer. */
export interface VerifyFailed {
  readonly type: 'verify.failed';
  readonly kind: PulseError['kind'];
  readonly exitCode: number;
  readonly message: string;
  readonly hint?: string;
}

export function verifyFailed({ kind, exitCode, message, hint }: PulseError): VerifyFailed {
  return { type: 'verify.failed', kind, exitCode, message, ...(hint !== undefined && { hint }) };
}

/** One event as one line. Exchanges of what passed are left out, unless everything is asked for. */
export function verifyEventLine(event: VerifyEvent | VerifyFailed, time: Date, everything: boolean): string {
  if (event.type !== 'check.end' || everything) return ndjsonLine(event, time);
  const exchanges = evidenceOf({ verdict: event.verdict, evidence: event.exchanges });
  return ndjsonLine({ ...event, exchanges }, time);
}
