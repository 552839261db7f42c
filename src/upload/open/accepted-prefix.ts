import { PulseError } from '../../errors.ts';
import type { Job } from '../job.ts';
import type { UploadRecord } from '../state/state-store.ts';

/** What is kept is of no use to the same command, unless the file is put back. */
export class OtherPrefix extends PulseError {}

/** The part that was sent must still be what it was, even where size and times are (rule 3 of the uploader). */
export async function assertPrefix(job: Job, { prefix }: UploadRecord): Promise<void> {
  if (prefix.bytes === 0) return;
  const now = await job.reader.hashPrefix(prefix.bytes);
  if (now.sha256 === prefix.sha256) return;
  throw new OtherPrefix(
    'input',
    `the first ${prefix.bytes} bytes of ${job.source.name} are no longer those that were sent, although its size and times are`,
    { hint: 'if the file is right as it is now, upload it from the start with --no-resume' },
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
