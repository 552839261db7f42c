import type { Parts } from '../parts.ts';
import { chunkField } from '../rules.ts';
import type { Hold } from '../store/hold.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import type { Writer } from '../store/store.ts';
import { brokenBody } from './body-end.ts';
import type { Exchange, Reply } from './exchange.ts';
import { formReader } from './multipart.ts';
import type { Receive } from './receive.ts';

/** Stores the body of a request behind what the upload has; a reply where it did not end well. */
export async function takeBody(
  exchange: Exchange,
  upload: LiveUpload,
  hold: Hold,
  parts: Parts,
): Promise<Reply | undefined> {
  const { rules, store, limits } = parts;
  const receive = receiverFor(exchange, parts);
  if ('status' in receive) return receive;
  const packing = rules.parse.packing(exchange.request.headers['content-type']);
  const roomBytes = rules.body.roomBytes(upload);
  exchange.invite();
  const writer = roomBytes > 0 ? await store.write(upload.info.id) : noWriter;
  try {
    const ending = await receive({
      body: exchange.body,
      upload,
      writer,
      touch: () => parts.uploads.touch(upload),
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

/** An extension that the request asks for may store the body in its own way, or refuse to. */
function receiverFor(exchange: Exchange, parts: Parts): Receive | Reply {
  for (const extension of parts.extensions) {
    const own = extension.receive?.(exchange, parts);
    if (own !== undefined) return own;
  }
  return parts.receive;
}

/** For an upload without room, of which nothing is left to open for writing once it is finished. */
const noWriter: Writer = {
  write: async () => 0,
  close: async () => {},
};
