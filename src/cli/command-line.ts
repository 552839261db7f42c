import { Command, CommanderError, Option } from 'commander';
import { PulseError } from '../errors.ts';
import { type Given, longFlag, type OptionTable } from './options/option-table.ts';

export interface CommandLine {
  readonly operands: readonly string[];
  readonly given: Given;
}

/** Splits arguments into operands and options; commander does the splitting, the table everything after it. */
export function splitCommandLine(table: OptionTable, argv: readonly string[]): CommandLine {
  const command = new Command('pulse-upload').argument('[operands...]').helpOption(false).exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  const given = new Map<string, readonly string[]>();
  for (const [key, spec] of Object.entries(table)) {
    const option = new Option(spec.flags);
    command.addOption(option);
    command.on(`option:${option.name()}`, (text: string | null) => {
      given.set(key, [...(given.get(key) ?? []), ...(typeof text === 'string' ? [text] : [])]);
    });
  }
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw usageError(error);
    throw error;
  }
  return { operands: command.args, given };
}

/** commander puts its suggestion on a second line: `(Did you mean --server?)`. */
function usageError(error: CommanderError): PulseError {
  const [fact = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  // What stands behind `=` may be a token whose option was mistyped.
  const shown = fact.replace(/^(unknown option '-[^=']*)=.*'$/s, "$1=…'");
  const hint = suggestion?.replace(/^\(Did you mean (.*)\?\)$/, 'did you mean $1?');
  const usual = /'-[^']*[./][^']*'$/.test(fact)
    ? 'put -- before a file whose name begins with a dash'
    : 'pulse-upload --help lists the options';
  return new PulseError('usage', shown, { hint: hint ?? usual });
}

/** The command that does the same for these operands: as the user wrote it, secrets left out. */
export function commandText(
  table: OptionTable,
  given: Given,
  operands: readonly string[],
  quote: (word: string) => string,
): string {
  const options = Object.entries(table).flatMap(([key, spec]) => {
    const texts = given.get(key);
    if (texts === undefined) return [];
    const flag = longFlag(spec);
    if (spec.kind === 'flag') return [flag];
    const last = spec.kind === 'list' ? texts : texts.slice(-1);
    return last.flatMap((text) => [flag, spec.secret ? withoutSecret(flag, text) : text]);
  });
  // Operands that look like flags can only stand behind the end of all flags.
  const words = operands.some((operand) => operand.startsWith('-'))
    ? [...options, '--', ...operands]
    : [...operands, ...options];
  return ['pulse-upload', ...words].map(quote).join(' ');
}

/** `<token>`, and of a header the name: `Authorization: <value>`. The name of a file with a link is no secret. */
function withoutSecret(flag: string, text: string): string {
  if (/-link$/.test(flag) && text.startsWith('@')) return text;
  const name = /^[^:]*: */.exec(text)?.[0];
  return flag === '--header' && name !== undefined ? `${name}<value>` : `<${flag.slice(2)}>`;
}
