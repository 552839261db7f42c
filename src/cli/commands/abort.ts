import process from 'node:process';
import { PulseError } from '../../errors.ts';
import { splitCommandLine } from '../command-line.ts';
import type { Invocation } from '../commands.ts';
import { readConfig } from '../config/read-config.ts';
import { helpOf, wroteHelp } from '../help.ts';
import { abortOptions } from '../options/abort.ts';
import { refuseTogether, valuesOf } from '../options/option-table.ts';

/** `pulse-upload abort`: ends unfinished uploads at the server, and forgets them. */
export async function run({ argv }: Invocation): Promise<number> {
  const { operands, given } = splitCommandLine(abortOptions, argv);
  if (wroteHelp(given, helpText)) return 0;
  refuseTogether(abortOptions, given, 'token', 'tokenFile');
  const values = valuesOf(abortOptions, given, process.env, readConfig('abort', abortOptions));
  if (operands.length === 0) {
    throw new PulseError('usage', 'abort got nothing, expected files or URLs of uploads', {
      hint: 'pulse-upload list shows what is remembered',
    });
  }
  const { runAbort } = await import('../abort/run.ts');
  return runAbort(operands, values, given);
}

function helpText(): string {
  return helpOf('abort', abortOptions, 'Example: pulse-upload abort video.mp4');
}
