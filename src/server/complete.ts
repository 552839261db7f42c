import type { LiveUpload } from './live-uploads.ts';
import type { Parts } from './parts.ts';
import { isComplete } from './upload.ts';

/**
 * To be called before the last byte is acknowledged: makes a complete upload safe against a crash, and does
 * what the dialect does with it.
 */
export async function settleComplete(upload: LiveUpload, parts: Parts): Promise<void> {
  if (!isComplete(upload) || upload.finished !== undefined) return;
  upload.settled ??= settle(upload, parts).catch((thrown) => {
    upload.settled = undefined;
    throw thrown;
  });
  await upload.settled;
}

async function settle(upload: LiveUpload, parts: Parts): Promise<void> {
  await parts.store.sync(upload.info.id);
  await parts.dialect.settle?.(upload, parts);
}
