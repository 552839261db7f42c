import { asPulseError, PulseError, withDetails } from '../errors.ts';
import { protocols } from '../protocol/protocols/index.ts';
import { abandon } from './abort.ts';
import { again } from './faults.ts';
import { createRunTools } from './host/host.ts';
import { chooseProtocol } from './open/discover.ts';
import type { Tools, UploadSettings } from './settings.ts';
import { type Input, openInput, pipeAgain } from './source/input.ts';
import { INPUT } from './source/path-text.ts';
import { type UploadRecord, uploadKey } from './state/record.ts';
import type { StateStore } from './state/state-store.ts';
import { uploadSource } from './upload-file.ts';
import { failureEvent, type RunOutcome, startEvent } from './upload-files.ts';

/** What is known of an input before it is read. */
export interface InputFacts {
  readonly sizeBytes?: number | undefined;
}

/** Uploads what can be read only once. Everything that happens is reported, `run.end` included; nothing is thrown. */
export async function uploadInput(
  input: Input,
  { sizeBytes }: InputFacts,
  settings: UploadSettings,
  given: Tools,
): Promise<RunOutcome> {
  const store = fleetingStore();
  const tools = createRunTools(settings, { ...given, store });
  const { report, signal } = tools;
  const source = openInput(input, { sizeBytes, signal });
  const end = (exitCode: number): RunOutcome => {
    const outcome = {
      exitCode,
      done: exitCode === 0 ? 1 : 0,
      failed: exitCode === 0 ? 0 : 1,
      notAttempted: 0,
    };
    report({ type: 'run.end', ...outcome });
    return outcome;
  };
  try {
    const chosen = await chooseProtocol(protocols, settings, INPUT, tools);
    report(startEvent(INPUT, sizeBytes, chosen, settings));
    const { protocol } = chosen;
    const afresh = { ...settings, resume: false };
    await uploadSource(source, protocol, afresh, tools).catch(async (error: unknown) => {
      const key = uploadKey(settings, protocol, source);
      await abandon({ protocol, settings, tools, source, key }, error);
      throw error;
    });
    return end(0);
  } catch (thrown) {
    const error = leftAt(store.current(), signal?.aborted ? interrupted() : reworded(asPulseError(thrown)));
    report(failureEvent(INPUT, error));
    return end(error.exitCode);
  } finally {
    await source.close();
  }
}

/** What nobody can go on with is remembered only as long as it goes on. */
function fleetingStore(): StateStore & { readonly current: () => UploadRecord | undefined } {
  let kept: UploadRecord | undefined;
  return {
    lock: async () => ({ lost: new AbortController().signal, release: async () => undefined }),
    current: () => kept,
    read: async () => kept,
    peek: async () => kept,
    write: async (record) => {
      kept = record;
    },
    remove: async () => {
      kept = undefined;
    },
    renew: async () => undefined,
    prune: async () => [],
  };
}

function interrupted(): PulseError {
  return new PulseError('interrupted', 'the upload of standard input was interrupted', { hint: pipeAgain });
}

/** What nobody goes on with can at least be found, and removed. */
function leftAt(at: UploadRecord | undefined, error: PulseError): PulseError {
  const left =
    at &&
    `what the server got is at ${at.url} (pulse-upload abort ${at.url} --protocol ${at.protocol} removes it, where the server can)`;
  return withDetails(error, { hint: [error.hint, left].filter(Boolean).join('; ') });
}

/** The same command alone does not bring back what was read. */
function reworded(error: PulseError): PulseError {
  return withDetails(error, { hint: error.hint?.replace(again, pipeAgain) });
}
