import { asPulseError, type PulseError } from '../errors.ts';
import type { Protocol } from '../protocol/protocol.ts';
import { protocols } from '../protocol/protocols/index.ts';
import { isExpired } from './open/expiry.ts';
import { readsBack, unfinished } from './open/find-upload.ts';
import { whyAnother } from './open/why-another.ts';
import type { Clock, Tools, UploadSettings } from './settings.ts';
import { type FileIdentity, openSource } from './source/source.ts';
import { failedAtEnd, type UploadRecord, uploadKey } from './state/record.ts';
import type { StateStore } from './state/state-store.ts';
import { commonExitCode, failureEvent, type RunOutcome } from './upload-files.ts';

/** What a run would do with a file. */
type Intention =
  /** Everything, as a new upload. */
  | 'send'
  /** Go on with what an earlier run left at the server. */
  | 'resume'
  /** Send nothing: all bytes are there, only finalize is missing. */
  | 'finalize';

interface PlannedUpload {
  readonly file: string;
  readonly intention: Intention;
  readonly sizeBytes: number;
  /** What the server acknowledged by the last record; it has the last word when the run is made. */
  readonly fromBytes: number;
  /** Why an upload that was begun is not gone on with. */
  readonly reason?: string;
}

interface PlannedFile {
  readonly file: string;
  /** Why it cannot be sent, where that is known already. */
  readonly problem?: PulseError;
}

/** So many files are looked at side by side: a disk that is slow to answer is not waited for file after file. */
const BATCH = 32;

/**
 * Tells what a run would do with each file, and does nothing: no request, no lock, no record. The code is the one that
 * the files' failures lead to. `leftOut`: how many files a plan of many does not send, for the last event.
 */
export async function planFiles(
  files: readonly PlannedFile[],
  settings: UploadSettings,
  { report, store, clock }: Pick<Tools, 'report' | 'store' | 'clock'>,
  leftOut: { readonly skipped?: number; readonly tooYoung?: number } = {},
): Promise<RunOutcome> {
  const failures: PulseError[] = [];
  let sendBytes = 0;
  for (let start = 0; start < files.length; start += BATCH) {
    const batch = files.slice(start, start + BATCH);
    const plans = await Promise.all(
      batch.map(async ({ file, problem }) => ({
        file,
        planned:
          problem === undefined
            ? await planUpload(file, protocols, settings, { store, clock })
            : { failure: problem },
      })),
    );
    for (const { file, planned } of plans) {
      if ('failure' in planned) {
        failures.push(planned.failure);
        report(failureEvent(file, planned.failure));
        continue;
      }
      sendBytes += planned.sizeBytes - planned.fromBytes;
      report({ type: 'upload.planned', ...planned });
    }
  }
  const failed = failures.length;
  const outcome = {
    exitCode: commonExitCode(failures),
    done: 0,
    failed,
    notAttempted: files.length - failed,
  };
  report({ type: 'run.end', ...outcome, ...leftOut, dryRun: true, sendBytes });
  return outcome;
}

/**
 * What would become of a file, by what is known on this machine: sends no request, takes no lock, writes nothing.
 * The server is not even asked for its offset, since HEAD makes some servers cut off the request of another process.
 */
export async function planUpload(
  file: string,
  known: readonly Protocol[],
  settings: UploadSettings,
  { store, clock }: { readonly store: Pick<StateStore, 'peek'>; readonly clock: Clock },
): Promise<PlannedUpload | { readonly failure: PulseError }> {
  try {
    const source = await openSource(file);
    await source.close();
    const { sizeBytes } = source.identity;
    const anew = { file, intention: 'send', sizeBytes, fromBytes: 0 } as const;
    for (const protocol of known) {
      if (settings.protocol !== 'auto' && settings.protocol !== protocol.id) continue;
      const record = await store.peek(uploadKey(settings, protocol, source));
      if (record === undefined || record.phase === 'creating' || !settings.resume) continue;
      const reason = whyAnew(record, source.identity, { protocol, settings }, clock.dateMs());
      if (reason !== undefined) return { ...anew, reason };
      const { finishError = '' } = record;
      if (failedAtEnd(record) && !readsBack({ protocol, settings }))
        return { failure: unfinished({ protocol, settings, source }, finishError) };
      if (record.phase === 'sending') return { ...anew, intention: 'resume', fromBytes: record.prefix.bytes };
      // Where there is no finalize, it waits for its proof.
      const intention = protocol.finalize === undefined ? 'resume' : 'finalize';
      return { ...anew, intention, fromBytes: sizeBytes };
    }
    return anew;
  } catch (error) {
    return { failure: asPulseError(error) };
  }
}

function whyAnew(
  record: UploadRecord,
  now: FileIdentity,
  wanted: { readonly protocol: Protocol; readonly settings: UploadSettings },
  nowMs: number,
): string | undefined {
  const another = whyAnother(record, now, wanted);
  if (another !== undefined) return another;
  if (record.headless && record.phase === 'sending' && !failedAtEnd(record))
    return 'this server does not answer HEAD';
  // The run asks once more. What is complete does not expire.
  const isWhole = record.prefix.bytes === record.identity.sizeBytes;
  if (!isWhole && isExpired(record, nowMs)) return `the upload expired at the server (${record.expiresAt})`;
  return undefined;
}
