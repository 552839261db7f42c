import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import process from 'node:process';
import { asPulseError, exitCodes, PulseError } from '../../errors.ts';
import type { PulseEvent } from '../../events.ts';
import { asks } from '../asks.ts';
import type { CommandLine } from '../command-line.ts';
import { commands, type Invocation } from '../commands.ts';
import { optionLines } from '../help.ts';
import { type Interruption, watchForSignals } from '../interruption.ts';
import { nearName } from '../near-name.ts';
import { outputChoice, readUploadValues, uploadOptions, uploadSettings } from '../options.ts';
import { shellQuote } from '../shell-quote.ts';
import { stateDirOf } from '../state-dir.ts';
import { packageVersion } from '../version.ts';

/** `pulse-upload <file...>`: uploads files one after another. Everything heavy is loaded once it is needed. */
export async function run({ argv, named }: Invocation): Promise<number> {
  if (argv.length === 0) {
    process.stderr.write(helpText());
    return exitCodes.usage;
  }
  try {
    const { splitCommandLine } = await import('../command-line.ts');
    const line = splitCommandLine(uploadOptions, argv);
    if (line.given.has('help') || line.given.has('version')) {
      process.stdout.write(line.given.has('help') ? helpText() : `${packageVersion()}\n`);
      return 0;
    }
    if (!named) refuseCommandName(line.operands[0]);
    return await upload(line);
  } catch (thrown) {
    if (asks(argv, '--json')) await writeFailure(asPulseError(thrown));
    throw thrown;
  }
}

function helpText(): string {
  const lines = [
    `Usage: pulse-upload ${commands.upload.usage}`,
    ...Object.values(commands)
      .filter(({ summary }) => summary !== '')
      .map(({ usage, summary }) => `       pulse-upload ${usage.padEnd(18)} ${summary}`),
    '',
    ...optionLines(uploadOptions),
    '',
    'Example: pulse-upload video.mp4 --server http://127.0.0.1:8080',
  ];
  return `${lines.join('\n')}\n`;
}

/** A mistyped command would otherwise be reported as a missing file. */
function refuseCommandName(operand: string | undefined): void {
  if (operand === undefined || existsSync(operand)) return;
  const name = nearName(operand, Object.keys(commands));
  if (name === undefined) return;
  throw new PulseError(
    'usage',
    `'${operand}' is not a file here, expected a file or, as the first word, a command`,
    {
      hint: `did you mean ${name}? The command comes first: pulse-upload ${name} …`,
    },
  );
}

async function upload({ operands: files, given }: CommandLine): Promise<number> {
  const values = readUploadValues(given, process.env);
  const settings = uploadSettings(values, given, files);
  const [{ createOutput }, { createTransport }, { uploadFiles }, { openStateStore }, { systemClock }] =
    await Promise.all([
      import('../../output/output.ts'),
      import('../../transport/http.ts'),
      import('../../upload/upload-files.ts'),
      import('../../upload/state-store.ts'),
      import('../../upload/system-clock.ts'),
    ]);
  const output = await createOutput(outputChoice(values), {
    out: process.stdout,
    err: process.stderr,
    environment: process.env,
    now: () => new Date(),
  });
  const interruption = watchForSignals();
  const transport = createTransport();
  const left = new Set(files);
  const report = (event: PulseEvent) => {
    if (event.type === 'upload.done') left.delete(event.file);
    output.report(withSignalCode(event, interruption));
  };
  try {
    const outcome = await uploadFiles(files, settings, {
      send: transport.send,
      report,
      clock: systemClock,
      random: Math.random,
      store: openStateStore(stateDirOf(process.env, process.platform, homedir())),
      signal: interruption.signal,
    });
    const exitCode = exitCodeOf(outcome, interruption);
    if (exitCode === interruption.exitCode()) output.printNext(await resumeCommand(given, [...left]));
    return exitCode;
  } finally {
    interruption.release();
    output.close();
    await transport.close();
  }
}

/** A run that a signal cut short ends with the signal's code; one that was done already does not. */
function exitCodeOf(
  outcome: { readonly exitCode: number; readonly notAttempted: number },
  { exitCode }: Interruption,
): number {
  const cutShort = outcome.exitCode !== 0 || outcome.notAttempted > 0;
  return (cutShort ? exitCode() : undefined) ?? outcome.exitCode;
}

function withSignalCode(event: PulseEvent, interruption: Interruption): PulseEvent {
  if (event.type === 'run.end') return { ...event, exitCode: exitCodeOf(event, interruption) };
  if (event.type !== 'upload.failed' || event.kind !== 'interrupted') return event;
  return { ...event, exitCode: interruption.exitCode() ?? event.exitCode };
}

/** The user's own command for the files that are left; starting over is what it must not do. */
async function resumeCommand(given: CommandLine['given'], files: readonly string[]): Promise<string> {
  const { commandText } = await import('../command-line.ts');
  const kept = new Map([...given].filter(([key]) => key !== 'noResume'));
  return commandText(uploadOptions, kept, files, (word) => shellQuote(word, process.platform));
}

/** Under --json a failure that ends the run before or outside of any file is an event too; it names no file. */
async function writeFailure({ kind, exitCode, message, hint }: PulseError): Promise<void> {
  const { ndjsonLine } = await import('../../output/ndjson.ts');
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
