import { type CommandName, commands } from './commands.ts';
import { flagColumn } from './help.ts';
import { commandTables, meaningOf } from './options/command-tables.ts';

const MEANING_COLUMNS = 46;

/** Every option of a command in words, more than a screen: what `--help` has no room for. */
export function helpAllText(name: CommandName): string {
  const options = Object.values(commandTables[name]).flatMap((spec) => {
    const fallback = spec.kind === 'value' && spec.fallback !== undefined ? ` [${spec.fallback}]` : '';
    const [first = '', ...rest] = folded(`${meaningOf(spec)}${fallback}`);
    return [`${flagColumn(spec)} ${first}`.trimEnd(), ...rest.map((line) => `${' '.repeat(30)} ${line}`)];
  });
  return `${[`Usage: pulse-upload ${commands[name].usage}`, '', ...options].join('\n')}\n`;
}

/** Broken between words. */
function folded(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= MEANING_COLUMNS) lines.splice(-1, 1, longer);
    else lines.push(word);
  }
  return lines;
}
