import type { Job } from '../job.ts';
import { type FileIdentity, sameFile } from '../source/source.ts';
import type { UploadRecord } from '../state/record.ts';

/** Why the upload that is remembered is not the one that is wanted now; undefined where it is. Asks no server. */
export function whyAnother(
  { identity, chosenId, url }: UploadRecord,
  now: FileIdentity,
  { protocol: { naming }, settings }: Pick<Job, 'protocol' | 'settings'>,
): string | undefined {
  if (!sameFile(identity, now)) return 'the file changed since its upload was begun';
  const given = settings.metadata[naming?.key ?? ''];
  if (given !== undefined && chosenId !== undefined && given !== chosenId)
    return 'the saved upload was given another name';
  if (new URL(url).origin !== settings.server.origin) return 'the saved upload is on another origin';
  return undefined;
}
