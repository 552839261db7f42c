import { PulseError } from '../../errors.ts';
import type { CommandLine } from '../command-line.ts';
import { bulkOptions } from '../options/bulk.ts';
import { longFlag, type OptionTable } from '../options/option-table.ts';
import { uploadOptions } from '../options/upload.ts';

/** The operand that stands for standard input. A file of that name is ./- */
export const INPUT = '-';

/** What stands in for one file only, or for what can be looked at twice. */
const notBeside: OptionTable = { dryRun: uploadOptions.dryRun, ...bulkOptions };

/** Standard input is a single upload, and is read once. */
export function refuseBesideInput({ operands, given }: CommandLine): void {
  if (operands.length > 1) {
    throw new PulseError('usage', 'standard input (-) is given beside files, expected it alone', {
      hint: 'upload it with a command of its own; a file of that name is written ./-',
    });
  }
  if (given.has('parallel') && !given.has('spool')) {
    throw new PulseError(
      'usage',
      'standard input (-) cannot be read in several places at once, as --parallel needs',
      {
        hint: 'add --spool, or leave out --parallel',
      },
    );
  }
  const other = Object.entries(notBeside).find(([key]) => key !== 'limitRate' && given.has(key));
  if (other === undefined) return;
  throw new PulseError(
    'usage',
    `${longFlag(other[1])} is given with standard input (-), expected it with files`,
    {
      hint: `leave out ${longFlag(other[1])}`,
    },
  );
}

/** What only standard input has. */
export function refuseWithoutInput({ given }: CommandLine): void {
  for (const spec of [uploadOptions.size, uploadOptions.spool]) {
    const key = spec === uploadOptions.size ? 'size' : 'spool';
    if (!given.has(key)) continue;
    throw new PulseError('usage', `${longFlag(spec)} is given, but not standard input (-)`, {
      hint: `for example: … | pulse-upload - ${spec.flags} --server <url>`,
    });
  }
}
