import { abortOptions } from './abort-options.ts';
import { bulkOptions } from './bulk-options.ts';
import type { CommandName } from './commands.ts';
import { ledgerOptions } from './ledger-options.ts';
import { forgetOptions, listOptions } from './list-options.ts';
import type { OptionSpec, OptionTable } from './option-table.ts';
import { commonOptions, uploadOptions } from './options.ts';
import { reportOptions } from './report-options.ts';
import { serveOptions } from './serve-options.ts';
import { verifyOptions } from './verify-options.ts';

/** Every option of every command, for what describes them all: completion, man page, schema, the check of the docs. */
export const commandTables: Readonly<Record<CommandName, OptionTable>> = {
  upload: { ...uploadOptions, ...bulkOptions },
  verify: verifyOptions,
  report: reportOptions,
  list: listOptions,
  forget: forgetOptions,
  abort: abortOptions,
  ledger: ledgerOptions,
  serve: serveOptions,
  completion: commonOptions,
};

/** What an option does, in a few words. */
export function meaningOf({ says, means }: OptionSpec): string {
  return means ?? says ?? '';
}

/** The words that an option accepts; empty where it takes any text, or none. */
export function choicesOf(spec: OptionSpec): readonly string[] {
  const parse: unknown = spec.kind === 'value' ? spec.parse : undefined;
  if (typeof parse !== 'function' || !('choices' in parse) || !Array.isArray(parse.choices)) return [];
  return parse.choices.map(String);
}
