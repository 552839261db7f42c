import { expect } from 'vitest';
import { type ErrorKind, PulseError } from '../../src/errors.ts';

/** The PulseError that this throws; anything else fails the test. */
export function errorOf(action: () => unknown, kind: ErrorKind = 'usage'): PulseError {
  try {
    action();
  } catch (error) {
    if (!(error instanceof PulseError)) throw error;
    expect(error.kind).toBe(kind);
    expect(error.hint).toBeTruthy();
    return error;
  }
  throw new Error('expected an error, but there was none');
}
