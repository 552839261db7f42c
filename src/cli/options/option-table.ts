import { PulseError } from '../../errors.ts';
import { rejected } from '../../input/rejected.ts';

/** One option of a command; everything else about it (help, variable, parsing) follows from this value. */
interface Described {
  /** As commander writes them: `-s, --server <url>`. */
  readonly flags: string;
  /** For the help; absent where the flags speak for themselves. */
  readonly says?: string;
  /** For the man page, the completion and the schema of config files, where the help has no room. */
  readonly means?: string;
  /** Has no environment variable and no place in a config file: it would be set by accident, or means nothing there. */
  readonly commandLineOnly?: true;
  /** Why no config file may set it, and what to do instead. */
  readonly notInConfig?: string;
}

interface Flag extends Described {
  readonly kind: 'flag';
}

interface Value extends Described {
  readonly kind: 'value';
  /** `source` is how the user gave it: the flag or the variable. */
  readonly parse: (text: string, source: string) => unknown;
  /** What stands for an absent option, as the user would write it. */
  readonly fallback?: string;
  /** Never shown, not even in a command that the tool prints. */
  readonly secret?: true;
}

interface List extends Described {
  readonly kind: 'list';
  readonly parse: (texts: readonly string[], source: string) => unknown;
  readonly secret?: true;
}

export type OptionSpec = Flag | Value | List;
export type OptionTable = Readonly<Record<string, OptionSpec>>;

type ValueOf<O> = O extends { readonly kind: 'flag' }
  ? boolean
  : O extends { readonly kind: 'value'; readonly parse: (text: string, source: string) => infer T }
    ? O extends { readonly fallback: string }
      ? T
      : T | undefined
    : O extends {
          readonly kind: 'list';
          readonly parse: (texts: readonly string[], source: string) => infer T;
        }
      ? T
      : never;

export type Values<T extends OptionTable> = { readonly [K in keyof T]: ValueOf<T[K]> };

export type Environment = Readonly<Record<string, string | undefined>>;

/** The texts that were given for each option on the command line; a flag that was given has none. */
export type Given = ReadonlyMap<string, readonly string[]>;

/** What a config file says about one option: its texts as flags would give them, of a flag `1` or `0`. */
export interface Configured {
  /** The file and the key, for messages. */
  readonly source: string;
  readonly texts: readonly string[];
}

export type Config = ReadonlyMap<string, Configured>;

/** Everything that can set an option, the strongest first. */
export interface Sources {
  readonly given: Given;
  readonly environment: Environment;
  readonly config: Config;
}

const noConfig: Config = new Map();

/** `--chunk-size` of `-c, --chunk-size <size>`. */
export function longFlag(spec: OptionSpec): string {
  return /--[a-z\d-]+/.exec(spec.flags)?.[0] ?? spec.flags;
}

/** `<size>` of `-c, --chunk-size <size>`; empty for a flag. */
export function placeholderOf(spec: OptionSpec): string {
  return /<.*>/.exec(spec.flags)?.[0] ?? '';
}

const pathPlaceholders: ReadonlySet<string> = new Set(['<path>', '<file>', '<list>']);

/** True where the value of an option is the path of a file. */
export function takesPath(spec: OptionSpec): boolean {
  return pathPlaceholders.has(placeholderOf(spec));
}

/** `PULSE_UPLOAD_CHUNK_SIZE`. */
export function variableOf(spec: OptionSpec): string {
  return `PULSE_UPLOAD_${longFlag(spec).slice(2).toUpperCase().replaceAll('-', '_')}`;
}

/** Flag, then environment variable, then config file, then fallback: parsed, or a usage error that names the source. */
export function valuesOf<T extends OptionTable>(
  table: T,
  given: Given,
  environment: Environment,
  config: Config = noConfig,
): Values<T> {
  const entries = Object.entries(table).map(([key, spec]) => [
    key,
    settledValue(spec, given.get(key), environment, config.get(key)),
  ]);
  return Object.fromEntries(entries) as Values<T>;
}

/** Where an option of this table was set, as a message names it: the flag, the variable, or the file and its key. */
export function sourceOf<T extends OptionTable>(
  table: T,
  key: keyof T & string,
  { given, environment, config }: Sources,
): string {
  const spec: OptionSpec = table[key] as OptionSpec;
  if (given.has(key)) return longFlag(spec);
  const variable = variableOf(spec);
  return environment[variable] ? variable : (config.get(key)?.source ?? longFlag(spec));
}

function settledValue(
  spec: OptionSpec,
  texts: readonly string[] | undefined,
  environment: Environment,
  configured: Configured | undefined,
): unknown {
  const flag = longFlag(spec);
  const variable = variableOf(spec);
  const setting = spec.commandLineOnly ? '' : (environment[variable] ?? '');
  switch (spec.kind) {
    case 'flag':
      if (texts !== undefined) return true;
      return setting === '' ? configured?.texts[0] === '1' : isOn(setting, variable);
    case 'list': {
      if (texts !== undefined) return spec.parse(texts, flag);
      const lines = setting.split('\n').filter((line) => line.trim() !== '');
      if (lines.length > 0 || configured === undefined) return spec.parse(lines, variable);
      return spec.parse(configured.texts, configured.source);
    }
    case 'value': {
      const text = texts?.at(-1);
      if (text !== undefined) return spec.parse(text, flag);
      if (setting !== '') return spec.parse(setting, variable);
      if (configured !== undefined) return spec.parse(configured.texts[0] ?? '', configured.source);
      return spec.fallback === undefined ? undefined : spec.parse(spec.fallback, flag);
    }
  }
}

function isOn(setting: string, variable: string): boolean {
  if (/^(|0|false|no|off)$/i.test(setting)) return false;
  if (/^(1|true|yes|on)$/i.test(setting)) return true;
  throw rejected(variable, setting, '1 or 0', `unset ${variable}, or set it to 1`);
}

/** A usage error where two options that exclude each other were both given. */
export function refuseTogether(table: OptionTable, given: Given, first: string, second: string): void {
  const [one, other] = [table[first], table[second]];
  if (one === undefined || other === undefined || !given.has(first) || !given.has(second)) return;
  throw new PulseError(
    'usage',
    `${longFlag(one)} and ${longFlag(other)} exclude each other, expected one of them`,
    {
      hint: `leave out ${longFlag(one)} or ${longFlag(other)}`,
    },
  );
}
