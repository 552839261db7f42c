import { configurable, numericPlaceholders } from '../../src/cli/config/settings-file.ts';
import { choicesOf, commandTables, meaningOf } from '../../src/cli/options/command-tables.ts';
import {
  type OptionSpec,
  type OptionTable,
  placeholderOf,
  variableOf,
} from '../../src/cli/options/option-table.ts';

/** docs/config-keys.md: every key that a config file may hold, with the variable that says the same. */
export function configKeys(): string {
  const { upload, ...others } = commandTables;
  const sections = Object.entries(others)
    .map(([name, table]) => ({ name, keys: configurable(table) }))
    .filter(({ keys }) => Object.keys(keys).length > 0);
  return `${[
    '# Keys of a config file',
    '',
    'Written by scripts/write-generated.ts. How such a file is found and read is in [scripting.md](scripting.md#config-file);',
    'values are written as flags take them, sizes, times and counts also as numbers.',
    '',
    '## Uploading: the top level',
    '',
    ...tableOf(configurable(upload)),
    ...sections.flatMap(({ name, keys }) => ['', `## In the object \`${name}\``, '', ...tableOf(keys)]),
  ].join('\n')}\n`;
}

function tableOf(table: OptionTable): readonly string[] {
  return [
    '| key | value | variable | meaning |',
    '|---|---|---|---|',
    ...Object.entries(table).map(
      ([key, spec]) =>
        `| \`${key}\` | ${valueWords(spec)} | \`${variableOf(spec)}\` | ${inCell(meaningOf(spec))} |`,
    ),
  ];
}

function valueWords(spec: OptionSpec): string {
  if (spec.kind === 'flag') return 'true or false';
  if (spec.kind === 'list') return 'list of strings';
  const choices = choicesOf(spec);
  if (choices.length > 0) return choices.map((choice) => `\`${choice}\``).join(', ');
  const type = numericPlaceholders.has(placeholderOf(spec)) ? 'string or number' : 'string';
  return spec.fallback === undefined ? type : `${type}, else \`${spec.fallback}\``;
}

/** A bar would end the cell, and a bracket in angles would be taken for HTML. */
function inCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
