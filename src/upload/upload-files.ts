import { asPulseError, exitCodes, PulseError } from '../errors.ts';
import type { PulseEvent } from '../events.ts';
import { protocols } from '../protocol/protocols/index.ts';
import { comeBackFor } from './come-back.ts';
import { again } from './faults.ts';
import { createRunTools, type RunTools } from './host/host.ts';
import { type Chosen, chooseProtocol } from './open/discover.ts';
import type { Tools, UploadSettings } from './settings.ts';
import { openSource } from './source/source.ts';
import { uploadFile } from './upload-file.ts';

export interface RunOutcome {
  /** 0, the code of the kind that every failure has, or 1 where they differ. */
  readonly exitCode: number;
  readonly done: number;
  readonly failed: number;
  /** Files left out because the run was interrupted. */
  readonly notAttempted: number;
}

/**
 * Uploads files one after another. Everything that happens is reported, `run.end` included; nothing is thrown for
 * a single file. Local files are looked at before the first request.
 */
export async function uploadFiles(
  files: readonly string[],
  settings: UploadSettings,
  given: Tools,
): Promise<RunOutcome> {
  const tools = createRunTools(settings, given);
  const failures: PulseError[] = [];
  const failed: string[] = [];
  const fail = (file: string, error: PulseError) => {
    failures.push(error);
    failed.push(file);
    tools.report(failureEvent(file, error));
  };

  const readable: string[] = [];
  for (const file of files) {
    const problem = await problemOf(file);
    if (problem === undefined) {
      readable.push(file);
      await comeBackFor(file, settings, tools);
    } else fail(file, problem);
  }

  let chosen: Chosen | undefined;
  let done = 0;
  for (const file of readable) {
    if (tools.signal?.aborted) break;
    try {
      chosen ??= await chooseProtocol(protocols, settings, file, tools);
      await uploadAndReport(file, chosen, settings, tools);
      done += 1;
    } catch (error) {
      fail(file, tools.signal?.aborted ? asInterrupted(file, error) : asPulseError(error));
    }
  }
  const notAttempted = files.length - done - failures.length;
  const exitCode = notAttempted > 0 ? exitCodes.interrupted : commonExitCode(failures);
  if (!tools.signal?.aborted) await prune(failed, settings, tools);
  const outcome = { exitCode, done, failed: failures.length, notAttempted };
  tools.report({ type: 'run.end', ...outcome });
  return outcome;
}

/**
 * At the end: what this run came back for, and could not bring over, is not old by then. Said once more, since the clock
 * may have been set meanwhile, and by years where no battery keeps it.
 */
export async function prune(
  failed: readonly string[],
  settings: UploadSettings,
  { store, clock, report }: Tools,
): Promise<void> {
  for (const file of failed) await comeBackFor(file, settings, { store });
  for (const { path, server, savedAt, createdAt } of await store.prune(clock.dateMs()))
    report({ type: 'upload.pruned', file: path, server, savedAt: savedAt ?? createdAt });
}

async function uploadAndReport(
  file: string,
  chosen: Chosen,
  settings: UploadSettings,
  tools: RunTools,
): Promise<void> {
  const source = await openSource(file);
  await source.close();
  tools.report(startEvent(file, source.identity.sizeBytes, chosen, settings));
  await uploadFile(file, chosen.protocol, settings, tools);
}

async function problemOf(file: string): Promise<PulseError | undefined> {
  try {
    await (await openSource(file)).close();
    return undefined;
  } catch (error) {
    return asPulseError(error);
  }
}

export function startEvent(
  file: string,
  sizeBytes: number | undefined,
  { protocol, concluded }: Chosen,
  { server }: Pick<UploadSettings, 'server'>,
): PulseEvent {
  return {
    type: 'upload.start',
    file,
    ...(sizeBytes !== undefined && { sizeBytes }),
    server: server.href,
    protocol: protocol.id,
    ...(concluded !== undefined && { concluded }),
  };
}

export function failureEvent(file: string, error: PulseError): PulseEvent {
  const { kind, exitCode, message, hint, resumable } = error;
  return {
    type: 'upload.failed',
    file,
    kind,
    exitCode,
    message,
    ...(hint !== undefined && { hint }),
    resumable,
  };
}

/** An abort before the upload was begun rejects with the signal's own reason. */
export function asInterrupted(file: string, error: unknown): PulseError {
  if (error instanceof PulseError && error.kind === 'interrupted') return error;
  return new PulseError('interrupted', `the upload of ${file} was interrupted before it was begun`, {
    hint: again,
  });
}

export function commonExitCode(failures: readonly PulseError[]): number {
  const [first, ...rest] = failures.map(({ exitCode }) => exitCode);
  if (first === undefined) return 0;
  if (failures.some(({ kind }) => kind === 'interrupted')) return exitCodes.interrupted;
  return rest.every((code) => code === first) ? first : exitCodes.verdict;
}
