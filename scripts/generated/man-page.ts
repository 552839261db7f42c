import { type CommandName, commands } from '../../src/cli/commands.ts';
import { bulkOptions } from '../../src/cli/options/bulk.ts';
import { commandTables, meaningOf } from '../../src/cli/options/command-tables.ts';
import { ledgerTasks } from '../../src/cli/options/ledger.ts';
import { type OptionSpec, type OptionTable, variableOf } from '../../src/cli/options/option-table.ts';
import { uploadOptions } from '../../src/cli/options/upload.ts';

/** man/pulse-upload.1, in the macros of man(7); the commands and options are those of the help. */
export function manPage(
  version: string,
  exitCodes: readonly (readonly [code: string, when: string])[],
): string {
  const names = Object.keys(commands) as readonly CommandName[];
  const others = names.filter((name) => name !== 'upload');
  const lines = [
    '.\\" Generated from the option tables: node --import tsx scripts/write-generated.ts',
    `.TH PULSE-UPLOAD 1 "" "pulse-upload ${version}" "User Commands"`,
    '.SH NAME',
    'pulse\\-upload \\- upload videos to Pulse Cam and tus servers, and verify such servers',
    '.SH SYNOPSIS',
    ...names
      .flatMap(usagesOf)
      .flatMap((usage) => ['.B pulse\\-upload', roff(usage), '.br'])
      .slice(0, -1),
    '.SH DESCRIPTION',
    'Sends files to servers that speak the Pulse Cam upload protocol, or plain tus 1.0; it resumes where the server is,',
    "and says that an upload is proven only when the server's own checksum equals the file's.",
    'Data goes to standard output, words for people to standard error.',
    '.SH OPTIONS',
    ...optionLines(uploadOptions),
    '.SH OPTIONS FOR MANY FILES',
    ...optionLines(bulkOptions),
    ...others.flatMap((name) => commandLines(name)),
    '.SH EXIT STATUS',
    ...exitCodes.flatMap(([code, when]) => ['.TP', `.B ${roff(code)}`, roff(when)]),
    '.SH ENVIRONMENT',
    'A flag wins over its variable, the variable over the config file. An empty variable counts as unset.',
    'Of what may be repeated a variable holds one value a line.',
    '.TP',
    '.B PULSE_UPLOAD_STATE_DIR',
    'where unfinished uploads are remembered, in place of $XDG_STATE_HOME/pulse\\-upload',
    '.TP',
    '.B PULSE_UPLOAD_CONFIG',
    'the config file, in place of those below FILES',
    '.TP',
    '.B NO_COLOR',
    'no colours',
    '.SH FILES',
    '.TP',
    '.I pulse\\-upload.config.json',
    'the config file of the working folder; where there is none,',
    '.I $XDG_CONFIG_HOME/pulse\\-upload/config.json',
    'is read',
    '.SH EXAMPLES',
    '.EX',
    'pulse\\-upload video.mp4 \\-\\-server http://127.0.0.1:8080',
    'pulse\\-upload \\-r recordings \\-\\-server http://127.0.0.1:8080 \\-\\-ledger done.jsonl',
    'pulse\\-upload verify http://127.0.0.1:8080 \\-\\-report junit=results.xml',
    '.EE',
  ];
  return `${lines.join('\n')}\n`;
}

function usagesOf(name: CommandName): readonly string[] {
  const tasks = name === 'ledger' ? Object.values(ledgerTasks) : [];
  return [commands[name].usage, ...tasks.map(({ usage }) => usage)];
}

function commandLines(name: CommandName): readonly string[] {
  const entry = commands[name];
  const meaning = 'means' in entry ? entry.means : entry.summary;
  return [
    `.SH COMMAND ${name.toUpperCase()}`,
    ...usagesOf(name)
      .flatMap((usage) => [`.B pulse\\-upload ${roff(usage)}`, '.br'])
      .slice(0, -1),
    '.PP',
    roff(sentence(meaning)),
    ...optionLines(commandTables[name]),
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function optionLines(table: OptionTable): readonly string[] {
  return Object.values(table).flatMap((spec) => ['.TP', `.B ${roff(spec.flags)}`, ...explanation(spec)]);
}

function explanation(spec: OptionSpec): readonly string[] {
  const fallback = spec.kind === 'value' && spec.fallback !== undefined ? ` [${spec.fallback}]` : '';
  if (spec.commandLineOnly) return [roff(`${meaningOf(spec)}${fallback}`)];
  const variable = variableOf(spec);
  // The help has no other place for its name.
  const meaning = meaningOf(spec).replace(new RegExp(`; or ${variable}$`), '');
  return [roff(`${meaning}${fallback}`), '.br', roff(variable)];
}

/** A text as roff shows it: real hyphens and backslashes, and no request at the start of a line. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&')
    .replace(
      /[^\x20-\x7e]/g,
      (letter) => `\\[u${letter.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}
