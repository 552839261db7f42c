import { basename } from 'node:path';
import { asPulseError, PulseError } from '../errors.ts';
import type { Proof } from '../events.ts';
import type { Protocol } from '../protocol/protocol.ts';
import { uploadIdOf } from '../protocol/urls.ts';
import { createChunkReader } from './chunk-reader.ts';
import { askOffer } from './discover.ts';
import { noticingExpiry } from './expiry.ts';
import { again, type Fault } from './faults.ts';
import { finalizeUpload } from './finalize.ts';
import type { RunTools } from './host.ts';
import { type Job, warn } from './job.ts';
import { joinedSignal } from './joined-signal.ts';
import { candidateOf } from './metadata.ts';
import { createUpload, findUpload, type OpenUpload, unfinished } from './open-upload.ts';
import { proofOf, proves } from './proof.ts';
import { assertSameContent } from './same-content.ts';
import { sendChunks } from './send-chunks.ts';
import type { UploadSettings } from './settings.ts';
import { type Shortfall, sendRestAgain, shortfall } from './shortfall.ts';
import { changed, openSource, type Source } from './source.ts';

/** What an upload ended as. Sizes in bytes, times in milliseconds. */
export interface UploadResult {
  readonly url: string;
  readonly uploadId: string;
  readonly videoId?: string;
  readonly sizeBytes: number;
  /** Of the local file, computed while it was read. */
  readonly sha256: string;
  /** Whether what the server holds was compared with the file, and was equal. */
  readonly proven: boolean;
  /** How; absent where the server offers nothing to compare with. */
  readonly proof?: Proof;
  readonly elapsedMs: number;
  /** Payload bytes sent by this run, repeats included. */
  readonly sentBytes: number;
  readonly resumedFromBytes: number;
  readonly retries: number;
}

/** Brings one file to the server, going on with what an earlier run left there. Throws `PulseError`. */
export async function uploadFile(
  name: string,
  protocol: Protocol,
  settings: UploadSettings,
  given: RunTools,
): Promise<UploadResult> {
  const startedMs = given.clock.nowMs();
  const source = await openSource(name);
  try {
    const key = { server: settings.server.href, protocol: protocol.id, path: source.path };
    const lock = await given.store.lock(key);
    const { signal, release } = joinedSignal(given.signal, lock.lost);
    const tools = noticingExpiry({ ...given, signal });
    try {
      const asker = { source, key, protocol, settings, tools, tally: { sentBytes: 0, retries: 0 } };
      refuseExpiredToken(asker);
      const job = { ...asker, offer: await askOffer(asker) };
      refuseUnwanted(job);
      warnOfName(job);
      const result = await bringOver(job);
      const elapsedMs = Math.round(tools.clock.nowMs() - startedMs);
      const brought = { ...result, ...job.tally, elapsedMs };
      // Said before it is forgotten: whoever is killed in between finalizes once more, and does not upload again.
      tools.report({ type: 'upload.done', file: name, ...brought });
      if (settings.finalize) await tools.store.remove(key);
      return brought;
    } catch (error) {
      const kept = await tools.store.read(key, () => undefined);
      const isKept = kept !== undefined && kept.phase !== 'creating';
      throw given.signal?.aborted ? interrupted(source, isKept) : resumableOr(error, isKept);
    } finally {
      release();
      await lock.release();
    }
  } finally {
    await source.close();
  }
}

