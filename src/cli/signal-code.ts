import type { PulseEvent } from '../events.ts';
import type { Interruption } from './interruption.ts';

/** A run that a signal cut short ends with the signal's code; one that was done already does not. */
export function exitCodeOf(
  outcome: { readonly exitCode: number; readonly notAttempted: number },
  interruption: Interruption,
): number {
  const cutShort = outcome.exitCode !== 0 || outcome.notAttempted > 0;
  return (cutShort ? interruption.exitCode() : undefined) ?? outcome.exitCode;
}

export function withSignalCode(event: PulseEvent, interruption: Interruption): PulseEvent {
  if (event.type === 'run.end') return { ...event, exitCode: exitCodeOf(event, interruption) };
  if (event.type !== 'upload.failed' || event.kind !== 'interrupted') return event;
  return { ...event, exitCode: interruption.exitCode() ?? event.exitCode };
}
