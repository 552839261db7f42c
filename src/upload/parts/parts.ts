import { PulseError } from '../../errors.ts';
import { type Job, sizeOf, warn } from '../job.ts';
import { whyAnother } from '../open/why-another.ts';
import { titleOf } from '../source/path-text.ts';
import { sameFile } from '../source/source.ts';
import type { PartRecord, UploadRecord } from '../state/record.ts';

/** What is known of a file that goes in parts. */
export interface PartPlan {
  readonly parts: readonly PartRecord[];
  /** What an earlier run left behind; absent where there is nothing. */
  readonly record?: UploadRecord;
}

/** Whether this server joins uploads that were made side by side. */
function joins({ protocol, offer }: Pick<Job, 'protocol' | 'offer'>): boolean {
  return protocol.joining !== undefined && offer.extensions?.has(protocol.joining.extension) === true;
}

/**
 * The parts in which a file goes to the server: those of an earlier run, or new ones where the user wants several.
 * Undefined where it goes in one piece. Throws `refused` where the server does not join parts.
 */
export async function planParts(job: Omit<Job, 'reader'>): Promise<PartPlan | undefined> {
  const { settings, source, tools, key } = job;
  const { parallel = 1, resume } = settings;
  if (source.once !== undefined) return undefined;
  if (parallel > 1 && !joins(job)) throw notJoined(job);
  const record = resume ? await tools.store.read(key, (message) => warn(job, message)) : undefined;
  if (record?.parts !== undefined) {
    const why =
      whyAnother(record, source.identity, job) ??
      (joins(job) ? undefined : 'it was begun in parts, which the server does not join any more');
    if (why === undefined) return { parts: record.parts, record };
    warn(job, `${why}; starting a new upload`);
    await tools.store.remove(key);
  } else if (record !== undefined && parallel > 1 && sameFile(record.identity, source.identity)) {
    warn(job, 'its upload was begun in one piece, and goes on so; --no-resume starts over in parts');
    return undefined;
  }
  const parts = split(sizeOf(job), settings.chunkBytes, parallel);
  return parts.length > 1 ? { parts } : undefined;
}

/** So many parts of about the same size; fewer where a part would be less than a chunk. */
export function split(sizeBytes: number, chunkBytes: number, count: number): readonly PartRecord[] {
  const chunks = Math.ceil(sizeBytes / chunkBytes);
  const parts = Math.min(count, chunks);
  const startOf = (part: number) => Math.min(sizeBytes, Math.floor((part * chunks) / parts) * chunkBytes);
  return Array.from({ length: parts }, (_, part) => ({
    fromBytes: startOf(part),
    endBytes: startOf(part + 1),
    prefix: { bytes: 0, sha256: '' },
  }));
}

function notJoined({ protocol, source }: Pick<Job, 'protocol' | 'source'>): PulseError {
  const { joining } = protocol;
  const why =
    joining === undefined
      ? 'this protocol has no uploads in parts'
      : `the server does not join parts (it does not offer ${joining.extension})`;
  return new PulseError('refused', `${titleOf(source.name)} was not sent: ${why}`, {
    hint: 'leave out --parallel: the file then goes in one piece',
  });
}
