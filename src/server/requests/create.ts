import { firstReply, hooksOf, offers, told } from '../extension.ts';
import { type Exchange, type Reply, refusal } from '../http/exchange.ts';
import { takeBody } from '../http/take-body.ts';
import type { Parts, Verb } from '../parts.ts';
import { carriesData, type Rules } from '../rules.ts';
import { errorCode } from '../store/durable.ts';
import { freshHold } from '../store/hold.ts';
import type { UploadInfo } from '../store/upload.ts';
import { settleComplete } from './complete.ts';

/** POST: a new upload (tus 1.0, Creation), with the first bytes of the file where the client sends them along. */
export const create: Verb = async (exchange, parts) => {
  const { rules, uploads, answers } = parts;
  const { request } = exchange;
  const refused =
    refusedCreation(rules, exchange) ??
    (await firstReply(parts, (each) => each.judgeCreation?.(request, parts)));
  if (refused !== undefined) return refused;

  const id = parts.dialect.idFor?.(request) ?? parts.newId();
  exchange.noted.uploadId = id;
  const info = { id, ...(await describe(exchange, parts)) };
  // Held from its birth on: where clients choose the ids, another request may come for it at once.
  const hold = carriesData(request) && offers(parts, 'creation-with-upload') ? freshHold() : undefined;
  const upload = await uploads.add(info, hold).catch(unlessTaken);
  if (upload === undefined) return refusal(409, 'an upload of this id exists already');

  // Where this fails the client never learns the URL, so nobody could go on with it. Who took it over does so.
  const forget = async () => {
    const isTakenOver = upload.gone || hold?.stopped.aborted;
    if (!isTakenOver) await uploads.remove(upload);
  };
  try {
    const broken = hold && (await takeBody(exchange, upload, hold, parts));
    if (broken !== undefined) {
      await forget();
      return broken;
    }
    const replaced = await firstReply(parts, (each) => each.meet?.(upload, request, parts));
    if (replaced !== undefined) return replaced;
    const unsettled = await settleComplete(upload, parts);
    const location = parts.locate(id, request);
    return (
      unsettled ?? told(answers.created({ upload, location, tookBody: hold !== undefined }), upload, parts)
    );
  } catch (thrown) {
    await forget();
    throw thrown;
  } finally {
    if (hold !== undefined) upload.hold = undefined;
  }
};

/** Where clients choose the ids, two may choose the same one at the same time. */
function unlessTaken(thrown: unknown): undefined {
  if (errorCode(thrown) !== 'EEXIST') throw thrown;
}

async function describe({ request }: Exchange, parts: Parts): Promise<Omit<UploadInfo, 'id'>> {
  const lengthBytes = parts.rules.parse.length(request.headers['upload-length']);
  const metadata = request.headers['upload-metadata'] || undefined;
  const added = await Promise.all(hooksOf(parts).map((each) => each.describe?.(request, parts)));
  return Object.assign(
    { ...(lengthBytes !== undefined && { lengthBytes }), ...(metadata !== undefined && { metadata }) },
    ...added,
  );
}

function refusedCreation({ create }: Rules, { request }: Exchange): Reply | undefined {
  const facts = { request };
  return create.length(facts) ?? create.maxSize(facts) ?? create.metadata(facts) ?? create.bodyFits(facts);
}
