import { basename, extname } from 'node:path';
import type { Candidate } from '../../protocol/protocol.ts';
import type { Job } from '../job.ts';
import { wireName } from '../source/path-text.ts';

/** Media types of what cameras and players write; anything else is plain bytes. */
const fileTypes: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.m4v': 'video/x-m4v',
  '.mov': 'video/quicktime',
  '.webm': 'video/webm',
  '.mkv': 'video/x-matroska',
  '.avi': 'video/x-msvideo',
  '.mpg': 'video/mpeg',
  '.mpeg': 'video/mpeg',
  '.ts': 'video/mp2t',
  '.mts': 'video/mp2t',
  '.3gp': 'video/3gpp',
  '.ogv': 'video/ogg',
};

/** The metadata of a file, as the server wants it and the user changes it. */
export function candidateOf({
  settings,
  source,
  offer,
}: Pick<Job, 'settings' | 'source' | 'offer'>): Candidate {
  const sizeBytes = source.sizeBytes();
  const plain = uploadMetadata(settings.name ?? source.name, settings.metadata);
  const described = offer.describe?.(plain.filename ?? '');
  return {
    ...(sizeBytes !== undefined && { sizeBytes }),
    metadata: { ...plain, ...described, ...settings.metadata },
  };
}

/** filename and filetype as tus clients send them, and whatever the user adds or overrides. */
export function uploadMetadata(
  path: string,
  extra: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const filename = wireName(basename(path));
  const filetype = fileTypes[extname(filename).toLowerCase()] ?? 'application/octet-stream';
  return { filename, filetype, ...extra };
}
