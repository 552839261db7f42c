import { PulseError } from '../../errors.ts';
import type { Job } from '../job.ts';
import type { UploadRecord } from '../state/state-store.ts';

/** The part that was sent must still be what it was, even where size and times are (rule 3 of the uploader). */
export async function assertPrefix(job: Job, { prefix }: UploadRecord): Promise<void> {
  if (prefix.bytes === 0) return;
  const now = await job.reader.hashPrefix(prefix.bytes);
  if (now.sha256 === prefix.sha256) return;
  throw new PulseError(
    'input',
    `the first ${prefix.bytes} bytes of ${job.source.name} are no longer those that were sent, although its size and times are`,
    { hint: 'if the file is right as it is now, upload it from the start with --no-resume' },
  );
}
