import { createHash } from 'node:crypto';
import { parseMetadata } from '../protocol/headers.ts';
import { type Reply, refusal } from './http/exchange.ts';
import { isUploadId } from './store/upload.ts';

/** What protocol v1 accepts: each kind with the endings of its files and what they are served as. */
export const mediaTypes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  video: { '.mp4': 'video/mp4' },
  project: { '.pulse': 'application/octet-stream', '.zip': 'application/zip' },
  captions: { '.vtt': 'text/vtt' },
  thumbnail: { '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.png': 'image/png' },
};

/** The digests that can be compared with the finished file. */
export const checksumAlgorithms = ['sha256', 'sha1', 'md5'] as const;

/** What the metadata of a v1 upload says (protocol v1, 4.1). */
export interface Artifact {
  readonly id: string;
  readonly kind: string;
  /** With its dot, in lower case. */
  readonly extension: string;
  /** The id of the artifact that this one belongs to, in lower case. */
  readonly relatedTo?: string;
  /** Of the finished file; `hex` in lower case. */
  readonly checksum?: { readonly algorithm: string; readonly hex: string };
}

/** A reply where the metadata does not describe an artifact. */
export function artifactOf(metadata: string | undefined): Artifact | Reply {
  const pairs = parseMetadata(metadata ?? '') ?? {};
  const text = (key: string) =>
    pairs[key] === undefined ? undefined : Buffer.from(pairs[key]).toString('utf8');
  const ids = ['artifactId', 'videoid', 'projectid'].map(text).filter((id) => id !== undefined);
  const [id] = ids.map((given) => given.toLowerCase());
  if (id === undefined || !isUploadId(id) || new Set(ids).size > 1)
    return refusal(400, 'artifactId must be a UUID, and its aliases must not name another');

  const kind = text('kind') ?? 'video';
  const endings = Object.hasOwn(mediaTypes, kind) ? mediaTypes[kind] : undefined;
  if (endings === undefined) return refusal(400, `kind must be one of ${Object.keys(mediaTypes).join(', ')}`);
  const extension = /\.[a-z0-9]+$/i.exec(text('filename') ?? '')?.[0].toLowerCase() ?? '';
  if (!Object.hasOwn(endings, extension))
    return refusal(400, `filename must end in one of ${Object.keys(endings).join(', ')} for a ${kind}`);

  const checksum = checksumOf(text('checksum'));
  const relatedTo = text('relatedTo')?.toLowerCase();
  return { id, kind, extension, ...(relatedTo && { relatedTo }), ...(checksum && { checksum }) };
}

/** What is not understood is not compared: the protocol lets a server ignore it. */
function checksumOf(text: string | undefined): Artifact['checksum'] {
  const [algorithm = '', hex = ''] = (text ?? '').toLowerCase().split(':');
  const isKnown = checksumAlgorithms.some((known) => known === algorithm);
  return isKnown && hex.length === createHash(algorithm).digest('hex').length && /^[0-9a-f]+$/.test(hex)
    ? { algorithm, hex }
    : undefined;
}
