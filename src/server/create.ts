import { settleComplete } from './complete.ts';
import type { Exchange, Reply } from './exchange.ts';
import { firstReply, offers, told } from './extension.ts';
import { freshHold } from './hold.ts';
import type { Parts, Verb } from './parts.ts';
import { carriesData, type Rules } from './rules.ts';
import { takeBody } from './take-body.ts';
import type { UploadInfo } from './upload.ts';

/** POST: a new upload (tus 1.0, Creation), with the first bytes of the file where the client sends them along. */
export const create: Verb = async (exchange, parts) => {
  const { rules, uploads, answers } = parts;
  const { request } = exchange;
  const refused =
    refusedCreation(rules, exchange) ??
    (await firstReply(parts, (each) => each.judgeCreation?.(request, parts)));
  if (refused !== undefined) return refused;

  const id = parts.newId();
  exchange.noted.uploadId = id;
  const upload = await uploads.add({ id, ...(await describe(exchange, parts)) });

  const tookBody = carriesData(request) && offers(parts, 'creation-with-upload');
  const broken = tookBody ? await takeBody(exchange, upload, freshHold(), parts) : undefined;
  if (broken !== undefined) {
    // The client never learns its URL, so nobody could go on with it.
    await uploads.remove(upload, async () => {});
    return broken;
  }
  const replaced = await firstReply(parts, (each) => each.meet?.(upload, request, parts));
  if (replaced !== undefined) return replaced;
  await settleComplete(upload, parts);
  return told(answers.created({ upload, location: parts.locate(id, request), tookBody }), upload, parts);
};

async function describe({ request }: Exchange, parts: Parts): Promise<Omit<UploadInfo, 'id'>> {
  const lengthBytes = parts.rules.parse.length(request.headers['upload-length']);
  const metadata = request.headers['upload-metadata'] || undefined;
  const added = await Promise.all(parts.extensions.map((each) => each.describe?.(request, parts)));
  return Object.assign(
    { ...(lengthBytes !== undefined && { lengthBytes }), ...(metadata !== undefined && { metadata }) },
    ...added,
  );
}

function refusedCreation({ create }: Rules, { request }: Exchange): Reply | undefined {
  const facts = { request };
  return create.length(facts) ?? create.maxSize(facts) ?? create.metadata(facts) ?? create.bodyFits(facts);
}
