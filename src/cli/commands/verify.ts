import process from 'node:process';
import { asPulseError, type PulseError } from '../../errors.ts';
import { ndjsonLine } from '../../output/ndjson.ts';
import { asksForJson } from '../asks.ts';
import { splitCommandLine } from '../command-line.ts';
import type { Invocation } from '../commands.ts';
import { readConfig } from '../config/read-config.ts';
import { helpOf, wroteHelp } from '../help.ts';
import { strongerOf } from '../options/exclusive.ts';
import { type Config, refuseTogether, valuesOf } from '../options/option-table.ts';
import { verifyOptions } from '../options/verify.ts';

/** `pulse-upload verify <url>`: drives a server through the protocol and says what holds and what does not. */
export async function run({ argv }: Invocation): Promise<number> {
  let config: Config | undefined;
  try {
    return await verifyCommand(argv, () => {
      config = readConfig('verify', verifyOptions);
      return config;
    });
  } catch (thrown) {
    if (asksForJson(argv, config, '--quiet', '-q')) await writeFailure(asPulseError(thrown));
    throw thrown;
  }
}

async function verifyCommand(argv: readonly string[], config: () => Config): Promise<number> {
  const line = splitCommandLine(verifyOptions, argv);
  const { given } = line;
  if (wroteHelp(given, helpText)) return 0;
  refuseTogether(verifyOptions, given, 'quiet', 'json');
  refuseTogether(verifyOptions, given, 'token', 'tokenFile');
  refuseTogether(verifyOptions, given, 'list', 'explain');
  const sources = { given, environment: process.env, config: config() };
  const read = valuesOf(verifyOptions, given, process.env, sources.config);
  const values = {
    ...strongerOf(verifyOptions, read, sources, ['quiet', 'verbose']),
    // Both as variables are for uploads, which take both; here the events are all that there is to say.
    ...(given.has('quiet') && { json: false }),
  };
  if (values.list || values.explain !== undefined) {
    const { printChecks } = await import('../verify/print.ts');
    return printChecks(values);
  }
  const { runVerify } = await import('../verify/run.ts');
  return runVerify(line, values);
}

function helpText(): string {
  const example = 'Example: pulse-upload verify http://127.0.0.1:8080 --report junit=results.xml';
  return helpOf('verify', verifyOptions, example);
}

/** Under --json a failure outside of any check is an event too. */
async function writeFailure(error: PulseError): Promise<void> {
  const { verifyFailed } = await import('../../output/verify/events.ts');
  const { counted } = await import('../../verify/verdict.ts');
  const end = { type: 'run.end', exitCode: error.exitCode, elapsedMs: 0, ...counted([]) };
  process.stdout.write([verifyFailed(error), end].map((event) => ndjsonLine(event, new Date())).join(''));
}
