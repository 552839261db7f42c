import { PulseError } from '../../errors.ts';
import { errorOf } from '../faults.ts';
import { type Job, sizeOf, warn } from '../job.ts';
import { askOffset, stillOpen } from '../open/offset.ts';
import type { OpenUpload } from '../open/open-upload.ts';

/** The upload to go on with, because the server does not hold what it acknowledged. */
export interface Shortfall {
  readonly shortOf: OpenUpload;
}

/**
 * Asks whether the server still has every byte: one that crashed may have lost the last of them, and a cache may
 * answer in its place. Undefined where all is there, or where the server cannot tell; `gone` where it no longer knows
 * the upload.
 */
export async function shortfall(job: Job, upload: OpenUpload): Promise<Shortfall | 'gone' | undefined> {
  if (upload.record.headless) return undefined;
  const sizeBytes = sizeOf(job);
  const asked = await askOffset(job, upload.url);
  if ('fault' in asked) {
    if (asked.fault.remedy !== 'gone') throw errorOf(asked.fault);
    // A finalized upload may be gone, and that is finalize's own affair. Without finalize the last answer counts: some
    // servers move a complete upload away at once (tussi, tusd with a hook).
    if (job.protocol.finalize === undefined)
      warn(
        job,
        'the server acknowledged every byte, and no longer knows the upload: it may have moved it away',
      );
    return 'gone';
  }
  const { offsetBytes, lengthBytes = sizeBytes, isDeferred } = asked.value;
  if (offsetBytes >= sizeBytes) {
    if (isDeferred) throw stillOpen(sizeBytes);
    // Where there is a finalize, it names what is stored, and is compared.
    if (job.protocol.finalize !== undefined) return undefined;
    if (offsetBytes > sizeBytes) throw tooMuch(offsetBytes, sizeBytes);
    if (lengthBytes !== sizeBytes) throw otherLength(lengthBytes, sizeBytes);
    return undefined;
  }
  // What the last bytes were answered is not about the end: some of them are missing.
  const { finishError: _, ...kept } = upload.record;
  const record = { ...kept, phase: 'sending' as const };
  // An offset beyond this one is no surprise: all of it was sent before.
  return { shortOf: { ...upload, record, offsetBytes, sentEndBytes: sizeBytes, knownEndBytes: undefined } };
}

/** Says that the rest is sent again; after as many times as there are retries that is the server's mistake. */
export function sendRestAgain(job: Job, { offsetBytes }: OpenUpload, times: number): void {
  const sizeBytes = sizeOf(job);
  if (times <= job.settings.retries) {
    warn(
      job,
      `the server acknowledged all ${sizeBytes} bytes, but now has ${offsetBytes}; sending the rest again`,
    );
    return;
  }
  throw new PulseError(
    'protocol',
    `all ${sizeBytes} bytes were acknowledged, but HEAD says offset ${offsetBytes}`,
    {
      hint: 'run the same command again; if it ends in the same way, run pulse-upload verify on this server',
    },
  );
}

/** What was sent is there, and something else besides. */
function tooMuch(offsetBytes: number, sizeBytes: number): PulseError {
  return new PulseError(
    'integrity',
    `the server holds ${offsetBytes} bytes (HEAD), but the file has only ${sizeBytes}`,
    { hint: 'the copy on the server is not usable; upload it again with --no-resume' },
  );
}

/** An upload whose length is another one is not complete at the server, or is cut off there. */
function otherLength(lengthBytes: number, sizeBytes: number): PulseError {
  return new PulseError(
    'protocol',
    `the server has all ${sizeBytes} bytes of the file, yet HEAD says Upload-Length ${lengthBytes}: for the server this upload is not complete`,
    { hint: 'run pulse-upload verify on this server and show its report to who runs it' },
  );
}
