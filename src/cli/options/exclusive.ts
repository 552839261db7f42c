import { PulseError } from '../../errors.ts';
import {
  type OptionSpec,
  type OptionTable,
  type Sources,
  sourceOf,
  type Values,
  variableOf,
} from './option-table.ts';

/**
 * Of two options that exclude each other the one of the stronger source holds: a flag before a variable, a variable
 * before the config file. Of one strength they are a usage error that names both sources.
 */
export function strongerOf<T extends OptionTable>(
  table: T,
  values: Values<T>,
  sources: Sources,
  [first, second]: readonly [keyof T & string, keyof T & string],
): Values<T> {
  if (!isSet(values[first]) || !isSet(values[second])) return values;
  const lead = strengthOf(table, first, sources) - strengthOf(table, second, sources);
  if (lead === 0) {
    const [one, other] = [sourceOf(table, first, sources), sourceOf(table, second, sources)];
    throw new PulseError('usage', `${one} and ${other} exclude each other, expected one of them`, {
      hint: `leave out ${one} or ${other}`,
    });
  }
  const weaker = lead > 0 ? second : first;
  return { ...values, [weaker]: typeof values[weaker] === 'boolean' ? false : undefined };
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== false;
}

function strengthOf<T extends OptionTable>(table: T, key: keyof T & string, { given, environment }: Sources) {
  if (given.has(key)) return 2;
  return environment[variableOf(table[key] as OptionSpec)] ? 1 : 0;
}
