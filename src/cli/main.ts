import process from 'node:process';
import { commands, isCommandName } from './commands.ts';
import { endWithoutOutput } from './lost-output.ts';
import { packageVersion } from './version.ts';
import { withWordsAsFlags } from './words-as-flags.ts';

/** Runs the command that the arguments name and resolves with the exit code (docs/exit-codes.md). */
export async function main(words: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endWithoutOutput);
  const argv = withWordsAsFlags(words);
  const [first, ...rest] = argv;
  try {
    if (first === '--version' || first === '-V') {
      process.stdout.write(`${packageVersion()}\n`);
      return 0;
    }
    if (Object.keys(process.env).some((name) => /^pulse_upload_/i.test(name))) {
      const { warnOfMisspeltVariables } = await import('./misspelt-variables.ts');
      await warnOfMisspeltVariables(argv);
    }
    const named = isCommandName(first);
    if (argv.includes('--help-all')) {
      const { helpAllText } = await import('./help-all.ts');
      process.stdout.write(helpAllText(named ? first : 'upload'));
      return 0;
    }
    const { run } = await commands[named ? first : 'upload'].load();
    return await run(named ? { argv: rest, named } : { argv, named });
  } catch (thrown) {
    // Whoever started us says it: what reports failures may be missing too.
    if (isMissingPart(thrown)) throw thrown;
    const { reportFailure } = await import('./report-failure.ts');
    return reportFailure(thrown, argv);
  }
}

function isMissingPart(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException | undefined)?.code === 'ERR_MODULE_NOT_FOUND';
}
