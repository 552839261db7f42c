import type { PulseEvent } from '../../events.ts';
import { type Job, sizeOf } from '../job.ts';
import { joinedSignal } from '../joined-signal.ts';
import { createProgress } from '../progress.ts';
import { createChunkReader } from '../send/chunk-reader.ts';
import type { Source } from '../source/source.ts';
import type { PartRecord, UploadRecord } from '../state/record.ts';
import type { StateStore } from '../state/state-store.ts';
import type { PartPlan } from './parts.ts';

/** How far the joining is, as it is remembered: nothing of it, that it is asked for, or where the whole is. */
export interface JoinRecord extends Partial<Pick<UploadRecord, 'joining' | 'joinedUrl'>> {
  /** The digest of what was joined: whoever finds the whole compares the file with it. */
  readonly sha256?: string;
}

/** The parts of one file as jobs of their own, and what they have in common. */
export interface PartJobs {
  readonly jobs: readonly Job[];
  /** The same job for a part whose upload is lost: nothing of it was read yet. */
  readonly afresh: (index: number) => Job;
  /** Ends what the other parts do. */
  readonly stop: (reason: unknown) => void;
  /** What is remembered of the file changes in this. */
  readonly remember: (changes: JoinRecord) => Promise<UploadRecord>;
  readonly release: () => void;
}

/** Every part is sent strictly in its order, like a file of its own; its events and its record are those of the file. */
export function createPartJobs(job: Job, plan: PartPlan): PartJobs {
  const stopper = new AbortController();
  const { signal, release } = joinedSignal(job.tools.signal, stopper.signal);
  const memory = createMemory(job, plan);
  const tallies = plan.parts.map(() => ({ sentBytes: 0, retries: 0 }));
  const report = createReports(job, tallies);
  const jobOf = (index: number): Job => {
    const { fromBytes, endBytes } = plan.parts[index] as PartRecord;
    const source = sliceOf(job.source, fromBytes, endBytes);
    const tools = { ...job.tools, signal, store: memory.storeOf(index), report: report(index) };
    const reader = createChunkReader(source, signal, job.digest);
    return {
      ...job,
      isPart: true,
      source,
      reader,
      tools,
      tally: tallies[index] ?? { sentBytes: 0, retries: 0 },
    };
  };
  return {
    jobs: plan.parts.map((_, index) => jobOf(index)),
    afresh: jobOf,
    stop: (reason) => stopper.abort(reason),
    remember: memory.remember,
    release,
  };
}

function sliceOf(source: Source, fromBytes: number, endBytes: number): Source {
  return {
    ...source,
    sizeBytes: () => endBytes - fromBytes,
    read: (target, offsetBytes) => source.read(target, fromBytes + offsetBytes),
  };
}

/** One record for all parts, written by one after another. */
function createMemory({ tools, source, key }: Job, plan: PartPlan) {
  let { parts, record: earlier } = plan;
  const createdAt = earlier?.createdAt ?? new Date(tools.clock.dateMs()).toISOString();
  // What the server says of its term later goes into every record by itself.
  const expiresAt = earlier?.expiresAt;
  let { joining, joinedUrl }: JoinRecord = earlier ?? {};
  let sha256 = earlier?.prefix.sha256;
  let writing: Promise<unknown> = Promise.resolve();
  const whole = (): UploadRecord => ({
    schema: 1,
    ...key,
    identity: source.identity,
    url: joinedUrl ?? parts.find(({ url }) => url !== undefined)?.url ?? key.server,
    createdAt,
    prefix: sha256
      ? { bytes: sizeOf({ source }), sha256 }
      : { bytes: parts.reduce((sum, { prefix }) => sum + prefix.bytes, 0), sha256: '' },
    phase: 'sending',
    parts,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(joining !== undefined && { joining }),
    ...(joinedUrl !== undefined && { joinedUrl }),
  });
  const save = async () => {
    // What failed was thrown to whoever wrote it.
    writing = writing.catch(() => undefined).then(() => tools.store.write(whole()));
    await writing;
  };
  const change = async (index: number, changed: PartRecord) => {
    // It is to be joined anew then.
    sha256 = undefined;
    parts = parts.map((part, at) => (at === index ? changed : part));
    await save();
  };
  const storeOf = (index: number): StateStore => {
    const part = () => parts[index] as PartRecord;
    const read = async () => {
      const { fromBytes, endBytes, url, ...known } = part();
      return url === undefined ? undefined : { ...whole(), url, ...known };
    };
    return {
      ...tools.store,
      read,
      peek: read,
      write: ({ url, prefix, readAhead, changedNs }) => {
        const { fromBytes, endBytes } = part();
        const known = {
          ...(readAhead !== undefined && { readAhead }),
          ...(changedNs !== undefined && { changedNs }),
        };
        return change(index, { fromBytes, endBytes, url, prefix, ...known });
      },
      remove: () => {
        const { fromBytes, endBytes } = part();
        return change(index, { fromBytes, endBytes, prefix: { bytes: 0, sha256: '' } });
      },
    };
  };
  const remember = async (changes: JoinRecord) => {
    ({ joining, joinedUrl, sha256 } = changes);
    await save();
    return whole();
  };
  return { storeOf, remember };
}

/** The parts' events as the file's: their progress added up, and where each of them is said by nobody. */
function createReports(job: Job, tallies: readonly Job['tally'][]) {
  const accepted = tallies.map(() => 0);
  const before = { ...job.tally };
  let progress: ReturnType<typeof createProgress> | undefined;
  const total = (index: number, acceptedBytes: number) => {
    accepted[index] = acceptedBytes;
    job.tally.sentBytes = before.sentBytes + tallies.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    job.tally.retries = before.retries + tallies.reduce((sum, { retries }) => sum + retries, 0);
    return accepted.reduce((sum, bytes) => sum + bytes, 0);
  };
  return (index: number) => (event: PulseEvent) => {
    switch (event.type) {
      case 'upload.created':
        return;
      case 'upload.resumed':
        total(index, event.offsetBytes);
        return;
      case 'upload.progress': {
        const acceptedBytes = total(index, event.acceptedBytes);
        progress ??= createProgress(job, acceptedBytes);
        progress.accepted(acceptedBytes);
        return;
      }
      case 'upload.warning':
        job.tools.report({ ...event, message: `part ${index + 1} of ${tallies.length}: ${event.message}` });
        return;
      default:
        job.tools.report(event);
    }
  };
}
