/**
 * Now in milliseconds since the epoch, counted on from what the machine's clock said when this process began: that may
 * be set meanwhile, this is not. Dates of before the process are in this count as they are.
 */
export function steadyNowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** The date of a moment in that count, by the machine's clock as it is set now. */
export function dateAt(steadyMs: number): Date {
  return new Date(Date.now() + steadyMs - steadyNowMs());
}
