import type { PulseEvent } from '../../events.ts';
import { createOutput, type Output } from '../../output/output.ts';
import { createTransport } from '../../transport/http.ts';
import type { Tools } from '../../upload/settings.ts';
import type { RunOutcome } from '../../upload/upload-files.ts';
import { watchForSignals } from '../interruption.ts';
import { insecureWarnings } from '../options/network.ts';
import { outputChoice, type UploadValues } from '../options/upload.ts';
import { exitCodeOf, withSignalCode } from '../signal-code.ts';
import { surroundings } from '../surroundings.ts';
import type { Asked } from './asked.ts';
import { uploadTools } from './upload-tools.ts';

/** A run of uploads and how to go on after it was interrupted. */
export interface Work {
  readonly upload: (tools: Tools, output: Output) => Promise<RunOutcome>;
  /** Sees every event before it is shown. */
  readonly onEvent?: (event: PulseEvent) => PulseEvent;
  /** The command that goes on, or words where none can. */
  readonly next: () => string;
}

export function outputOf(values: UploadValues): Promise<Output> {
  return createOutput(outputChoice(values), surroundings);
}

/** Does the work with output, signals and network, and puts these away at its end. Resolves with the exit code. */
export async function inRun(
  asked: Asked,
  { upload, onEvent = (event) => event, next }: Work,
): Promise<number> {
  const { values, settings, network } = asked;
  const output = await outputOf(values);
  const interruption = watchForSignals();
  const transport = createTransport(network);
  const say = (event: PulseEvent) => output.report(withSignalCode(onEvent(event), interruption));
  let end: PulseEvent | undefined;
  // The last line is said last, and only once: also where something is left to do, or goes wrong, after the uploads.
  const report = (event: PulseEvent) => {
    if (event.type === 'run.end') end = event;
    else say(event);
  };
  const { tools, close } = uploadTools(asked, transport.send, report);
  insecureWarnings(values, settings.server).forEach(output.warn);
  try {
    const outcome = await upload({ ...tools, signal: interruption.signal }, output);
    if (end !== undefined) say(end);
    const exitCode = exitCodeOf(outcome, interruption);
    if (exitCode === interruption.exitCode()) output.printNext(next());
    return exitCode;
  } finally {
    interruption.release();
    output.close();
    await transport.close();
    close();
  }
}
