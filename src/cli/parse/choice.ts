import { rejected } from './rejected.ts';

/** A parser that accepts these words and no others. */
export function oneOf<const T extends string>(...choices: readonly T[]): (text: string, source: string) => T {
  const listed = `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
  return (text, source) => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    throw rejected(source, text, listed, `choose ${listed}`);
  };
}
