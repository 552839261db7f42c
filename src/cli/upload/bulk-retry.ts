import process from 'node:process';
import type { Item } from '../../bulk/items.ts';
import { type CommandLine, commandText } from '../command-line.ts';
import { type BulkValues, bulkOptions } from '../options/bulk.ts';
import { uploadOptions } from '../options/upload.ts';
import { shellQuote } from '../shell-quote.ts';

/** A longer command is nothing to read or to copy. */
const MOST_OPERANDS = 20;

/** What decides which files are meant, and has no say where they are named one by one. */
const choosing: readonly string[] = [
  'recursive',
  'include',
  'exclude',
  'filesFrom',
  'filesFrom0',
  'manifest',
  'minAge',
  'orderBy',
  'shard',
] satisfies (keyof BulkValues)[];

/** The command that does what is left and nothing else, or words where no command can say it. */
export function goOnWith(line: CommandLine, { ledger }: BulkValues, left: readonly Item[]): string {
  const table = { ...uploadOptions, ...bulkOptions };
  const command = (operands: readonly string[], without: readonly string[]) => {
    const kept = new Map([...line.given].filter(([key]) => !without.includes(key)));
    return commandText(table, kept, operands, (word) => shellQuote(word, process.platform));
  };
  if (ledger !== undefined) {
    return line.operands.length > MOST_OPERANDS
      ? 'run the same command again: the ledger knows what is done'
      : command(line.operands, ['noResume']);
  }
  const canBeNamed = left.length <= MOST_OPERANDS && left.every(({ file, own }) => !own && isText(file));
  if (canBeNamed)
    return command(
      left.map(({ file }) => file),
      ['noResume', ...choosing],
    );
  return 'run the same command again with --ledger <file>; without a ledger, what is done is sent again';
}

/** Bytes that are no UTF-8 cannot be written as an argument. */
function isText(file: string): boolean {
  return file.isWellFormed();
}
