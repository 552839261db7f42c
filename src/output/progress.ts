import type { PulseEvent } from '../events.ts';

/** How the way to the result is shown. Lines for people go through it, so that nothing is drawn over them. */
export interface Progress {
  readonly follow: (event: PulseEvent) => void;
  readonly print: (lines: readonly string[]) => void;
  /** Takes away what is still drawn. */
  readonly close: () => void;
}
