import process from 'node:process';
import { asPulseError, exitCodes, type PulseError } from '../../errors.ts';
import type { PulseEvent } from '../../events.ts';
import { refuseTokenInTheOpen } from '../../input/token-in-the-open.ts';
import { ndjsonLine } from '../../output/ndjson.ts';
import { INPUT } from '../../upload/source/path-text.ts';
import { asksForJson } from '../asks.ts';
import { type CommandLine, splitCommandLine } from '../command-line.ts';
import { commands, type Invocation } from '../commands.ts';
import { readConfig } from '../config/read-config.ts';
import { refuseFilesLikeFlags } from '../file-like-flag.ts';
import { optionLines } from '../help.ts';
import { bulkOptions, isBulk, readBulkValues } from '../options/bulk.ts';
import { networkSettings, openTokenRule } from '../options/network.ts';
import type { Config } from '../options/option-table.ts';
import { tusOptions } from '../options/tus.ts';
import { readUploadValues, uploadOptions, uploadSettings } from '../options/upload.ts';
import { refuseBesideInput, refuseWithoutInput } from '../upload/input-operand.ts';
import { refuseCommandWord, refuseServerlessWords } from '../upload/no-such-file.ts';
import { withPairing } from '../upload/pairing.ts';
import { runUpload } from '../upload/run-upload.ts';
import { packageVersion } from '../version.ts';

const everyOption = { ...uploadOptions, ...bulkOptions };

/** `pulse-upload <file...>`: uploads a file, or many. Everything heavy is loaded once it is needed. */
export async function run({ argv, named }: Invocation): Promise<number> {
  if (argv.length === 0) {
    process.stderr.write(helpText());
    return exitCodes.usage;
  }
  let config: Config | undefined;
  try {
    const line = await splitUpload(argv, named);
    const asked = Object.entries(texts).find(([key]) => line.given.has(key));
    if (asked !== undefined) {
      process.stdout.write(asked[1]());
      return 0;
    }
    if (!named) refuseCommandWord(line.operands[0]);
    config = readConfig('upload', everyOption);
    return await upload(line, config);
  } catch (thrown) {
    if (asksForJson(argv, config, '--output-template')) await writeFailure(asPulseError(thrown));
    throw thrown;
  }
}

/** What is asked for in place of an upload. */
const texts: Readonly<Record<string, () => string>> = {
  help: helpText,
  helpBulk: bulkHelpText,
  helpTus: tusHelpText,
  version: () => `${packageVersion()}\n`,
};

function bulkHelpText(): string {
  // Of a single upload, too: there the help has no room for its words.
  const { limitRate } = uploadOptions;
  const lines = [
    'Usage: pulse-upload -r <folder...> --server <url> --ledger <file> [options]',
    '       pulse-upload <file...> --server <url> [options]',
    '',
    ...optionLines({ ...bulkOptions, limitRate: { ...limitRate, says: limitRate.means } }),
    '',
    'pulse-upload ledger <file> shows what was achieved; ledger --help says more.',
    'All options of pulse-upload --help hold as well; --max-outage is 15m here.',
    'Example: pulse-upload -r videos -s http://127.0.0.1:8080 --ledger done.jsonl',
  ];
  return `${lines.join('\n')}\n`;
}

function tusHelpText(): string {
  const lines = [
    'Usage: pulse-upload <file...> --server <url> --protocol tus [options]',
    '',
    ...optionLines(tusOptions),
    '',
    'Only what the server offers (OPTIONS) is used; docs/protocols.md says how.',
    'All options of pulse-upload --help hold as well.',
    'Example: pulse-upload video.mp4 -s http://127.0.0.1:8080/files --checksum sha1',
  ];
  return `${lines.join('\n')}\n`;
}

function helpText(): string {
  const inOwnHelp = new Set(Object.keys(tusOptions));
  const general = Object.fromEntries(Object.entries(uploadOptions).filter(([key]) => !inOwnHelp.has(key)));
  const lines = [
    `Usage: pulse-upload ${commands.upload.usage}`,
    ...Object.values(commands).flatMap((entry) =>
      'summary' in entry ? [`       pulse-upload ${entry.usage.padEnd(22)} ${entry.summary}`] : [],
    ),
    '',
    ...optionLines(general),
    '',
    'Example: pulse-upload video.mp4 --server http://127.0.0.1:8080',
  ];
  return `${lines.join('\n')}\n`;
}

async function splitUpload(argv: readonly string[], named: boolean): Promise<CommandLine> {
  refuseFilesLikeFlags(everyOption, argv);
  try {
    return splitCommandLine(everyOption, argv);
  } catch (error) {
    // The options of another command are unknown here: then the misplaced command is what to talk about.
    if (!named) for (const word of argv) refuseCommandWord(word);
    throw error;
  }
}

async function upload(line: CommandLine, config: Config): Promise<number> {
  const { given, operands } = line;
  const bulk = readBulkValues(given, process.env, config);
  const isInput = operands.includes(INPUT);
  const read = readUploadValues(given, process.env, config);
  if (isInput) refuseBesideInput(line, read, { given, environment: process.env, config });
  else refuseWithoutInput(line);
  const many = !isInput && isBulk(bulk, operands);
  const values = { ...withPairing(read, given, operands.length), ...bulk };
  if (values.server === undefined) refuseServerlessWords(operands);
  const settings = uploadSettings(values, given, many && operands.length === 0 ? undefined : operands);
  const network = await networkSettings(values, settings.server, process.env);
  const credentials = { tokens: [settings.token], headers: settings.headers };
  refuseTokenInTheOpen(settings.server, credentials, network, openTokenRule(values));
  const asked = { line, values, settings, network };
  if (many) return (await import('../upload/run-bulk.ts')).runBulkUpload(asked);
  if (isInput) return (await import('../upload/run-input.ts')).runInput(asked);
  return runUpload(asked);
}

/** Under --json a failure that ends the run before or outside of any file is an event too; it names no file. */
async function writeFailure({ kind, exitCode, message, hint }: PulseError): Promise<void> {
  const events: readonly PulseEvent[] = [
    {
      type: 'upload.failed',
      file: '',
      kind,
      exitCode,
      message,
      ...(hint !== undefined && { hint }),
      resumable: false,
    },
    { type: 'run.end', exitCode, done: 0, failed: 1, notAttempted: 0 },
  ];
  process.stdout.write(events.map((event) => ndjsonLine(event, new Date())).join(''));
}
