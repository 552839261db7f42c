import { PulseError } from '../../errors.ts';
import { type Job, warn } from '../job.ts';
import { titleOf } from '../source/path-text.ts';

/** Whether this server takes an upload whose size is said only with its last bytes. */
function sizeMayFollow({ protocol, offer }: Pick<Job, 'protocol' | 'offer'>): boolean {
  return protocol.sizeMayFollow !== undefined && offer.extensions?.has(protocol.sizeMayFollow) === true;
}

/**
 * Waits for the first chunk of what can be read only once: a program that fails at once should leave nothing at the
 * server. Throws `refused`, and reads nothing, where the server needs a size that nobody knows.
 */
export async function beginInput(
  job: Pick<Job, 'protocol' | 'offer' | 'source' | 'settings' | 'tools'>,
): Promise<void> {
  const { source, protocol, settings } = job;
  if (source.once === undefined) return;
  if (source.sizeBytes() === undefined && !sizeMayFollow(job)) throw sizeNeeded(protocol.sizeMayFollow);
  await source.once.begin(settings.chunkBytes);
  if (source.sizeBytes() === 0)
    warn(
      job,
      `${titleOf(source.name)} held no byte: an empty upload is made; did the program before the pipe fail?`,
    );
}

function sizeNeeded(extension: string | undefined): PulseError {
  const why =
    extension === undefined
      ? 'this protocol needs the size of an upload beforehand'
      : `the server needs the size of an upload beforehand (it does not offer ${extension})`;
  return new PulseError('refused', `standard input was not sent: ${why}, and that of a pipe is not known`, {
    hint: 'add --size <bytes> if you know it, or --spool: the input is then kept on disk first',
  });
}
