import type { Hooks } from '../extension.ts';
import type { Reply } from '../http/exchange.ts';
import type { Parts } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { isComplete } from '../store/upload.ts';

/**
 * To be called before the last byte is acknowledged: makes a complete upload safe against a crash, and does
 * what the dialect does with it.
 */
export async function settleComplete(upload: LiveUpload, parts: Parts): Promise<Reply | undefined> {
  if (!isComplete(upload) || upload.finished !== undefined) return undefined;
  upload.settled ??= settle(upload, parts).catch((thrown) => {
    upload.settled = undefined;
    throw thrown;
  });
  return upload.settled;
}

/**
 * The `meet` of a dialect in which the last byte is the last word: nobody hears that an upload is complete before it is
 * settled, after a crash between that byte and its answer, and while the request that brought it still settles.
 */
export const settledFirst: NonNullable<Hooks['meet']> = async (upload, { method }, parts) => {
  // A full disk may be what keeps the upload from being settled, and removing it makes room.
  if (method === 'DELETE') return undefined;
  // See `atRest`.
  if (isComplete(upload)) await upload.joining;
  // While a body still comes its end is not known; a creation that breaks off there is taken back as a whole.
  const isWritten = upload.hold === undefined || upload.hold.settling || upload.settled !== undefined;
  return isWritten ? settleComplete(upload, parts) : undefined;
};

/**
 * Resolves when the file of a complete upload stays where it is: it is not read while it is being moved. A join first
 * writes down that the upload may be told of, and would write over what settling does.
 */
export async function atRest(upload: LiveUpload, parts: Parts): Promise<void> {
  await upload.joining;
  await settleComplete(upload, parts);
  await upload.finishing;
}

async function settle(upload: LiveUpload, parts: Parts): Promise<Reply | undefined> {
  await parts.store.sync(upload.info.id);
  return parts.dialect.settle?.(upload, parts);
}