/** A token that has ended would be refused only after the creation, or in the midst of the upload. */
function refuseExpiredToken({ protocol, tools }: Pick<Job, 'protocol' | 'tools'>): void {
  const { clock, host } = tools;
  const isOver = (token: string) => (protocol.tokenExpiryMs?.(token) ?? Infinity) <= clock.nowMs();
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
  throw new PulseError('refused', `${job.source.name} was not sent: ${objection}`, {
    hint: 'send what it takes, or ask who runs the server',
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
  if (!resumable) return error;
  const { kind, message, cause } = error;
  return new PulseError(kind, message, {
    hint: error.hint?.replace(again, `${again}: it resumes`),
    cause,
    resumable,
  });
}

type Unread = Omit<Job, 'reader'>;
type Brought = Omit<UploadResult, 'elapsedMs' | 'sentBytes' | 'retries'>;

/** Why what was sent counts for nothing, and whether sending it all once more can help. */
interface InVain {
  readonly inVain: PulseError;
  readonly sendAfresh: boolean;
}

/** What was sent in vain is sent afresh once, and only once. */
async function bringOver(unread: Unread): Promise<Brought> {
  const job = { ...unread, reader: createChunkReader(unread.source, unread.tools.signal) };
  const outagesBefore = job.tools.host.outage.ended();
  const begun = job.settings.resume ? await findUpload(job) : undefined;
  const first = await transfer(job, begun ?? (await createUpload(job)));
  if ('sha256' in first) return first;
  // An upload of this very run does not expire, unless the run was cut off for long (faults C08 and C44).
  const mayHaveExpired = begun !== undefined || job.tools.host.outage.ended() > outagesBefore;
  if (!first.sendAfresh && !mayHaveExpired) throw first.inVain;
  warn(job, `${first.inVain.message}; sending it all once more`);
  const afresh = { ...unread, reader: createChunkReader(unread.source, unread.tools.signal) };
  const second = await transfer(afresh, await createUpload(afresh));
  if ('sha256' in second) return second;
  throw second.inVain;
}

/** The upload as it was brought to its end, or why that was in vain. What the server lost on the way is sent again. */
async function transfer(job: Job, upload: OpenUpload): Promise<Brought | InVain> {
  let at = upload;
  for (let times = 1; ; times++) {
    const ended = await sendAndFinish(job, at);
    if ('sha256' in ended) return { ...ended, resumedFromBytes: upload.offsetBytes };
    if ('inVain' in ended) return ended;
    sendRestAgain(job, ended.shortOf, times);
    at = ended.shortOf;
  }
}

async function sendAndFinish(job: Job, upload: OpenUpload): Promise<Brought | InVain | Shortfall> {
  const { source, settings, tools, key } = job;
  const { sizeBytes } = source.identity;
  const sent = await sendChunks(job, upload);
  if ('lost' in sent) return { inVain: sent.lost, sendAfresh: false };
  const { atRisk, finishFault } = sent;
  if (finishFault !== undefined) await judgeFinishFault(job, upload, finishFault);
  // Where the protocol has no finalize, HEAD has the last word on completeness.
  const short = job.protocol.finalize === undefined ? await shortfall(job, upload) : undefined;
  if (short !== undefined) return short;
  const sha256 = await job.reader.sha256();
  await source.assertUnchanged();
  await assertSameContent(source, sha256, tools.signal);
  const { declaredSha256 = sha256 } = upload.record;
  if (declaredSha256 !== sha256) throw changed(source.name, 'its content, since its checksum was declared');
  const brought = {
    url: upload.url.href,
    uploadId: uploadIdOf(upload.url),
    sizeBytes,
    sha256,
    resumedFromBytes: upload.offsetBytes,
  };
  if (!settings.finalize) return { ...brought, proven: false };
  try {
    const finalized = await finalizeUpload(job, upload);
    if (finalized !== undefined && 'shortOf' in finalized) return finalized;
    const proof = await proofOf(job, upload, finalized, { sizeBytes, sha256 });
    const proven = proves(proof);
    if (!proven && settings.requireProof) {
      await tools.store.remove(key);
      throw withoutProof(job);
    }
    return {
      ...brought,
      proven,
      ...(proof !== undefined && { proof }),
      ...(finalized?.videoId !== undefined && { videoId: finalized.videoId }),
    };
  } catch (error) {
    if (!(error instanceof PulseError) || error.kind !== 'integrity') throw error;
    await tools.store.remove(key);
    if (!atRisk) throw error;
    // A server without HEAD may have stored a repeated chunk twice.
    return { inVain: error, sendAfresh: true };
  }
}

/**
 * The last chunk was answered with an error, and HEAD says that all is there. Where there is a finalize, that judges;
 * elsewhere nobody can, and the next run must not take the complete upload for a success either (fault C33).
 */
async function judgeFinishFault(job: Job, upload: OpenUpload, fault: Fault): Promise<void> {
  if (job.protocol.finalize !== undefined) {
    warn(job, `${fault.reason}, yet the server says that it has every byte; going on to finalize`);
    return;
  }
  await job.tools.store.write({ ...upload.record, finishError: fault.reason });
  throw unfinished(fault.reason);
}

function withoutProof({ source, protocol, settings }: Job): PulseError {
  const canReadBack = protocol.content !== undefined && !settings.readBack;
  return new PulseError(
    'unknown',
    `the server offers no checksum, so it is not proven that it holds ${source.name}`,
    {
      hint: canReadBack
        ? 'add --read-back: the content is asked for and compared'
        : 'without --require-proof this counts as done, and the output says that it is not proven',
    },
  );
}
