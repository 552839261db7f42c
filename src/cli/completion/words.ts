import { type CommandName, commands } from '../commands.ts';
import { choicesOf, commandTables, meaningOf } from '../options/command-tables.ts';
import { ledgerTasks } from '../options/ledger.ts';
import { longFlag, type OptionSpec, placeholderOf, takesPath } from '../options/option-table.ts';

/** What may stand behind an option, or as an operand. */
export type Takes =
  | { readonly kind: 'nothing' }
  /** Something that nobody can guess; `what` is its name. */
  | { readonly kind: 'text'; readonly what: string }
  /** Files, and words that may stand in the place of the first one. */
  | { readonly kind: 'files'; readonly words?: readonly string[] }
  /** The first word of each line that a command of ours prints: too many, or too slow to load, for the script. */
  | { readonly kind: 'listed'; readonly by: string }
  | { readonly kind: 'choices'; readonly choices: readonly string[] };

export interface CompletedOption {
  /** `--server`. */
  readonly long: string;
  /** `-s`; absent where there is none. */
  readonly short?: string;
  readonly meaning: string;
  readonly isRepeatable: boolean;
  readonly takes: Takes;
}

export interface CompletedCommand {
  readonly name: CommandName;
  readonly meaning: string;
  readonly options: readonly CompletedOption[];
  readonly operands: Takes;
}

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const operands: Readonly<Record<CommandName, Takes>> = {
  upload: { kind: 'files' },
  verify: { kind: 'text', what: 'url' },
  report: { kind: 'files' },
  list: { kind: 'nothing' },
  forget: { kind: 'files' },
  abort: { kind: 'files' },
  ledger: { kind: 'files', words: Object.keys(ledgerTasks) },
  serve: { kind: 'nothing' },
  completion: { kind: 'choices', choices: shells },
};

/** What lists the ids that options take under these names. */
const listings: Readonly<Partial<Record<CommandName, Listing>>> = {
  verify: { '<id>': 'verify --list', '<glob>': 'verify --list' },
  serve: { '<id>': 'serve --list-defects' },
};
type Listing = Readonly<Record<string, string>>;

/** Every command with its options, as the completion of every shell needs them. */
export function completedCommands(): readonly CompletedCommand[] {
  return (Object.keys(commands) as readonly CommandName[]).map((name) => {
    const entry = commands[name];
    return {
      name,
      meaning: 'means' in entry ? entry.means : entry.summary,
      options: Object.values(commandTables[name]).map((spec) => completedOption(spec, listings[name])),
      operands: operands[name],
    };
  });
}

function completedOption(spec: OptionSpec, listing: Listing = {}): CompletedOption {
  const short = /^-[a-z](?=,)/i.exec(spec.flags)?.[0];
  return {
    long: longFlag(spec),
    ...(short !== undefined && { short }),
    meaning: meaningOf(spec),
    isRepeatable: spec.kind === 'list',
    takes: takenBy(spec, listing),
  };
}

function takenBy(spec: OptionSpec, listing: Listing): Takes {
  if (spec.kind === 'flag') return { kind: 'nothing' };
  const choices = choicesOf(spec);
  if (choices.length > 0) return { kind: 'choices', choices };
  if (takesPath(spec)) return { kind: 'files' };
  const placeholder = placeholderOf(spec);
  const by = listing[placeholder];
  if (by !== undefined) return { kind: 'listed', by };
  return { kind: 'text', what: placeholder.slice(1, -1) };
}
