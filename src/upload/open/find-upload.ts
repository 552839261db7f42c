import { PulseError } from '../../errors.ts';
import { errorOf, type Fault, isGone, unlessThere } from '../faults.ts';
import { type Job, sizeOf, warn } from '../job.ts';
import { MaybeOthers } from '../maybe-others.ts';
import { failedAtEnd } from '../state/record.ts';
import type { UploadRecord } from '../state/state-store.ts';
import { forget, tidily } from '../tidily.ts';
import { assertPrefix, knownEnd, nameTaken, touched } from './accepted-prefix.ts';
import { isExpired } from './expiry.ts';
import { askOffset } from './offset.ts';
import type { OpenUpload } from './open-upload.ts';
import { whyAnother } from './why-another.ts';

/** The upload that an earlier run left behind, if it can be gone on with; says why where it cannot. */
export async function findUpload(job: Job): Promise<OpenUpload | undefined> {
  const record = await job.tools.store.read(job.key, (message) => warn(job, message));
  if (record === undefined || record.phase === 'creating') return undefined;
  const startOver = (why: string) => {
    warn(job, `${why}; starting a new upload`);
    return undefined;
  };
  const url = new URL(record.url);
  const another = whyAnother(record, job.source.identity, job);
  if (another !== undefined) {
    const taken = nameTaken(job, record, another);
    if (taken !== undefined && (await isThere(job, url))) throw taken;
    return startOver(another);
  }
  // Without HEAD nobody can be asked, and where every byte is there nobody needs to be.
  const isKnownWhole = record.headless && (record.phase === 'complete' || failedAtEnd(record));
  if (record.phase === 'finalizing' || isKnownWhole) {
    await assertPrefix(job, record);
    return resumed(job, record, sizeOf(job));
  }
  if (record.headless) return startOver('this server does not answer HEAD, so the upload cannot be resumed');

  warnOfTerm(job, record);
  const offsetBytes = await resumableOffset(job, url, record);
  if (typeof offsetBytes === 'string') return startOver(offsetBytes);
  await assertPrefix(job, record);
  const knownEndBytes = await knownEnd(job, record);
  if (knownEndBytes === undefined || offsetBytes <= knownEndBytes)
    return resumed(job, record, offsetBytes, knownEndBytes);
  const why = touched(offsetBytes, knownEndBytes);
  const taken = nameTaken(job, record, why);
  if (taken !== undefined) throw taken;
  // Nor is it to be found again by the name that we gave it.
  await forget(job);
  return startOver(why);
}

/** What the next run is to know of it is written down before anything is sent. */
async function resumed(
  job: Job,
  record: UploadRecord,
  offsetBytes: number,
  knownEndBytes?: number,
): Promise<OpenUpload> {
  const { source, tools, protocol } = job;
  const url = new URL(record.url);
  const failedWith =
    offsetBytes === sizeOf(job) && protocol.finalize === undefined ? record.finishError : undefined;
  if (failedWith !== undefined && !readsBack(job)) throw unfinished(job, failedWith);
  tools.report({ type: 'upload.resumed', file: source.name, url: url.href, offsetBytes });
  // It counts until the content itself refutes it.
  if (failedWith !== undefined) return { url, offsetBytes, sentEndBytes: offsetBytes, record };
  const isShort = record.phase === 'complete' && offsetBytes < sizeOf(job);
  // Bytes are missing: what the last of them were answered is no longer about the end.
  const { finishError, ...kept } = record;
  const open: UploadRecord = isShort ? { ...kept, phase: 'sending' } : kept;
  // At once: whatever ends this run, the next one must not take it for the word on the end.
  if (finishError !== undefined)
    await tidily(job, 'that bytes are missing', () => tools.store.write(open), 'saved');
  // How far an earlier run came is not known: a cache may have answered HEAD with less.
  const known = knownEndBytes !== undefined && { knownEndBytes };
  return { url, offsetBytes, sentEndBytes: sizeOf(job), ...known, record: open };
}

async function isThere(job: Job, url: URL): Promise<boolean> {
  return url.origin === job.settings.server.origin && 'value' in (await askOffset(job, url));
}

/** What is left of a server's term when it is worth a word. */
const SHORT_TERM_MS = 10 * 60_000;

function warnOfTerm(job: Job, { expiresAt }: UploadRecord): void {
  const leftMs = Date.parse(expiresAt ?? '') - job.tools.clock.dateMs();
  if (!(leftMs > 0 && leftMs < SHORT_TERM_MS)) return;
  warn(
    job,
    `its upload expires at the server in ${Math.round(leftMs / 1000)} s (${expiresAt}), unless the server extends that when the upload continues`,
  );
}

/** The server has all bytes, but failed in what it does with a complete upload: no success, and no failure either. */
export function unfinished(job: Pick<Job, 'protocol' | 'settings' | 'source'>, reason: string): PulseError {
  const proving = 'add --read-back to compare it without sending anything again, or ';
  const canBeRead = job.protocol.content !== undefined && job.source.once === undefined && !readsBack(job);
  return new PulseError(
    'unknown',
    `the server has every byte, but failed at the end: ${reason}; whether the upload succeeded cannot be determined`,
    { hint: `${canBeRead ? proving : ''}${unlessThere}` },
  );
}

/** Whether the content itself is to be asked for, which tells more than any answer did. */
export function readsBack({ protocol, settings }: Pick<Job, 'protocol' | 'settings'>): boolean {
  return settings.readBack && protocol.content !== undefined;
}

/** The offset to go on from, or the reason why the stored URL is of no use. */
async function resumableOffset(job: Job, url: URL, record: UploadRecord): Promise<number | string> {
  const sizeBytes = sizeOf(job);
  let asked = await askOffset(job, url);
  // The server's term is past: only a complete upload, or a generous server, is still there, and neither hides.
  if ('fault' in asked && isGone(asked.fault) && isExpired(record, job.tools.clock.dateMs()))
    return `the upload expired at the server (${record.expiresAt})`;
  if ('fault' in asked && isGone(asked.fault)) {
    // Servers have answered 404 in passing for uploads that they still had (server defect S33).
    await job.tools.clock.sleep(job.settings.retryDelayMs, job.tools.signal);
    asked = await askOffset(job, url);
  }
  if ('fault' in asked) {
    if (isGone(asked.fault)) return 'the server no longer has the upload';
    throw errorOf(asked.fault, hasNoHead(asked.fault) ? { hint: NO_HEAD } : {});
  }
  const { offsetBytes, lengthBytes = sizeBytes } = asked.value;
  if (lengthBytes !== sizeBytes)
    return `the server's upload is for ${lengthBytes} bytes, the file has ${sizeBytes}`;
  if (offsetBytes > sizeBytes) {
    throw new MaybeOthers(
      `the server says offset ${offsetBytes}, but the file has only ${sizeBytes} bytes`,
      'start over with --no-resume',
    );
  }
  return offsetBytes;
}

/** It was made where HEAD was answered: a proxy that bars it in passing is no reason to throw away what is there. */
const NO_HEAD =
  'without HEAD nobody can say where to go on: ask who runs the server, or start over with --no-resume';

function hasNoHead({ status }: Fault): boolean {
  return status === 405 || status === 501;
}
