import { PulseError } from '../../errors.ts';
import type { Job } from '../job.ts';
import type { UploadRecord } from '../state/state-store.ts';

/** What is kept is of no use to the same command, unless the file is put back. */
export class OtherPrefix extends PulseError {}

/** The part that was sent must still be what it was, even where size and times are (rule 3 of the uploader). */
export async function assertPrefix(job: Job, record: UploadRecord): Promise<void> {
  const { prefix } = record;
  if (prefix.bytes === 0) return;
  const now = await job.reader.hashPrefix(prefix.bytes);
  if (now.sha256 === prefix.sha256) return;
  const other = `the first ${prefix.bytes} bytes of ${job.source.name} are no longer those that were sent, although its size and times are`;
  throw (
    nameTaken(job, record, other) ??
    new OtherPrefix('input', other, {
      hint: 'if the file is right as it is now, upload it from the start with --no-resume',
    })
  );
}

/**
 * The end of an upload that cannot be gone on with where the user's word gave it its name: the server has it under that,
 * and makes no other one there. It stays known, so that it can be ended. Undefined where another one gets another name.
 */
export function nameTaken(
  { protocol: { naming }, settings }: Pick<Job, 'protocol' | 'settings'>,
  { chosenId }: Pick<UploadRecord, 'chosenId'>,
  why: string,
): OtherPrefix | undefined {
  if (naming === undefined || chosenId === undefined || settings.metadata[naming.key] !== chosenId)
    return undefined;
  const { key } = naming;
  return new OtherPrefix(
    'input',
    `${why}; the server has what was sent of it under the ${key} that was given, and makes no other upload under that`,
    {
      hint: `end that upload with pulse-upload abort, and run the same command again; or give another ${key}`,
    },
  );
}

/**
 * How far what the server may have of a file that was touched is known to be its bytes: behind that it may be of other
 * content, whose times were set back. Undefined where nothing was done to the file, or where its end will show it.
 */
export async function knownEnd(
  { reader, source }: Pick<Job, 'reader' | 'source'>,
  { prefix, readAhead = prefix, changedNs, declaredSha256 }: UploadRecord,
): Promise<number | undefined> {
  // A new mode or link does the same to the inode, and changes no byte; earlier versions did not look at it.
  if (changedNs === undefined || changedNs === source.changedNs) return undefined;
  // In the end it is that of the whole, or the upload fails.
  if (declaredSha256 !== undefined) return undefined;
  if (readAhead.bytes <= prefix.bytes) return prefix.bytes;
  const now = await reader.hashPrefix(readAhead.bytes);
  return now.sha256 === readAhead.sha256 ? readAhead.bytes : prefix.bytes;
}

/** Why an upload is not gone on with whose server has more than that. */
export function touched(offsetBytes: number, knownEndBytes: number): string {
  return `the file was touched since its upload was begun (rewritten, or its mode, links or times changed), and of the ${offsetBytes} bytes that the server has only ${knownEndBytes} are known to be the file's`;
}
