/** Time, passed in. `sleep` rejects with the signal's reason when it fires. */
export interface Clock {
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}
