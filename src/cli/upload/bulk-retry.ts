import process from 'node:process';
import type { Item } from '../../bulk/items.ts';
import type { BulkOutcome } from '../../bulk/run.ts';
import { type CommandLine, commandText } from '../command-line.ts';
import { type BulkValues, bulkOptions } from '../options/bulk.ts';
import { type UploadValues, uploadOptions } from '../options/upload.ts';
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

/** To start over would undo what is done, and after a look what is left is done in earnest. */
const neverAgain: readonly string[] = ['noResume', 'dryRun'] satisfies (keyof UploadValues)[];

/**
 * The command that does what is left and nothing else, or words where no command can say it. Where the server redirected
 * everything, the same command would be redirected again: it names the URL to which that leads.
 */
export function goOnWith(
  line: CommandLine,
  { ledger, pairingLink }: BulkValues & UploadValues,
  left: readonly Item[],
  redirected: BulkOutcome['redirected'],
): string {
  const table = { ...uploadOptions, ...bulkOptions };
  const { href } = redirected?.to ?? {};
  if (redirected !== undefined && (href === undefined || pairingLink !== undefined))
    return 'find out where the server is now, and run the same command with that URL as --server';
  const given = href === undefined ? line.given : new Map([...line.given, ['server', [href]]]);
  const sameCommand = `run the same command again${href === undefined ? '' : ` with --server ${href}`}`;
  const command = (operands: readonly string[], without: readonly string[] = []) => {
    const kept = new Map([...given].filter(([key]) => ![...neverAgain, ...without].includes(key)));
    return commandText(table, kept, operands, (word) => shellQuote(word, process.platform));
  };
  if (ledger !== undefined) {
    return line.operands.length > MOST_OPERANDS
      ? `${sameCommand}: the ledger knows what is done`
      : command(line.operands);
  }
  const canBeNamed = left.length <= MOST_OPERANDS && left.every(({ file, own }) => !own && isText(file));
  if (canBeNamed)
    return command(
      left.map(({ file }) => file),
      choosing,
    );
  const ledgerToo = href === undefined ? ' with' : ' and';
  return `${sameCommand}${ledgerToo} --ledger <file>; without a ledger, what is done is sent again`;
}

/** Bytes that are no UTF-8 cannot be written as an argument. */
function isText(file: string): boolean {
  return file.isWellFormed();
}
