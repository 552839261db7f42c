import { asPulseError } from '../errors.ts';
import type { Clock } from '../upload/settings.ts';
import type { Ledger } from './ledger/ledger-file.ts';
import type { Stop, StopReason } from './stop.ts';

/** Stops the run when its time is up; returns what calls that off. */
export function stopInTime(maxDurationMs: number | undefined, clock: Clock, stop: Stop): () => void {
  if (maxDurationMs === undefined) return () => undefined;
  const timer = new AbortController();
  const calledOff = () => undefined;
  clock.sleep(maxDurationMs, timer.signal).then(() => stop.now(timeIsUp(maxDurationMs)), calledOff);
  return () => timer.abort();
}

/** Another run may have taken the ledger over, since this machine slept; returns what ends the listening. */
export function stopWhereLost(ledger: Ledger | undefined, stop: Stop): () => void {
  if (ledger === undefined) return () => undefined;
  const { lost } = ledger;
  const onLost = () => stop.now(reasonOf(lost.reason));
  if (lost.aborted) onLost();
  lost.addEventListener('abort', onLost);
  return () => lost.removeEventListener('abort', onLost);
}

/** What a failure is as a reason to stop. */
export function reasonOf(error: unknown): StopReason {
  const { kind, message, hint } = asPulseError(error);
  return { kind, message, ...(hint !== undefined && { hint }) };
}

function timeIsUp(maxDurationMs: number) {
  return {
    kind: 'temporary',
    message: `the time is up (--max-duration, ${maxDurationMs / 1000} s); what the server has is kept`,
    hint: 'run the same command again: it goes on',
  } as const;
}
