import { PulseError } from '../../errors.ts';
import { parseByteCount } from '../../protocol/headers.ts';
import type { Chunk } from '../../protocol/protocol.ts';
import { again, errorOf, type Fault, type Remedy } from '../faults.ts';
import { sizeOf, warn } from '../job.ts';
import { MaybeOthers } from '../maybe-others.ts';
import { nameTaken, touched } from '../open/accepted-prefix.ts';
import { askOffset, type ServerOffset, stillOpen } from '../open/offset.ts';
import { forget } from '../tidily.ts';
import { fallBack } from './grow-chunks.ts';
import { compareWithLastAnswer, completeAt, noteLastAnswer, orComplete } from './last-answer.ts';
import { countRequest, endOf, type Sending } from './sending.ts';
import { shrink, shrinkOnSecondTimeout } from './smaller-chunks.ts';
import { realignWithoutHead, repeatWithoutHead } from './without-head.ts';

/** The server no longer knows the upload. */
export interface Lost {
  readonly lost: PulseError;
  /** It was dropped on purpose: for what was sent to it, which is not sent again, or for what it may hold. */
  readonly isToBeSentAgain?: true;
}

/** What a remedy leads to: an offset to go on from, the end, or nothing yet: then the server is asked. */
type Step = (sending: Sending, chunk: Chunk, fault: Fault) => Promise<number | Lost | undefined>;

/** A pause within the budget of tries; the end where that is spent. */
const pause: Step = async ({ patience }, _, fault) => {
  await patience.spend(fault);
  return undefined;
};

const steps: Readonly<Record<Remedy, Step>> = {
  retry: pause,
  pause,
  wait: waitForLock,
  realign,
  ask: askAtOnce,
  gone: async (sending, _, fault) =>
    (await mayComeBack(sending, fault)) ? undefined : ((await completeAt(sending)) ?? lost(fault)),
  shrink: async (sending, chunk, fault) => {
    shrink(sending, chunk, fault);
    return undefined;
  },
  stop: async (sending, _, fault) => {
    // Rejected for its content: the server keeps nothing that could be gone on with.
    if (fault.status === 422) {
      sending.isDropped = true;
      await forget(sending.job);
    }
    throw errorOf(fault);
  },
};

/**
 * After any doubtful PATCH: what its answer calls for, then the server's own word on where to go on. An upload of which
 * HEAD had said less than the server has is dropped where that may be of other content than the file, which was touched.
 */
export async function recover(sending: Sending, chunk: Chunk, fault: Fault): Promise<number | Lost> {
  const next = await goingOn(sending, chunk, fault);
  const { job, knownEndBytes } = sending;
  if (typeof next !== 'number' || knownEndBytes === undefined || next <= knownEndBytes) return next;
  sending.isDropped = true;
  const why = touched(next, knownEndBytes);
  const taken = nameTaken(job, sending.upload.record, why);
  if (taken !== undefined) throw taken;
  await forget(job);
  return { lost: new PulseError('input', why), isToBeSentAgain: true };
}

async function goingOn(sending: Sending, chunk: Chunk, fault: Fault): Promise<number | Lost> {
  const { job, upload } = sending;
  job.reader.forgetBuffers();
  fallBack(sending, fault);
  sending.lastReason = fault.reason;
  noteLastAnswer(sending, chunk, fault);
  const step = await orComplete(sending, () => steps[fault.remedy](sending, chunk, fault));
  if (step !== undefined) return step;
  if (upload.record.headless)
    return fault.remedy === 'shrink' ? chunk.offsetBytes : repeatWithoutHead(sending, chunk, fault);
  shrinkOnSecondTimeout(sending, fault);
  for (;;) {
    countRequest(sending);
    const asked = await askOffset(job, upload.url);
    if ('value' in asked) return believed(sending, chunk, fault, asked.value);
    if (asked.fault.remedy !== 'gone') throw errorOf(asked.fault);
    if (!(await mayComeBack(sending, asked.fault))) return lost(asked.fault);
  }
}

/** A lock of our own dead connection passes; under another one the offset may move, and that is said. */
async function waitForLock(sending: Sending, _: Chunk, fault: Fault): Promise<undefined> {
  const { offsetBytes, patience } = sending;
  sending.lockedAtBytes ??= offsetBytes;
  if (await patience.lasts(fault)) return undefined;
  const from = sending.lockedAtBytes;
  throw offsetBytes === from
    ? errorOf(fault)
    : errorOf(
        { ...fault, reason: `${fault.reason}, and meanwhile its offset went from ${from} to ${offsetBytes}` },
        { hint: `something else writes to this upload; when that has ended, ${again}` },
      );
}

