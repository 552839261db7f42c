import { PulseError } from '../../errors.ts';
import type { UploadResult } from '../../events.ts';
import { uploadIdOf } from '../../protocol/urls.ts';
import { again } from '../faults.ts';
import { type Job, sizeOf } from '../job.ts';
import { unfinished } from '../open/find-upload.ts';
import type { OpenUpload } from '../open/open-upload.ts';
import type { Checkpoint } from '../send/chunk-reader.ts';
import { titleOf } from '../source/path-text.ts';
import { assertSameContent } from '../source/same-content.ts';
import { OtherContent } from '../source/source.ts';
import { forget } from '../tidily.ts';
import { finalizeUpload } from './finalize.ts';
import { proofOf, proves } from './proof.ts';
import type { Shortfall } from './shortfall.ts';

export type Brought = Omit<UploadResult, 'elapsedMs' | 'sentBytes' | 'retries'>;

/** The digest of what was read for sending, while the file is still that. Throws `input` where it is not. */
export async function contentDigest(job: Job, { record }: Pick<OpenUpload, 'record'>): Promise<string> {
  const { source, tools } = job;
  const sha256 = await job.reader.sha256();
  await source.assertUnchanged();
  await assertSameContent(source, sha256, tools.signal);
  const { declaredSha256 = sha256 } = record;
  if (declaredSha256 !== sha256)
    throw new OtherContent(source.name, 'its content, since its checksum was declared');
  return sha256;
}

/**
 * Finalizes what the server has whole, and compares. `gap` is why the checksums of its chunks prove nothing; undefined
 * where they do; `isGone`: HEAD finds the upload no more. Throws `integrity`, and `unknown` where something may be there
 * twice or where proof is required, and proof cannot be had; then the record is gone unless the content could still
 * prove it.
 */
export async function proved(
  job: Job,
  upload: OpenUpload,
  {
    sha256,
    gap,
    isGone = false,
  }: { readonly sha256: string; readonly gap: string | undefined; readonly isGone?: boolean },
): Promise<Brought | Shortfall> {
  const { protocol, settings } = job;
  const sizeBytes = sizeOf(job);
  const brought = {
    url: upload.url.href,
    uploadId: uploadIdOf(upload.url),
    sizeBytes,
    sha256,
    resumedFromBytes: upload.offsetBytes,
  };
  const { finishError, mayHoldTwice } = upload.record;
  // Where there is no finalize, every byte is all that a server is given before it can be asked.
  const staysOpen = !settings.finalize && protocol.finalize !== undefined;
  if (staysOpen && !mayHoldTwice) return { ...brought, proven: false };
  const finalized = staysOpen ? undefined : await finalizeUpload(job, upload);
  if (finalized !== undefined && 'shortOf' in finalized) return finalized;
  const proof = await proofOf(job, upload, finalized, { sizeBytes, sha256 }, gap === undefined);
  const proven = proves(proof);
  if (!proven && finishError !== undefined) throw unfinished(job, finishError);
  // A size that was compared shows that nothing is there twice.
  if (!proven && mayHoldTwice && finalized?.sizeBytes === undefined) {
    // Asked again, the server would say no more: the next run uploads it again.
    await forget(job);
    throw maybeTwice(job, upload.url.href);
  }
  const unread = whyUnread(job, finalized, isGone);
  if (!proven && settings.requireProof) {
    // An input is not there any more, and nothing of it is remembered.
    const isOver = protocol.content === undefined || isGone || job.source.once !== undefined;
    const next = isOver ? 'none' : settings.readBack ? 'again' : 'first';
    // What can still be compared is asked for again, and not sent again.
    await (next === 'none' ? forget(job) : rememberWhole(job, { bytes: sizeBytes, sha256 }, gap));
    throw withoutProof(job, upload.url.href, next, unread ?? (proof === 'declared' ? DECLARED_ONLY : gap));
  }
  return {
    ...brought,
    proven,
    ...(proof !== undefined && { proof }),
    ...(!proven && gap !== undefined && (isGone || offersChecksums(job)) && { reason: gap }),
    ...(!proven && unread !== undefined && { reason: unread }),
    ...(!proven && isGone && { gone: true as const }),
    ...(finalized?.videoId !== undefined && { videoId: finalized.videoId }),
  };
}

/** What waits for its proof does not expire, and the next run compares all of it with the file. */
async function rememberWhole(
  { key, tools }: Job,
  prefix: Checkpoint,
  gap: string | undefined,
): Promise<void> {
  const record = await tools.store.read(key, () => undefined);
  if (record === undefined) return;
  // What did not prove it now proves it no later either.
  const { checkedBytes, ...kept } = record;
  const checked = gap === undefined && checkedBytes !== undefined && { checkedBytes };
  await tools.store.write({ ...kept, ...checked, prefix, phase: 'complete' });
}

/** A right checksum looks the same to a server that compares and to one that does not. */
const DECLARED_ONLY = 'the server accepted the checksum but never showed that it compared it';

/** That of finalize. */
const UNREAD_CHECKSUM = 'the checksum that the server answered is no SHA-256';

const UNREAD_CONTENT = 'the content could not be read back';

/** Asked for all the same. */
const NO_READING = 'this protocol has no way to read the content back';

/** Why there was nothing to compare with, where it is not that nothing was offered. */
function whyUnread(
  { protocol, settings }: Job,
  finalized: Awaited<ReturnType<typeof finalizeUpload>>,
  isGone: boolean,
): string | undefined {
  if (finalized !== undefined && 'otherChecksum' in finalized) return UNREAD_CHECKSUM;
  if (!settings.readBack || isGone) return undefined;
  return protocol.content === undefined ? NO_READING : UNREAD_CONTENT;
}

/** Where the server offers none, there is nothing more to say about them. */
function offersChecksums({ offer }: Job): boolean {
  return (offer.checksumAlgorithms ?? []).length > 0;
}

/** What the next run can do for the proof. */
const NEXT = {
  first: `the content can be asked for and compared, without sending anything again: add --read-back and ${again}`,
  again: `without --require-proof this counts as done; to ask for the content once more, without sending anything again, ${again}`,
  none: 'without --require-proof this counts as done, and the output says that it is not proven',
} as const;

function withoutProof(job: Job, url: string, next: keyof typeof NEXT, gap: string | undefined): PulseError {
  const isSaid =
    (gap !== undefined && [DECLARED_ONLY, UNREAD_CHECKSUM, UNREAD_CONTENT, NO_READING].includes(gap)) ||
    offersChecksums(job);
  const why = gap !== undefined && isSaid ? gap : 'the server offers no checksum';
  return new PulseError(
    'unknown',
    `${why}, so it is not proven that the server holds ${titleOf(job.source.name)} at ${url}`,
    { hint: NEXT[next] },
  );
}

function maybeTwice(job: Job, url: string): PulseError {
  const { protocol, settings, source } = job;
  const proving = protocol.content !== undefined && !settings.readBack ? ' with --read-back' : '';
  return new PulseError(
    'unknown',
    `the answer to a chunk was lost and the server answers no HEAD, so the chunk was sent again and may be there twice: whether the server holds ${titleOf(source.name)} at ${url} cannot be determined`,
    {
      hint: `check on the server whether the file there has ${sizeOf(job)} bytes; if it has not, upload it again${proving}`,
    },
  );
}
