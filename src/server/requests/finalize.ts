import { createHash } from 'node:crypto';
import { jsonObject } from '../../protocol/json.ts';
import { firstReply } from '../extension.ts';
import { type Exchange, type Reply, refusal } from '../http/exchange.ts';
import { unknownUpload } from '../http/refusals.ts';
import { readText } from '../http/text-body.ts';
import type { Parts, Verb } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import type { FinishedFile, Measured } from '../store/upload.ts';
import { words } from '../words.ts';
import { settleComplete } from './complete.ts';

/** A finalize holds an id, a name and a token: this is generous. */
const longestBodyBytes = 64 * 1024;

/** POST /uploads/finalize: names the file, proves it by checksum, and says the same again when asked again. */
export const finalize: Verb = async (exchange, parts) => {
  const { rules, uploads, answers, store } = parts;
  const body = await readBody(exchange, parts);
  if ('refused' in body) return body.refused;
  const { asked } = body;

  // A token in the header was judged at the door; a good one in the body does not rescue a bad one there.
  const { credentialOf, unauthorized } = words[parts.protocol];
  const isTokenInHeader = credentialOf(exchange.request) !== undefined;
  if (!isTokenInHeader && !rules.finalize.bodyToken(asked.uploadToken)) return unauthorized(undefined);
  const { uploadId } = asked;
  if (typeof uploadId !== 'string') return refusal(400, 'uploadId must be a string');
  const name = rules.parse.fileName(asked.filename);
  if (name === undefined) return refusal(400, 'filename must be a plain file name');

  exchange.noted.uploadId = uploadId;
  const upload = await uploads.find(uploadId);
  if (upload === undefined) return unknownUpload();
  const replaced = await firstReply(parts, (each) => each.meet?.(upload, exchange.request, parts));
  if (replaced !== undefined) return replaced;
  const refused = rules.finalize.complete({ request: exchange.request, upload });
  if (refused !== undefined) return refused;

  const finished = await finalizeOnce(upload, name, parts);
  if (!(await store.holds(upload))) return refusal(410, 'the finished file was taken away');
  return answers.finalized({ id: uploadId, finished: await withChecksum(upload, finished, parts) });
};

type Body = { readonly asked: Readonly<Record<string, unknown>> } | { readonly refused: Reply };

async function readBody(exchange: Exchange, { limits }: Parts): Promise<Body> {
  const type = exchange.request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    return { refused: refusal(415, 'Content-Type must be application/json') };
  }
  const text = await readText(exchange, { longestBytes: longestBodyBytes, idleMs: limits.bodyIdleMs });
  if (typeof text !== 'string') return { refused: text };
  const asked = jsonObject(text);
  return asked === undefined ? { refused: refusal(400, 'the body must be a JSON object') } : { asked };
}

/** The result of an earlier finalize, of the one that runs, or of a new one. */
async function finalizeOnce(upload: LiveUpload, name: string, parts: Parts): Promise<FinishedFile> {
  if (upload.finished !== undefined) return upload.finished;
  upload.finishing ??= provenFile(upload, name, parts).finally(() => {
    upload.finishing = undefined;
  });
  return upload.finishing;
}

async function provenFile(upload: LiveUpload, name: string, parts: Parts): Promise<FinishedFile> {
  const { store, measure } = parts;
  const { id } = upload.info;
  await settleComplete(upload, parts);
  const measured = await measure(store.read(upload));
  upload.finished = await store.finish(id, { name, ...measured });
  return upload.finished;
}

/** A file that was finished under another protocol has none yet. */
async function withChecksum(upload: LiveUpload, finished: FinishedFile, { store, measure }: Parts) {
  if (finished.sha256 !== undefined) return finished;
  upload.finished = { ...finished, ...(await measure(store.read(upload))) };
  return upload.finished;
}

/** Size and checksum of what is on the disk, whatever else is known of it. */
export async function measure(bytes: AsyncIterable<Uint8Array>): Promise<Measured> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const piece of bytes) {
    hash.update(piece);
    sizeBytes += piece.length;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}
