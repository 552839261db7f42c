import { PulseError } from '../errors.ts';
import type { Protocol } from '../protocol/protocol.ts';
import { type Ended, type Ending, terminateUpload } from './finish/terminate.ts';
import type { RunTools } from './host/host.ts';
import { type Asker, type Job, warn } from './job.ts';
import { MaybeOthers } from './maybe-others.ts';
import type { UploadSettings } from './settings.ts';
import type { UploadRecord } from './state/record.ts';
import type { UploadKey } from './state/state-store.ts';
import { forget, tidily } from './tidily.ts';

/** How an upload that was remembered came to its end. */
export interface Aborted {
  readonly url: string;
  readonly ended: Ended;
  /** Finalize was sent: what is not there any more may be a finished file by now. */
  readonly mayBeFinished: boolean;
  /** Its parts were to be joined, and no answer says where: a file may be there that nobody can find. */
  readonly mayBeJoined: boolean;
}

/**
 * Ends an upload that is remembered, and forgets it. Undefined where it is not remembered any more; throws `temporary`
 * while another process works on it.
 */
export async function abortRemembered(
  key: UploadKey,
  protocol: Protocol,
  settings: UploadSettings,
  tools: RunTools,
): Promise<Aborted | undefined> {
  const lock = await tools.store.lock(key);
  const source = { name: key.path };
  try {
    const record = await tools.store.read(key, () => undefined);
    if (record === undefined) return undefined;
    const asker = { protocol, settings, tools, source, tally: { sentBytes: 0, retries: 0 } };
    const ended = await terminateAll(asker, record);
    await tools.store.remove(key);
    const { url, phase, joining, joinedUrl } = record;
    const mayBeJoined = joining === true && joinedUrl === undefined;
    return { url, ended, mayBeFinished: phase === 'finalizing', mayBeJoined };
  } finally {
    await tidily({ source, tools }, 'its lock', lock.release);
  }
}

/** What may have succeeded is left alone, and an interruption is no failure. */
const neverAfter: ReadonlySet<string> = new Set(['interrupted', 'unknown', 'bug']);

const notRemoved = 'its unfinished upload was not removed from the server';

/**
 * After a failure: ends what it left at the server, where the user wants that; but not what the same command, run
 * again, can go on with. Never throws, only tells.
 */
export async function abandon(
  job: Pick<Job, 'protocol' | 'settings' | 'tools' | 'source' | 'key'>,
  error: unknown,
): Promise<void> {
  const { settings, tools, source, key } = job;
  if (!settings.abortOnFailure || tools.signal?.aborted) return;
  if (!(error instanceof PulseError) || neverAfter.has(error.kind)) return;
  if (source.once === undefined && error.kind === 'temporary') return;
  try {
    const record = await tools.store.read(key, () => undefined);
    // What no run is to go on with is forgotten by now.
    if (error instanceof MaybeOthers && (record === undefined || record.phase === 'sending'))
      return warn(job, `${notRemoved}: it may be another upload by now`);
    // What is complete stays. Under a name that we chose another's upload may stand: it is ours once the server said so.
    if (record?.phase !== 'sending') return;
    // Of an error at the end only HEAD knows whether all is there, and it is asked before anything is removed.
    if (record.finishError !== undefined && record.headless) return;
    const asker = { ...job, tally: { sentBytes: 0, retries: 0 } };
    const ended = await terminateAll(asker, record);
    await forget(job);
    if (ended === 'removed')
      warn(job, 'its unfinished upload was removed from the server (--abort-on-failure)');
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    warn(job, `${notRemoved}: ${why}`);
  }
}

/** Ends every upload that a record tells of: of a file in parts each of them. */
async function terminateAll(asker: Asker, record: UploadRecord): Promise<Ended> {
  let ended: Ended = 'gone';
  for (const ending of endingsOf(record, asker.protocol))
    if ((await terminateUpload(asker, ending)) === 'removed') ended = 'removed';
  return ended;
}

function endingsOf(
  { url, headless, phase, parts, joinedUrl, identity }: UploadRecord,
  { finalize }: Protocol,
): readonly Ending[] {
  const isHeadless = headless === true;
  if (parts !== undefined && joinedUrl === undefined)
    return parts.flatMap(({ url: partUrl, fromBytes, endBytes }) => {
      if (partUrl === undefined) return [];
      // A part is no file, however complete it is.
      const ending = { isHeadless, isFinishedWhenComplete: false, sizeBytes: endBytes - fromBytes };
      return [{ url: new URL(partUrl), ...ending }];
    });
  const isFinishedWhenComplete = finalize === undefined || phase === 'finalizing';
  const ending = { isHeadless, isFinishedWhenComplete, isUnsure: phase === 'creating' };
  // That of an input, which has no time, may not be known before its end; a file may well be empty.
  const { sizeBytes, mtimeNs } = identity;
  const isKnown = sizeBytes > 0 || mtimeNs !== '';
  return [{ url: new URL(url), ...ending, ...(isKnown && { sizeBytes }) }];
}
