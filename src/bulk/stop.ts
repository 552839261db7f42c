import { setMaxListeners } from 'node:events';
import type { ErrorKind } from '../errors.ts';

/** Why a run ends before its list does. */
export interface StopReason {
  /** What the run exits as; absent where its failures decide. */
  readonly kind?: ErrorKind;
  readonly message: string;
  readonly hint?: string;
}

/** Whether a run goes on. The first reason counts. */
export interface Stop {
  /** No further file is begun; what is under way ends. */
  readonly soon: (reason: StopReason) => void;
  /** What is under way is interrupted as well: its state is kept. */
  readonly now: (reason: StopReason) => void;
  readonly reason: () => StopReason | undefined;
  /** True from a reason, or from the signal, on. */
  readonly asked: () => boolean;
  /** For everything that is under way. */
  readonly signal: AbortSignal;
}

export function createStop(
  interruption: AbortSignal | undefined,
  onReason: (reason: StopReason) => void,
): Stop {
  const controller = new AbortController();
  const signal =
    interruption === undefined ? controller.signal : AbortSignal.any([interruption, controller.signal]);
  // Every file under way listens, and that is no leak.
  setMaxListeners(0, signal);
  let reason: StopReason | undefined;
  const soon = (given: StopReason) => {
    if (reason !== undefined || interruption?.aborted) return;
    reason = given;
    onReason(given);
  };
  return {
    soon,
    now: (given) => {
      soon(given);
      controller.abort();
    },
    reason: () => reason,
    asked: () => reason !== undefined || interruption?.aborted === true,
    signal,
  };
}
