import { PulseError } from '../errors.ts';

/** The usage error of a value: where it was given, what it is, what was expected, and the next step. */
export function rejected(source: string, text: string, expected: string, hint: string): PulseError {
  return new PulseError('usage', `${source} is '${text}', expected ${expected}`, { hint });
}
