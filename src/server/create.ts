import { settleComplete } from './complete.ts';
import type { Exchange, Reply } from './exchange.ts';
import { freshHold } from './hold.ts';
import type { Verb } from './parts.ts';
import { carriesData, type Rules } from './rules.ts';
import { takeBody } from './take-body.ts';

/** POST: a new upload (tus 1.0, Creation), with the first bytes of the file where the client sends them along. */
export const create: Verb = async (exchange, parts) => {
  const { rules, uploads, answers, extensions } = parts;
  const { request } = exchange;
  const refused = refusedCreation(rules, exchange);
  if (refused !== undefined) return refused;

  const lengthBytes = rules.parse.length(request.headers['upload-length']) ?? 0;
  const metadata = request.headers['upload-metadata'] || undefined;
  const id = parts.newId();
  exchange.noted.uploadId = id;
  const upload = await uploads.add({ id, lengthBytes, ...(metadata !== undefined && { metadata }) });

  const tookBody = carriesData(request) && extensions.some(({ name }) => name === 'creation-with-upload');
  const broken = tookBody ? await takeBody(exchange, upload, freshHold(), parts) : undefined;
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
