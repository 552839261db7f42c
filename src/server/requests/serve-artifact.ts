import { artifactOf, mediaTypes } from '../artifact.ts';
import { type Reply, type RequestHead, refusal } from '../http/exchange.ts';
import { fileReply } from '../http/ranges.ts';
import type { Parts, Verb } from '../parts.ts';
import type { LiveUpload } from '../store/live-uploads.ts';
import { isUploadId } from '../store/upload.ts';
import { terminate } from './terminate.ts';

/** GET /artifacts/<id>: the bytes of a finished artifact, and of no other (protocol v1, 6). */
export const serveArtifact: Verb = async ({ request }, parts) => {
  const upload = await wanted(request, parts);
  if ('status' in upload) return upload;
  const artifact = artifactOf(upload.info.metadata);
  const isThere = await parts.store.holds(upload);
  if (!isThere || 'status' in artifact) return refusal(404, 'no such artifact');
  const type = mediaTypes[artifact.kind]?.[artifact.extension] ?? 'application/octet-stream';
  return fileReply(request, { 'Content-Type': type }, upload, parts);
};

/** DELETE /artifacts/<id>: whether it is finished or not. */
export const withdrawArtifact: Verb = async (exchange, parts) => {
  const upload = await wanted(exchange.request, parts);
  return 'status' in upload ? upload : terminate(exchange, upload, parts);
};

/** The id in the path of an artifact: the one that is authorised and the one that is acted on (protocol v1, 4.4). */
export function artifactIdIn(path: string): string | undefined {
  return /^\/artifacts\/([^/]+)$/.exec(path)?.[1]?.toLowerCase();
}

async function wanted({ path }: RequestHead, { uploads }: Parts): Promise<LiveUpload | Reply> {
  const id = artifactIdIn(path) ?? '';
  if (!isUploadId(id)) return refusal(400, 'the id of an artifact is a UUID');
  return (await uploads.find(id)) ?? refusal(404, 'no such artifact');
}
