import { PulseError } from '../../errors.ts';
import type { CommandLine } from '../command-line.ts';
import { bulkOptions } from '../options/bulk.ts';
import { longFlag, type OptionTable, type Sources, sourceOf } from '../options/option-table.ts';
import { type UploadValues, uploadOptions } from '../options/upload.ts';

/** Standard input is a single upload, and is read once. */
export function refuseBesideInput(
  { operands, given }: CommandLine,
  { dryRun, spool }: Pick<UploadValues, 'dryRun' | 'spool'>,
  sources: Sources,
): void {
  if (operands.length > 1) {
    throw new PulseError('usage', 'standard input (-) cannot be combined with files', {
      hint: 'upload it with a command of its own; a file of that name is written ./-',
    });
  }
  if (given.has('parallel') && !spool) {
    throw new PulseError(
      'usage',
      'standard input (-) cannot be read in several places at once, as --parallel needs',
      {
        hint: 'add --spool, or leave out --parallel',
      },
    );
  }
  const table: OptionTable = bulkOptions;
  const other = Object.entries(table).find(([key]) => given.has(key));
  if (other !== undefined) throw onlyWithFiles(longFlag(other[1]));
  // Other settings of variables and config files are for runs that have files; an upload in place of a dry run is a lie.
  if (dryRun) throw onlyWithFiles(sourceOf(uploadOptions, 'dryRun', sources));
}

function onlyWithFiles(source: string): PulseError {
  return new PulseError('usage', `${source} does not work with standard input (-), only with files`, {
    hint: `leave out ${source}`,
  });
}

/** What only standard input has. */
export function refuseWithoutInput({ given }: CommandLine): void {
  for (const key of ['size', 'spool'] as const) {
    if (!given.has(key)) continue;
    const spec = uploadOptions[key];
    throw new PulseError('usage', `${longFlag(spec)} is given, but not standard input (-)`, {
      hint: `for example: … | pulse-upload - ${spec.flags} --server <url>`,
    });
  }
}
