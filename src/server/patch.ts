import { brokenBody, unknownUpload } from './body-end.ts';
import { settleComplete } from './complete.ts';
import { type Exchange, type Reply, refusal } from './exchange.ts';
import type { Hold, Holdable } from './hold.ts';
import type { LiveUpload } from './live-uploads.ts';
import { formReader } from './multipart.ts';
import type { Parts, UploadVerb } from './parts.ts';
import { chunkField, type UploadFacts } from './rules.ts';
import type { Writer } from './store.ts';
import { isComplete } from './upload.ts';

/** PATCH: the bytes from Upload-Offset on (tus 1.0, PATCH), raw or as the file of a form. */
export const patch: UploadVerb = async (exchange, upload, parts) => {
  const { rules, takeHold, limits, answers } = parts;
  const facts: UploadFacts = { request: exchange.request, upload };
  const refused = rules.patch.mediaType(facts) ?? rules.patch.offsetSyntax(facts);
  if (refused !== undefined) return refused;

  // A complete upload takes no bytes any more, so there is nothing to hold.
  const holdable: Holdable = isComplete(upload) ? {} : upload;
  const hold = await takeHold(holdable, limits);
  if (hold === undefined)
    return refusal(423, 'another request writes to this upload', { 'Retry-After': '1' });
  try {
    if (upload.gone) return unknownUpload();
    const unfit = rules.patchHeld.offsetMatches(facts) ?? rules.patchHeld.bodyFits(facts);
    if (unfit !== undefined) return unfit;
    exchange.invite();
    const broken = await takeBody(exchange, upload, hold, parts);
    await settleComplete(upload, parts);
    return broken ?? answers.patched(upload);
  } finally {
    holdable.hold = undefined;
  }
};

async function takeBody(
  exchange: Exchange,
  upload: LiveUpload,
  hold: Hold,
  parts: Parts,
): Promise<Reply | undefined> {
  const { rules, store, receive, limits } = parts;
  const packing = rules.parse.packing(exchange.request.headers['content-type']);
  const roomBytes = rules.body.roomBytes(upload);
  const writer = roomBytes > 0 ? await store.write(upload.info.id) : closedWriter;
  try {
    const ending = await receive({
      body: exchange.body,
      upload,
      writer,
      hold,
      roomBytes,
      form: packing?.kind === 'form' ? formReader(packing.boundary, chunkField) : undefined,
      idleMs: limits.bodyIdleMs,
      onBytes: (count) => {
        exchange.noted.receivedBytes += count;
      },
    });
    return brokenBody(ending, upload);
  } finally {
    await writer.close();
  }
}

/** For a complete upload: its body can only be empty. */
const closedWriter: Writer = {
  write: async () => 0,
  close: async () => {},
};