/** The offset is not the server's. Where the refusal says which is, nobody needs to be asked (tus 1.0, PATCH). */
async function realign(sending: Sending, chunk: Chunk, fault: Fault): Promise<number | undefined> {
  const { patience, upload, standstill } = sending;
  const named = fault.status === 409 ? parseByteCount(fault.answer?.headers['upload-offset']) : undefined;
  if (upload.record.headless && named === undefined) return realignWithoutHead(sending, chunk, fault);
  // It counts what it holds: of a chunk that broke off nothing is there beyond that.
  if (named !== undefined) delete sending.doubt;
  // Refused at the offset that the server itself names: a lock, or a cached HEAD. Either passes, if anything does.
  const tried = standstill?.offsetBytes === chunk.offsetBytes ? standstill.times : 0;
  // Without HEAD nobody else tells what was stored of a chunk that broke off: no try is spent on learning it.
  const tells = upload.record.headless && named !== undefined && named > chunk.offsetBytes;
  if (!tells && !(await patience.lasts(fault, tried)))
    throw errorOf(standstill === undefined ? fault : stuck(sending, fault));
  if (named === undefined || named === chunk.offsetBytes) return undefined;
  await assertOurs(sending, named, '409');
  return named;
}

/** Some servers never name the offset of a chunk. Where HEAD shows all of it, there is nothing to pause for. */
async function askAtOnce(sending: Sending, chunk: Chunk, fault: Fault): Promise<number | undefined> {
  const { job, upload } = sending;
  const doubtful = { ...fault, remedy: 'realign' } as const;
  if (upload.record.headless) return realign(sending, chunk, doubtful);
  countRequest(sending);
  const asked = await askOffset(job, upload.url);
  if ('fault' in asked || asked.value.offsetBytes !== endOf(chunk)) return realign(sending, chunk, doubtful);
  const offsetBytes = await believed(sending, chunk, doubtful, asked.value);
  if (chunk.bytes.byteLength === 0) {
    // It told the size, and only that: its offset says nothing of whether that was taken in.
    if (!asked.value.isDeferred) sending.sizeFollows = false;
    else if (await sending.patience.lasts(doubtful)) return undefined;
    else throw stillOpen(sizeOf(job));
  }
  if (job.tools.host.isNews('no Upload-Offset'))
    warn(job, 'the server answers chunks without a usable Upload-Offset; HEAD is asked for it each time');
  return offsetBytes;
}

function stuck({ standstill }: Sending, fault: Fault): Fault {
  const cached = standstill?.cached;
  return {
    ...fault,
    reason: `${fault.reason}, although HEAD says offset ${standstill?.offsetBytes}${cached === undefined ? '' : `; that answer came from a cache (${cached})`}`,
    ...(cached !== undefined && {
      hint: 'a proxy caches what the server answers to HEAD; whoever runs it must let those answers pass (Cache-Control: no-store)',
    }),
  };
}

/** Servers have answered 404 for uploads that they still had, or had made a moment ago (S33, C09): it must be said more than once. */
async function mayComeBack(sending: Sending, fault: Fault): Promise<boolean> {
  // Without HEAD only an upload that was never written to can be asked for again without a risk.
  if (sending.upload.record.headless && sending.bestBytes > 0) return false;
  return sending.patience.lasts({ ...fault, remedy: 'retry' });
}

/** What HEAD says after a doubtful PATCH, unless it cannot be about our upload. */
async function believed(sending: Sending, chunk: Chunk, fault: Fault, said: ServerOffset): Promise<number> {
  const { offsetBytes, lengthBytes, cached } = said;
  const sizeBytes = sending.job.source.sizeBytes();
  if (lengthBytes !== undefined && lengthBytes !== sizeBytes) {
    throw new MaybeOthers(
      `HEAD says Upload-Length ${lengthBytes}, but ${sizeBytes === undefined ? 'none was declared yet' : `the file has ${sizeBytes} bytes`}`,
      'another upload took the place of this one; start over with --no-resume',
    );
  }
  // Told once, a size is refused the second time (tusd).
  if (lengthBytes !== undefined) sending.sizeFollows = false;
  await assertOurs(sending, offsetBytes, 'HEAD');
  if (fault.status === 409 && offsetBytes === chunk.offsetBytes) {
    const times = sending.standstill?.offsetBytes === offsetBytes ? sending.standstill.times : 0;
    sending.standstill = { offsetBytes, times: times + 1, ...(cached !== undefined && { cached }) };
  }
  compareWithLastAnswer(sending, offsetBytes);
  return offsetBytes;
}

/**
 * Of bytes that no run of ours sent only this run can tell: to the next one, which does not know how far this one came,
 * they would be its own. So nobody is to go on there.
 */
async function assertOurs(sending: Sending, offsetBytes: number, who: string): Promise<void> {
  const { job, sentEndBytes } = sending;
  if (offsetBytes <= sentEndBytes) return;
  sending.isDropped = true;
  await forget(job);
  throw new MaybeOthers(
    `${who} says offset ${offsetBytes}, but no byte beyond ${sentEndBytes} was sent`,
    'something else writes to this upload, or the server miscounts: it will not be continued; the same command starts a new upload',
  );
}

function lost(fault: Fault): Lost {
  const reason = `${fault.reason}: the server lost the upload while it was being sent`;
  return {
    lost: errorOf({ ...fault, reason }, { hint: 'run the same command again: it starts a new upload' }),
  };
}
