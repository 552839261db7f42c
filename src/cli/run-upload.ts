import { homedir } from 'node:os';
import process from 'node:process';
import type { PulseEvent } from '../events.ts';
import { stateDirOf } from '../input/state-dir.ts';
import { createOutput } from '../output/output.ts';
import { createTransport } from '../transport/http.ts';
import type { TransportSettings } from '../transport/settings.ts';
import { planFiles } from '../upload/plan.ts';
import type { UploadSettings } from '../upload/settings.ts';
import { openStateStore } from '../upload/state-store.ts';
import { uploadFiles } from '../upload/upload-files.ts';
import type { BulkValues } from './bulk-options.ts';
import { type CommandLine, commandText } from './command-line.ts';
import { watchForSignals } from './interruption.ts';
import { insecureWarning } from './network-options.ts';
import { outputChoice, type UploadValues, uploadOptions } from './options.ts';
import { shellQuote } from './shell-quote.ts';
import { exitCodeOf, withSignalCode } from './signal-code.ts';
import { uploadTools } from './upload-tools.ts';

/** Everything an upload needs is put together here; loaded only once there is something to upload. */
export async function runUpload(
  line: CommandLine,
  values: UploadValues & BulkValues,
  settings: UploadSettings,
  network: TransportSettings,
): Promise<number> {
  const output = await createOutput(outputChoice(values), {
    out: process.stdout,
    err: process.stderr,
    environment: process.env,
    now: () => new Date(),
  });
  if (values.dryRun) {
    const store = openStateStore(stateDirOf(process.env, process.platform, homedir()));
    const { exitCode } = await planFiles(line.operands, settings, { report: output.report, store });
    output.close();
    return exitCode;
  }
  const interruption = watchForSignals();
  const transport = createTransport(network);
  const left = new Set(line.operands);
  const report = (event: PulseEvent) => {
    if (event.type === 'upload.done') left.delete(event.file);
    output.report(withSignalCode(event, interruption));
  };
  const { tools, close } = uploadTools({ line, values, settings, send: transport.send, report });
  const warning = insecureWarning(values, settings.server);
  if (warning !== undefined) output.warn(warning);
  try {
    const outcome = await uploadFiles(line.operands, settings, { ...tools, signal: interruption.signal });
    const exitCode = exitCodeOf(outcome, interruption);
    if (exitCode === interruption.exitCode()) output.printNext(resumeCommand(line.given, [...left]));
    return exitCode;
  } finally {
    interruption.release();
    output.close();
    await transport.close();
    close();
  }
}

/** The user's own command for the files that are left; starting over is what it must not do. */
function resumeCommand(given: CommandLine['given'], files: readonly string[]): string {
  const kept = new Map([...given].filter(([key]) => key !== 'noResume'));
  return commandText(uploadOptions, kept, files, (word) => shellQuote(word, process.platform));
}
