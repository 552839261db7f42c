import process from 'node:process';
import { PulseError } from '../../errors.ts';
import { splitCommandLine } from '../command-line.ts';
import { commands, type Invocation } from '../commands.ts';
import { readConfig } from '../config/read-config.ts';
import { optionLines } from '../help.ts';
import { abortOptions } from '../options/abort.ts';
import { refuseTogether, valuesOf } from '../options/option-table.ts';
import { packageVersion } from '../version.ts';

/** `pulse-upload abort`: ends unfinished uploads at the server, and forgets them. */
export async function run({ argv }: Invocation): Promise<number> {
  const { operands, given } = splitCommandLine(abortOptions, argv);
  if (given.has('help') || given.has('version')) {
    process.stdout.write(given.has('help') ? helpText() : `${packageVersion()}\n`);
    return 0;
  }
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
  const example = 'Example: pulse-upload abort video.mp4';
  return `${[`Usage: pulse-upload ${commands.abort.usage}`, '', ...optionLines(abortOptions), '', example].join('\n')}\n`;
}
