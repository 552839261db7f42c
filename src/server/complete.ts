import { parseMetadata } from '../protocol/headers.ts';
import type { LiveUpload } from './live-uploads.ts';
import type { Parts } from './parts.ts';
import { isComplete } from './upload.ts';

/**
 * To be called before the last byte is acknowledged: makes a complete upload safe against a crash. Where the
 * protocol has no finalize that would name the file, it gets the name of its metadata here, or else its id.
 */
export async function settleComplete(upload: LiveUpload, parts: Parts): Promise<void> {
  if (!isComplete(upload) || upload.finished !== undefined) return;
  upload.settled ??= settle(upload, parts).catch((thrown) => {
    upload.settled = undefined;
    throw thrown;
  });
  await upload.settled;
}

async function settle(upload: LiveUpload, { store, rules, protocol }: Parts): Promise<void> {
  const { id, metadata, concat } = upload.info;
  await store.sync(id);
  // A part is no file of its own: the final upload gets the name.
  if (protocol === 'pulse' || concat?.kind === 'partial') return;
  const filename = parseMetadata(metadata ?? '')?.filename;
  const name = filename && rules.parse.fileName(Buffer.from(filename).toString('utf8'));
  upload.finished = await store.finish(id, { name: name || id, sizeBytes: upload.offsetBytes });
}
