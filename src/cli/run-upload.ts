import { homedir } from 'node:os';
import process from 'node:process';
import type { PulseEvent } from '../events.ts';
import { createOutput } from '../output/output.ts';
import { createTransport } from '../transport/http.ts';
import type { TransportSettings } from '../transport/settings.ts';
import { planFiles } from '../upload/plan.ts';
import { redacted, secretTokens } from '../upload/redact.ts';
import { openServerMemory } from '../upload/server-memory.ts';
import type { Tools, UploadSettings } from '../upload/settings.ts';
import { openStateStore } from '../upload/state-store.ts';
import { systemClock } from '../upload/system-clock.ts';
import { uploadFiles } from '../upload/upload-files.ts';
import { type CommandLine, commandText } from './command-line.ts';
import { watchForSignals } from './interruption.ts';
import { insecureWarning } from './network-options.ts';
import { observedSend } from './observed-send.ts';
import { outputChoice, tokenReader, type UploadValues, uploadOptions } from './options.ts';
import { shellQuote } from './shell-quote.ts';
import { exitCodeOf, withSignalCode } from './signal-code.ts';
import { stateDirOf } from './state-dir.ts';
import { openTranscript, type Transcript } from './transcript.ts';

/** Everything an upload needs is put together here; loaded only once there is something to upload. */
export async function runUpload(
  line: CommandLine,
  values: UploadValues,
  settings: UploadSettings,
  network: TransportSettings,
): Promise<number> {
  const output = await createOutput(outputChoice(values), {
    out: process.stdout,
    err: process.stderr,
    environment: process.env,
    now: () => new Date(),
  });
  const stateDir = stateDirOf(process.env, process.platform, homedir());
  if (values.dryRun) {
    const store = openStateStore(stateDir);
    const { exitCode } = await planFiles(line.operands, settings, { report: output.report, store });
    output.close();
    return exitCode;
  }
  const tokens = secretTokens(settings.token, settings.headers);
  const transcript = transcriptOf(values, settings, line.operands, tokens, (message) =>
    output.report({ type: 'upload.warning', file: '', message }),
  );
  const interruption = watchForSignals();
  const transport = createTransport(network);
  const left = new Set(line.operands);
  const report = (event: PulseEvent) => {
    if (event.type === 'upload.done') left.delete(event.file);
    output.report(withSignalCode(event, interruption));
  };
  const observe = redacted(report, tokens);
  const readToken = tokenReader(values, line.given);
  const send = transcript?.written(transport.send) ?? transport.send;
  const tools: Tools = {
    send: values.verbose ? observedSend(send, observe, systemClock.nowMs) : send,
    report,
    clock: systemClock,
    random: Math.random,
    store: openStateStore(stateDir),
    memory: openServerMemory(stateDir, systemClock.nowMs),
    ...(readToken !== undefined && {
      readToken: () => {
        const token = readToken();
        tokens.add(token);
        return token;
      },
    }),
    signal: interruption.signal,
  };
  const warning = insecureWarning(values, settings.server);
  if (warning !== undefined) output.warn(warning);
  try {
    const outcome = await uploadFiles(line.operands, settings, tools);
    const exitCode = exitCodeOf(outcome, interruption);
    if (exitCode === interruption.exitCode()) output.printNext(resumeCommand(line.given, [...left]));
    return exitCode;
  } finally {
    interruption.release();
    output.close();
    await transport.close();
    transcript?.close();
  }
}

function transcriptOf(
  { transcript: path }: UploadValues,
  { headers }: UploadSettings,
  files: readonly string[],
  tokens: ReadonlySet<string>,
  onTrouble: (message: string) => void,
): Transcript | undefined {
  if (path === undefined) return undefined;
  return openTranscript(path, { givenHeaders: headers, tokens, files, onTrouble });
}

/** The user's own command for the files that are left; starting over is what it must not do. */
function resumeCommand(given: CommandLine['given'], files: readonly string[]): string {
  const kept = new Map([...given].filter(([key]) => key !== 'noResume'));
  return commandText(uploadOptions, kept, files, (word) => shellQuote(word, process.platform));
}
