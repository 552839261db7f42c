import { brokenBody } from './body-end.ts';
import { settleComplete } from './complete.ts';
import type { Exchange, Reply } from './exchange.ts';
import { freshHold } from './hold.ts';
import type { LiveUpload } from './live-uploads.ts';
import type { Parts, Verb } from './parts.ts';
import { carriesData, type Rules } from './rules.ts';

/** POST: a new upload (tus 1.0, Creation), with the first bytes of the file where the client sends them along. */
export const create: Verb = async (exchange, parts) => {
  const { rules, uploads, answers } = parts;
  const { request } = exchange;
  const refused = refusedCreation(rules, exchange);
  if (refused !== undefined) return refused;

  const lengthBytes = rules.parse.length(request.headers['upload-length']) ?? 0;
  const metadata = request.headers['upload-metadata'] || undefined;
  const id = parts.newId();
  exchange.noted.uploadId = id;
  const upload = await uploads.add({ id, lengthBytes, ...(metadata !== undefined && { metadata }) });

  const tookBody =
    carriesData(request) && parts.extensions.some(({ name }) => name === 'creation-with-upload');
  const broken = tookBody ? await takeBody(exchange, upload, parts) : undefined;
  if (broken !== undefined) {
    // The client never learns its URL, so nobody could go on with it.
    await uploads.remove(upload, async () => {});
    return broken;
  }
  await settleComplete(upload, parts);
  return answers.created({ upload, location: parts.locate(id, request), tookBody });
};

function refusedCreation({ create }: Rules, { request }: Exchange): Reply | undefined {
  const facts = { request };
  return create.length(facts) ?? create.maxSize(facts) ?? create.metadata(facts) ?? create.bodyFits(facts);
}

async function takeBody(exchange: Exchange, upload: LiveUpload, parts: Parts): Promise<Reply | undefined> {
  if (exchange.request.bodyBytes === 0) return undefined;
  exchange.invite();
  const writer = await parts.store.write(upload.info.id);
  try {
    const ending = await parts.receive({
      body: exchange.body,
      upload,
      writer,
      hold: freshHold(),
      roomBytes: parts.rules.body.roomBytes(upload),
      idleMs: parts.limits.bodyIdleMs,
      onBytes: (count) => {
        exchange.noted.receivedBytes += count;
      },
    });
    return brokenBody(ending, upload);
  } finally {
    await writer.close();
  }
}
