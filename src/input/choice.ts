import { rejected } from './rejected.ts';

/** A parser that tells which words it accepts, for completion and the schema of config files. */
export interface ChoiceParser<T extends string> {
  (text: string, source: string): T;
  readonly choices: readonly T[];
}

/** A parser that accepts these words and no others. */
export function oneOf<const T extends string>(...choices: readonly T[]): ChoiceParser<T> {
  const listed = `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
  const parse = (text: string, source: string): T => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    throw rejected(source, text, listed, `choose ${listed}`);
  };
  return Object.assign(parse, { choices });
}
