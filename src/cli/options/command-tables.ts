import type { CommandName } from '../commands.ts';
import { abortOptions } from './abort.ts';
import { bulkOptions } from './bulk.ts';
import { commonOptions } from './common.ts';
import { ledgerOptions } from './ledger.ts';
import { forgetOptions, listOptions } from './list.ts';
import type { OptionSpec, OptionTable } from './option-table.ts';
import { reportOptions } from './report.ts';
import { serveOptions } from './serve.ts';
import { uploadOptions } from './upload.ts';
import { verifyOptions } from './verify.ts';

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
