import process from 'node:process';
import { type CommandName, commands } from './commands.ts';
import type { Given, OptionSpec, OptionTable } from './options/option-table.ts';
import { packageVersion } from './version.ts';

const FLAG_COLUMNS = 28;
/** A full line makes some terminals of 80 columns wrap. */
const LINE_COLUMNS = 79;

/** Beyond so many, options without words need to be told where their words are. */
const FEW = 8;

/** Writes the help or the version, where one of them is asked for; false where nothing was. */
export function wroteHelp(given: Given, helpText: () => string): boolean {
  if (!given.has('help') && !given.has('version')) return false;
  process.stdout.write(given.has('help') ? helpText() : `${packageVersion()}\n`);
  return true;
}

/** The help of a command: its usage, its options, and the last lines, such as an example. */
export function helpOf(name: CommandName, table: OptionTable, ...last: readonly string[]): string {
  const usage = `Usage: pulse-upload ${commands[name].usage}`;
  return `${[usage, '', ...optionLines(table), '', ...last].join('\n')}\n`;
}

/** One line per option: its flags, what it says, its default. Options that say nothing share the last lines. */
export function optionLines(table: OptionTable): readonly string[] {
  const specs = Object.values(table);
  const brief = specs.filter(({ says }) => says === undefined).map(({ flags }) => flags);
  return [
    ...specs.flatMap((spec) => (spec.says === undefined ? [] : [optionLine(spec, spec.says)])),
    ...(brief.length > FEW
      ? ['Further options, which --help-all describes:', ...sharedLines(brief.map(withoutPlaceholder))]
      : sharedLines(brief)),
  ];
}

function withoutPlaceholder(flags: string): string {
  return flags.replace(/ <.*>/, '');
}

function sharedLines(flags: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const flag of flags) {
    const longer = lines.length === 0 ? `  ${flag}` : `${lines.at(-1)}  ${flag}`;
    if (longer.length <= LINE_COLUMNS) lines.splice(-1, 1, longer);
    else lines.push(`  ${flag}`);
  }
  return lines;
}

function optionLine(spec: OptionSpec, says: string): string {
  const fallback = spec.kind === 'value' && spec.fallback !== undefined ? ` [${spec.fallback}]` : '';
  return `${flagColumn(spec)} ${says}${fallback}`;
}

/** The flags, as wide as all of them. */
export function flagColumn({ flags }: OptionSpec): string {
  return `  ${(flags.startsWith('--') ? `    ${flags}` : flags).padEnd(FLAG_COLUMNS)}`;
}
