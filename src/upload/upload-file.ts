import { basename } from 'node:path';
import { asPulseError, PulseError, withDetails } from '../errors.ts';
import type { UploadResult } from '../events.ts';
import type { Protocol } from '../protocol/protocol.ts';
import { abandon } from './abort.ts';
import { bringOver } from './bring-over.ts';
import { again, resuming } from './faults.ts';
import type { RunTools } from './host/host.ts';
import { type Job, warn } from './job.ts';
import { joinedSignal } from './joined-signal.ts';
import { OtherPrefix } from './open/accepted-prefix.ts';
import { beginInput } from './open/begin-input.ts';
import { askOffer } from './open/discover.ts';
import { noticingExpiry } from './open/expiry.ts';
import { candidateOf } from './open/metadata.ts';
import { bringParts } from './parts/bring-parts.ts';
import { planParts } from './parts/parts.ts';
import { chooseDigest } from './send/chunk-digest.ts';
import type { UploadSettings } from './settings.ts';
import { titleOf } from './source/path-text.ts';
import {
  type FileIdentity,
  identify,
  OtherContent,
  openSource,
  type Source,
  sameFile,
} from './source/source.ts';
import { heldStore } from './state/held-store.ts';
import { failedAtEnd, type UploadRecord, uploadKey } from './state/record.ts';
import { forget, tidily } from './tidily.ts';

/**
 * Brings one file to the server, going on with what an earlier run left there. Throws `PulseError`. `onOpen` is told the
 * state of the file that is sent: of any other one the upload fails.
 */
export async function uploadFile(
  name: string,
  protocol: Protocol,
  settings: UploadSettings,
  given: RunTools,
  onOpen?: (identity: FileIdentity) => void,
): Promise<UploadResult> {
  const source = await openSource(name);
  onOpen?.(source.identity);
  try {
    const key = uploadKey(settings, protocol, source);
    const lock = await given.store.lock(key);
    const { signal, release } = joinedSignal(given.signal, lock.lost);
    const tools = { ...given, signal, store: heldStore(given.store, lock.lost) };
    try {
      const result = await uploadSource(source, protocol, settings, tools);
      await tidily({ source, tools: given }, 'its lock', lock.release);
      return result;
    } catch (error) {
      const job = { protocol, settings, tools, source, key };
      await abandon(job, error);
      if (error instanceof OtherContent) await forget(job);
      // What failed is the error to tell, and none that comes of the tidying.
      const kept = await given.store.read(key, () => undefined).catch(() => undefined);
      const isOther = error instanceof OtherPrefix || (await isChanged(source));
      const resumable = kept !== undefined && isResumable(kept) && !isOther;
      await lock.release().catch(() => undefined);
      throw given.signal?.aborted ? interrupted(source, resumable) : resumableOr(error, resumable);
    } finally {
      release();
    }
  } finally {
    await source.close();
  }
}

/** The same for what is open already and nobody else works on. */
export async function uploadSource(
  source: Source,
  protocol: Protocol,
  settings: UploadSettings,
  given: RunTools,
): Promise<UploadResult> {
  const startedMs = given.clock.nowMs();
  const key = uploadKey(settings, protocol, source);
  const tools = noticingExpiry(given);
  const asker = { source, key, protocol, settings, tools, tally: { sentBytes: 0, retries: 0 } };
  refuseExpiredToken(asker);
  const offer = await askOffer(asker);
  refuseUnwanted({ ...asker, offer });
  await beginInput({ ...asker, offer });
  const digest = chooseDigest(settings.checksum, offer, source.name);
  const job = { ...asker, offer, ...(digest !== undefined && { digest }) };
  warnOfName(job);
  const plan = await planParts(job);
  const result = plan === undefined ? await bringOver(job) : await bringParts(job, plan);
  const elapsedMs = Math.round(tools.clock.nowMs() - startedMs);
  const brought = { ...result, ...job.tally, elapsedMs };
  // Said before it is forgotten: whoever is killed in between finalizes once more, and does not upload again.
  tools.report({ type: 'upload.done', file: source.name, ...brought });
  if (settings.finalize) await forget(asker);
  return brought;
}

/** A token that has ended would be refused only after the creation, or in the midst of the upload. */
function refuseExpiredToken({ protocol, tools }: Pick<Job, 'protocol' | 'tools'>): void {
  const { clock, host } = tools;
  const isOver = (token: string) => (protocol.tokenExpiryMs?.(token) ?? Infinity) <= clock.dateMs();
  let token = host.token.value();
  if (token !== undefined && isOver(token) && host.token.renewed(token)) token = host.token.value();
  const endMs = token !== undefined && isOver(token) ? protocol.tokenExpiryMs?.(token) : undefined;
  if (endMs === undefined) return;
  throw new PulseError('refused', `the token expired at ${new Date(endMs).toISOString()}; nothing was sent`, {
    hint: 'ask for a new token or pairing link; or is the clock of this machine wrong?',
  });
}

/** What the server says that it will not take is not even begun. */
function refuseUnwanted(job: Pick<Job, 'source' | 'settings' | 'offer'>): void {
  const objection = job.offer.objection?.(candidateOf(job));
  if (objection === undefined) return;
  throw new PulseError('refused', `${titleOf(job.source.name)} was not sent: ${objection}`, {
    hint: `send what it takes${job.source.once === undefined ? '' : ' (--name names it)'}, or ask who runs the server`,
  });
}

/** A name is judged at finalize, when every byte is there: too late to learn that it will not do. */
function warnOfName(job: Pick<Job, 'source' | 'tools' | 'settings' | 'protocol'>): void {
  const { finalize, name = basename(job.source.name) } = job.settings;
  if (!finalize || job.protocol.finalize === undefined || !/\p{Cc}/u.test(name)) return;
  warn(
    job,
    'its name holds control characters, which many servers refuse in the end; give it another with --name',
  );
}

/** Whether the next run goes on with what is remembered. */
function isResumable(record: UploadRecord): boolean {
  const { phase, headless, unwritten } = record;
  if (failedAtEnd(record)) return false;
  // Without HEAD nobody can say where to go on: only what has every byte is finalized again.
  if (phase === 'sending' && headless) return false;
  return phase !== 'creating' && unwritten === undefined;
}

/** What is not the file any more gets a new upload; what is away may come back. */
async function isChanged({ name, path, identity, once }: Source): Promise<boolean> {
  if (once !== undefined) return false;
  const now = await identify(name, path).catch(() => undefined);
  return now !== undefined && !sameFile(now, identity);
}

function interrupted(source: Source, resumable: boolean): PulseError {
  const kept = resumable ? '; what the server has is kept' : '';
  const hint = resumable ? `${again}: it resumes` : again;
  return new PulseError('interrupted', `the upload of ${source.name} was interrupted${kept}`, {
    hint,
    resumable,
  });
}

/** The same error, with what the next run will do. */
function resumableOr(thrown: unknown, resumable: boolean): PulseError {
  const error = asPulseError(thrown);
  return resumable ? withDetails(error, { hint: resuming(error.hint), resumable }) : error;
}
