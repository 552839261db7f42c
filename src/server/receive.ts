import type { IncomingMessage } from 'node:http';
import type { Hold } from './hold.ts';
import type { LiveUpload } from './live-uploads.ts';
import { FormFault, type FormReader } from './multipart.ts';
import type { Writer } from './store.ts';

/** How the body of a request ended. Whatever arrived before is stored and counted in each case. */
export type Ending =
  | { readonly kind: 'whole' }
  /** The connection broke. */
  | { readonly kind: 'cut' }
  /** Nothing came for the idle time. */
  | { readonly kind: 'idle' }
  /** A newer request, a termination or the end of the server stopped it. */
  | { readonly kind: 'stopped' }
  /** More bytes came than the upload has room for. */
  | { readonly kind: 'overrun' }
  /** The form is wrong. */
  | { readonly kind: 'malformed'; readonly message: string }
  /** The disk refused. */
  | { readonly kind: 'failed'; readonly thrown: unknown };

export interface ReceiveJob {
  readonly incoming: IncomingMessage;
  readonly upload: LiveUpload;
  readonly writer: Writer;
  readonly hold: Hold;
  /** No more than this is stored. */
  readonly roomBytes: number;
  /** How to find the file in the body; absent where the body is the file. */
  readonly form?: FormReader | undefined;
  /** No byte for this long ends the request. */
  readonly idleMs: number;
  readonly onBytes: (count: number) => void;
}

export type Receive = (job: ReceiveJob) => Promise<Ending>;

/** More than this waiting for the disk, and the connection has to wait too. */
const mostQueuedBytes = 1024 * 1024;

/**
 * Stores a body as it arrives. `upload.offsetBytes` moves with every write that is done, never before it.
 * What arrives while a write runs goes into the next one as a whole: few large writes instead of many small ones.
 */
export const receive: Receive = async (job) => {
  const { upload, writer } = job;
  const intake = openIntake(job);
  try {
    for (;;) {
      const pieces = await intake.next();
      if (pieces.length === 0) return intake.ending();
      await store(pieces, upload, writer);
    }
  } catch (thrown) {
    return { kind: 'failed', thrown };
  } finally {
    intake.close();
  }
};

async function store(pieces: readonly Buffer[], upload: LiveUpload, writer: Writer): Promise<void> {
  let rest = pieces;
  while (rest.length > 0) {
    const written = await writer.write(rest, upload.offsetBytes);
    upload.offsetBytes += written;
    rest = behind(rest, written);
  }
}

/** What is left of the pieces after their first `count` bytes. */
function behind(pieces: readonly Buffer[], count: number): readonly Buffer[] {
  const [first, ...others] = pieces;
  if (first === undefined) return [];
  return count < first.length ? [first.subarray(count), ...others] : behind(others, count - first.length);
}

interface Intake {
  /** Everything that has arrived since; empty at the end. */
  next(): Promise<readonly Buffer[]>;
  ending(): Ending;
  close(): void;
}

/** Listens to a body and keeps what arrived until it is asked for. */
function openIntake({ incoming, hold, roomBytes, form, idleMs, onBytes }: ReceiveJob): Intake {
  let queue: Buffer[] = [];
  let queuedBytes = 0;
  let ending: Ending | undefined;
  let wake = () => {};
  let takenBytes = 0;

  const finish = (how: Ending) => {
    ending ??= how;
    hold.settling = true;
    hold.waitsForSender = false;
    wake();
  };
  const take = (bytes: Buffer) => {
    const fitting = bytes.subarray(0, Math.max(0, roomBytes - takenBytes));
    takenBytes += fitting.length;
    queuedBytes += fitting.length;
    if (fitting.length > 0) queue.push(fitting);
    if (fitting.length < bytes.length) finish({ kind: 'overrun' });
  };
  const onData = (piece: Buffer) => {
    if (ending !== undefined) return;
    hold.pieces += 1;
    hold.lastPieceMs = performance.now();
    hold.waitsForSender = false;
    onBytes(piece.length);
    judged(() => (form === undefined ? take(piece) : form.push(piece, take)));
    if (queuedBytes >= mostQueuedBytes) incoming.pause();
    wake();
  };
  /** Runs what may find the form to be wrong. */
  const judged = (step: () => void) => {
    try {
      step();
    } catch (thrown) {
      finish(
        thrown instanceof FormFault
          ? { kind: 'malformed', message: thrown.message }
          : { kind: 'failed', thrown },
      );
    }
  };
  const onEnd = () => {
    judged(() => form?.end());
    finish({ kind: 'whole' });
  };
  const onBroken = () => finish({ kind: 'cut' });
  const onStopped = () => finish({ kind: 'stopped' });
  const isIdle = () => hold.waitsForSender && performance.now() - hold.lastPieceMs >= idleMs;
  const idle = setInterval(
    () => {
      // After a pause of this whole process timers fire before what arrived is read: look again once it was.
      if (isIdle()) setImmediate(() => isIdle() && finish({ kind: 'idle' }));
    },
    Math.min(idleMs, 1000),
  );

  incoming.on('data', onData).on('end', onEnd).on('close', onBroken).on('error', onBroken);
  hold.stopped.addEventListener('abort', onStopped);
  if (hold.stopped.aborted) onStopped();
  if (incoming.destroyed && !incoming.readableEnded) onBroken();

  return {
    async next() {
      if (queue.length === 0 && ending === undefined) {
        hold.waitsForSender = true;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const pieces = queue;
      queue = [];
      queuedBytes = 0;
      if (incoming.isPaused() && ending === undefined) incoming.resume();
      return pieces;
    },
    ending: () => ending ?? { kind: 'cut' },
    close() {
      clearInterval(idle);
      incoming.off('data', onData).off('end', onEnd).off('close', onBroken);
      hold.stopped.removeEventListener('abort', onStopped);
    },
  };
}
