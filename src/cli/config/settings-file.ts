import { dirname, isAbsolute, resolve } from 'node:path';
import { PulseError } from '../../errors.ts';
import { nearName } from '../../input/near-name.ts';
import { isSensitive } from '../../protocol/redaction.ts';
import {
  type Config,
  type Configured,
  type OptionSpec,
  type OptionTable,
  placeholderOf,
  takesPath,
} from '../options/option-table.ts';

/** What a config file may hold beside options: for editors. */
const SCHEMA_KEY = '$schema';

/** Placeholders whose values JSON may give as numbers. */
export const numericPlaceholders: ReadonlySet<string> = new Set(['<n>', '<size>', '<time>']);

/** The keys of a table that a config file may hold. */
export function configurable(table: OptionTable): OptionTable {
  return Object.fromEntries(
    Object.entries(table).filter(([, spec]) => !spec.commandLineOnly && !spec.notInConfig),
  );
}

interface Layout {
  /** Stands at the top level: uploading. */
  readonly upload: OptionTable;
  /** The command that runs, where it is another one; its options stand in an object of its name. */
  readonly section?: { readonly name: string; readonly table: OptionTable };
  readonly sections: readonly string[];
}

/** The settings of a command out of the text of a config file. Throws `usage` that names the file and the key. */
export function parseConfig(text: string, path: string, { upload, section, sections }: Layout): Config {
  const top = objectOf(text, path);
  const entries = Object.entries(top).filter(([key]) => key !== SCHEMA_KEY);
  const own = new Map<string, Configured>();
  const options = configurable(upload);
  for (const [key, value] of entries) {
    // One name is both that of a command and that of an option: the type of its value tells which is meant.
    const isOption = Object.hasOwn(options, key) && !isObject(value);
    if (isOption || !sections.includes(key)) {
      const setting = settingOf(key, value, upload, { path, prefix: '', others: sections });
      if (section === undefined) own.set(key, setting);
    } else if (!isObject(value)) throw mistaken(path, key, value, 'an object with options of that command');
  }
  const inner = section === undefined ? undefined : top[section.name];
  if (section !== undefined && isObject(inner)) {
    for (const [key, value] of Object.entries(inner))
      own.set(key, settingOf(key, value, section.table, { path, prefix: `${section.name}.`, others: [] }));
  }
  return own;
}

interface Place {
  readonly path: string;
  readonly prefix: string;
  readonly others: readonly string[];
}

function settingOf(
  key: string,
  value: unknown,
  table: OptionTable,
  { path, prefix, others }: Place,
): Configured {
  const spec = Object.hasOwn(table, key) ? table[key] : undefined;
  const name = `${prefix}${key}`;
  if (spec?.notInConfig !== undefined) {
    throw new PulseError('usage', `${path} sets ${name}, which no config file may hold`, {
      hint: spec.notInConfig,
    });
  }
  if (spec === undefined || spec.commandLineOnly) throw unknownKey(path, name, key, table, others, spec);
  const source = `${path}: ${name}`;
  const texts = textsOf(spec, value);
  if (texts === undefined) throw mistaken(path, name, value, expectation(spec));
  if (spec.kind === 'list' && spec.secret) refuseSecrets(texts, path, name);
  return { source, texts: takesPath(spec) ? texts.map((text) => fromFolder(text, path)) : texts };
}

/** The texts that the option would be given by flags; for a flag `1` or `0`. Undefined: the type is wrong. */
function textsOf(spec: OptionSpec, value: unknown): readonly string[] | undefined {
  switch (spec.kind) {
    case 'flag':
      return typeof value === 'boolean' ? [value ? '1' : '0'] : undefined;
    case 'list':
      return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
    case 'value':
      if (typeof value === 'string') return [value];
      return typeof value === 'number' && numericPlaceholders.has(placeholderOf(spec))
        ? [String(value)]
        : undefined;
  }
}

function expectation(spec: OptionSpec): string {
  if (spec.kind === 'flag') return 'true or false';
  if (spec.kind === 'list') return 'a list of strings';
  return numericPlaceholders.has(placeholderOf(spec)) ? 'a string or a number' : 'a string';
}

/** Relative paths start from the folder of the config file; `-` is standard input or output. */
function fromFolder(text: string, path: string): string {
  return text === '' || text === '-' || isAbsolute(text) ? text : resolve(dirname(path), text);
}

function refuseSecrets(lines: readonly string[], path: string, name: string): void {
  const secret = lines.map((line) => line.split(':')[0] ?? '').find(isSensitive);
  if (secret === undefined) return;
  throw new PulseError('usage', `${path} sets ${name} '${secret}', which sounds like a credential`, {
    hint: 'config files are copied and committed; give it with --header or PULSE_UPLOAD_HEADER',
  });
}

function unknownKey(
  path: string,
  name: string,
  key: string,
  table: OptionTable,
  others: readonly string[],
  spec: OptionSpec | undefined,
): PulseError {
  if (spec !== undefined) {
    return new PulseError('usage', `${path} sets ${name}, which only the command line can say`, {
      hint: 'remove it',
    });
  }
  const near = nearName(camelCase(key), [...Object.keys(configurable(table)), ...others]);
  const hint = near === undefined ? 'docs/config-keys.md lists the keys' : `did you mean ${near}?`;
  return new PulseError('usage', `${path} holds the unknown key '${name}'`, { hint });
}

/** `chunk-size` and `--chunk-size` are what people write first. */
function camelCase(key: string): string {
  return key.replace(/^-+/, '').replace(/[-_]+(.)/g, (_, letter: string) => letter.toUpperCase());
}

function mistaken(path: string, name: string, value: unknown, expected: string): PulseError {
  return new PulseError('usage', `${path}: ${name} is ${typeWords(value)}, expected ${expected}`, {
    hint: 'docs/scripting.md shows an example',
  });
}

function typeWords(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return (
    { boolean: 'true or false', number: 'a number', string: 'a string' }[typeof value as string] ??
    'an object'
  );
}

function objectOf(text: string, path: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    // Editors of Windows write a byte order mark.
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new PulseError('usage', `${path} is not JSON: ${detail}`, {
      hint: 'remove comments and trailing commas',
    });
  }
  if (isObject(value)) return value;
  throw new PulseError('usage', `${path} holds ${typeWords(value)}, expected an object`, {
    hint: 'write for example {"chunkSize": "4MiB"}',
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
