import process from 'node:process';
import { nearName } from '../input/near-name.ts';
import { labelled } from '../output/labelled.ts';
import { createPaint, wantsColor } from '../output/paint.ts';
import { asks } from './asks.ts';
import { type Environment, longFlag, variableOf } from './options/option-table.ts';

const PREFIX = 'PULSE_UPLOAD_';

/** Variables that are no option of any command. */
const others = ['STATE_DIR', 'CONFIG'];

/** What scripts set: for these alone the options of all commands need not be loaded. */
const usual: ReadonlySet<string> = new Set([...others, 'SERVER', 'TOKEN', 'TOKEN_FILE', 'LEDGER']);

/** Asked for on the command line alone, and nobody expects more: a script may keep the version that it installs in such a variable. */
const NEVER_MEANT = /^PULSE_UPLOAD_(HELP|VERSION)/;

interface Names {
  readonly variables: readonly string[];
  /** Of the options without a variable: what it would be called, and the flag. */
  readonly flagsAlone: ReadonlyMap<string, string>;
}

/** Says on stderr which variables were meant to be ours and are not: they would be passed over in silence. */
export async function warnOfMisspeltVariables(argv: readonly string[]): Promise<void> {
  if (asks(argv, '--help', '-h', '--help-all', '--version', '-V', '--quiet', '-q')) return;
  const unusual = Object.keys(process.env).filter(
    (name) => name.toUpperCase().startsWith(PREFIX) && !usual.has(name.slice(PREFIX.length)),
  );
  if (unusual.length === 0) return;
  const warnings = withoutEffect(process.env, await knownNames(), process.platform);
  if (warnings.length === 0) return;
  const paint = await createPaint(wantsColor(process.stderr, process.env, asks(argv, '--no-color')));
  for (const warning of warnings)
    process.stderr.write(`${labelled([['warning', warning]], paint).join('')}\n`);
}

/** Only what is named as a flag, or nearly is one of ours: a script may keep things of its own under such names. Values may be secrets and are not shown. */
export function withoutEffect(
  environment: Environment,
  { variables, flagsAlone }: Names,
  platform: NodeJS.Platform,
): readonly string[] {
  const suffixes = variables.map((name) => name.slice(PREFIX.length).toLowerCase());
  return Object.keys(environment).flatMap((name) => {
    // On Windows the case of a variable's name makes no difference.
    const ours = platform === 'win32' ? name.toUpperCase() : name;
    const isKnown = variables.includes(ours);
    if (isKnown || environment[name] === '' || !name.toUpperCase().startsWith(PREFIX)) return [];
    const flag = flagsAlone.get(ours);
    if (flag !== undefined)
      return [`the variable ${name} has no effect: this can only be set with the flag ${flag}`];
    const near = nearName(name.slice(PREFIX.length), suffixes);
    return near === undefined
      ? []
      : [`the variable ${name} is not known and has no effect; did you mean ${PREFIX}${near.toUpperCase()}?`];
  });
}

async function knownNames(): Promise<Names> {
  const { commandTables } = await import('./options/command-tables.ts');
  const options = Object.values(commandTables).flatMap((table) => Object.values(table));
  const named = options.filter(({ commandLineOnly }) => !commandLineOnly).map(variableOf);
  const flagsAlone = options
    .filter((option) => option.commandLineOnly && !NEVER_MEANT.test(variableOf(option)))
    .map((option) => [variableOf(option), longFlag(option)] as const);
  return {
    variables: [...named, ...others.map((name) => `${PREFIX}${name}`)],
    flagsAlone: new Map(flagsAlone),
  };
}
