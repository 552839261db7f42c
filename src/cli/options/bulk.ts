import {
  parseAgeMs,
  parseJobs,
  parseLimit,
  parseManifests,
  parseOrder,
  parseTemplate,
  parseTexts,
} from '../../input/bulk.ts';
import { parseDurationMs } from '../../input/duration.ts';
import { parseShard } from '../../input/shard.ts';
import { parseText } from '../../input/text.ts';
import {
  type Config,
  type Environment,
  type Given,
  type OptionTable,
  type Values,
  valuesOf,
} from './option-table.ts';

/** The options for many files, in the order of `--help-bulk`. */
export const bulkOptions = {
  recursive: { kind: 'flag', flags: '-r, --recursive', says: 'folders stand for what is in them' },
  include: {
    kind: 'list',
    flags: '--include <glob>',
    says: 'only these files; repeatable',
    parse: parseTexts,
  },
  exclude: {
    kind: 'list',
    flags: '--exclude <glob>',
    says: 'not these files; repeatable',
    parse: parseTexts,
  },
  filesFrom: {
    kind: 'list',
    flags: '--files-from <list>',
    says: 'file with one name a line, or -',
    parse: parseTexts,
  },
  filesFrom0: {
    kind: 'list',
    flags: '--files-from0 <list>',
    says: 'the same, names end in NUL',
    parse: parseTexts,
  },
  manifest: {
    kind: 'list',
    flags: '--manifest <file>',
    says: '.jsonl or .csv: file, name, metadata, tokenFile',
    parse: parseManifests,
  },
  minAge: {
    kind: 'value',
    flags: '--min-age <time>',
    says: 'leave younger files for later [5s in folders]',
    parse: parseAgeMs,
  },
  nameTemplate: {
    kind: 'value',
    flags: '--name-template <text>',
    says: 'names for the server: {path}, {parent}-{name}',
    parse: parseTemplate,
  },
  orderBy: {
    kind: 'value',
    flags: '--order-by <key>',
    says: 'size, name or mtime; size,desc',
    parse: parseOrder,
  },
  shard: {
    kind: 'value',
    flags: '--shard <k/n>',
    says: 'the k-th of n shares; auto in arrays of jobs',
    parse: parseShard,
  },
  ledger: {
    kind: 'value',
    flags: '--ledger <file>',
    says: 'keep outcomes; skip what is done',
    parse: parseText,
  },
  jobs: { kind: 'value', flags: '-j, --jobs <n>', says: 'files at a time [4]', parse: parseJobs },
  maxFailures: {
    kind: 'value',
    flags: '--max-failures <n>',
    says: 'end the run after this many failed files',
    parse: parseLimit,
  },
  failFast: { kind: 'flag', flags: '--fail-fast', says: 'end it at once after the first' },
  maxDuration: {
    kind: 'value',
    flags: '--max-duration <time>',
    says: 'end it after this long; the next run goes on',
    parse: parseDurationMs,
  },
} as const satisfies OptionTable;

export type BulkValues = Values<typeof bulkOptions>;

/** What the command line, the environment and the config file say about many files, validated. */
export function readBulkValues(given: Given, environment: Environment, config?: Config): BulkValues {
  const values = valuesOf(bulkOptions, given, environment, config);
  // A name on the command line is for a single file, and more particular than a template that stands elsewhere.
  const isNamed = given.has('name') && !given.has('nameTemplate');
  return isNamed ? { ...values, nameTemplate: undefined } : values;
}

/** Whether this is a task for the bulk run: what concerns a single file is left to the plain upload. */
export function isBulk(values: BulkValues, operands: readonly string[]): boolean {
  const isSet = (value: unknown) =>
    Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  return operands.length > 1 || Object.values(values).some(isSet);
}
