/** Several measurements of one thing. Benchmarks are skewed by what else the machine does, hence the median. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws {RangeError} for no values or a value that is no finite number: nothing measured is not zero. */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((left, right) => left - right);
  const below = sorted[Math.floor((sorted.length - 1) / 2)];
  const above = sorted[Math.ceil((sorted.length - 1) / 2)];
  const min = sorted[0];
  const max = sorted.at(-1);
  if (below === undefined || above === undefined || min === undefined || max === undefined) {
    throw new RangeError('nothing was measured');
  }
  if (!values.every(Number.isFinite)) throw new RangeError(`not a measurement: ${values.join(', ')}`);
  return { median: (below + above) / 2, min, max };
}

/**
 * One series over another: the ratio of the medians, with the least and the greatest ratio of two neighbours.
 * Neighbours ran one after the other, so the spread says how much of the ratio is noise of the machine.
 */
export function ratio(numerators: readonly number[], denominators: readonly number[]): Summary {
  if (numerators.length !== denominators.length) throw new RangeError('the series were not run in turn');
  const byRound = summarize(
    numerators.map((numerator, round) => numerator / (denominators[round] ?? Number.NaN)),
  );
  return { ...byRound, median: summarize(numerators).median / summarize(denominators).median };
}
