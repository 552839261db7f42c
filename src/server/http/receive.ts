import type { LiveUpload } from '../store/live-uploads.ts';
import type { Writer } from '../store/store.ts';
import { type Ending, Intake, type IntakeJob } from './intake.ts';

export interface ReceiveJob extends IntakeJob {
  readonly upload: LiveUpload;
  readonly writer: Writer;
  /** Called when bytes were stored. */
  readonly touch: () => void;
}

export type Receive = (job: ReceiveJob) => Promise<Ending>;

/**
 * Stores a body as it arrives. `upload.offsetBytes` moves with every write that is done, never before it.
 * What arrives while a write runs goes into the next one as a whole: few large writes instead of many small ones.
 */
export const receive: Receive = async (job) => {
  const intake = new Intake(job);
  try {
    for (;;) {
      const next = await intake.next();
      if ('kind' in next) return next;
      await store(next, job);
    }
  } catch (thrown) {
    return { kind: 'failed', thrown };
  } finally {
    intake.close();
  }
};

async function store(pieces: readonly Buffer[], { upload, writer, touch }: ReceiveJob): Promise<void> {
  let rest = pieces;
  while (rest.length > 0) {
    const writtenBytes = await writer.write(rest, upload.offsetBytes);
    upload.offsetBytes += writtenBytes;
    touch();
    rest = behind(rest, writtenBytes);
  }
}

/** What is left of the pieces after their first `count` bytes. */
function behind(pieces: readonly Buffer[], count: number): readonly Buffer[] {
  let skipped = 0;
  const at = pieces.findIndex(({ length }) => {
    if (skipped + length > count) return true;
    skipped += length;
    return false;
  });
  const [first, ...others] = at === -1 ? [] : pieces.slice(at);
  return first === undefined ? [] : [first.subarray(count - skipped), ...others];
}
