import type { Hold } from '../store/hold.ts';
import type { Body } from './body.ts';
import type { Reply } from './exchange.ts';
import { FormFault, type FormReader } from './multipart.ts';

/** How the body of a request ended. Whatever arrived before is stored and counted in each case. */
export type Ending =
  | { readonly kind: 'whole' }
  /** The connection broke. */
  | { readonly kind: 'cut' }
  /** Nothing came for the idle time. */
  | { readonly kind: 'idle' }
  /** A newer request or a termination stopped it. */
  | { readonly kind: 'stopped' }
  /** More bytes came than the upload has room for. */
  | { readonly kind: 'overrun' }
  /** The form is wrong. */
  | { readonly kind: 'malformed'; readonly message: string }
  /** It came as a whole, and is not taken all the same. */
  | { readonly kind: 'refused'; readonly reply: Reply }
  /** Something inside the server went wrong, the disk for example. */
  | { readonly kind: 'failed'; readonly thrown: unknown };

export interface IntakeJob {
  readonly body: Body;
  readonly hold: Hold;
  /** No more than this is taken. */
  readonly roomBytes: number;
  /** How to find the file in the body; absent where the body is the file. */
  readonly form?: FormReader | undefined;
  /** No byte for this long ends the request. */
  readonly idleMs: number;
  readonly onBytes: (count: number) => void;
}

/** More than this waiting for the disk, and the connection has to wait too. */
const mostQueuedBytes = 1024 * 1024;

/** Listens to a body and keeps the file's bytes until they are asked for. */
export class Intake {
  readonly #job: IntakeJob;
  readonly #idleTimer: NodeJS.Timeout;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #roomBytes: number;
  #ending: Ending | undefined;
  #wake = () => {};

  constructor(job: IntakeJob) {
    this.#job = job;
    this.#roomBytes = job.roomBytes;
    this.#idleTimer = setInterval(this.#endIfIdle, Math.min(job.idleMs, 1000));
    job.hold.stopped.addEventListener('abort', this.#stop);
    if (job.hold.stopped.aborted) this.#stop();
    else
      job.body.listen({ data: this.#onData, end: this.#onEnd, broken: () => this.#finish({ kind: 'cut' }) });
  }

  /** Everything that has arrived since the last call, once there is something; or how the body ended. */
  async next(): Promise<readonly Buffer[] | Ending> {
    while (this.#queue.length === 0) {
      if (this.#ending !== undefined) return this.#ending;
      this.#job.hold.waitsForSender = true;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const pieces = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#job.body.resume();
    return pieces;
  }

  close(): void {
    clearInterval(this.#idleTimer);
    this.#job.body.ignore();
    this.#job.hold.stopped.removeEventListener('abort', this.#stop);
  }

  #onData = (piece: Buffer): void => {
    const { hold, form, body, onBytes } = this.#job;
    if (this.#ending !== undefined) return;
    hold.pieces += 1;
    hold.lastPieceMs = performance.now();
    hold.waitsForSender = false;
    onBytes(piece.length);
    this.#judged(() => (form === undefined ? this.#take(piece) : form.push(piece, this.#take)));
    if (this.#queuedBytes >= mostQueuedBytes) body.pause();
    this.#wake();
  };

  #onEnd = (): void => {
    this.#judged(() => this.#job.form?.end());
    this.#finish({ kind: 'whole' });
  };

  #take = (bytes: Buffer): void => {
    const fitting = bytes.subarray(0, Math.max(0, this.#roomBytes));
    this.#roomBytes -= fitting.length;
    this.#queuedBytes += fitting.length;
    if (fitting.length > 0) this.#queue.push(fitting);
    if (fitting.length < bytes.length) this.#finish({ kind: 'overrun' });
  };

  /** Runs what may find the form to be wrong. */
  #judged(step: () => void): void {
    try {
      step();
    } catch (thrown) {
      const isFault = thrown instanceof FormFault;
      this.#finish(isFault ? { kind: 'malformed', message: thrown.message } : { kind: 'failed', thrown });
    }
  }

  #stop = (): void => this.#finish({ kind: 'stopped' });

  #isIdle = (): boolean => {
    const { hold, idleMs } = this.#job;
    return hold.waitsForSender && performance.now() - hold.lastPieceMs >= idleMs;
  };

  #endIfIdle = (): void => {
    // After a pause of this whole process timers fire before what arrived is read: look again once it was.
    if (this.#isIdle()) setImmediate(() => this.#isIdle() && this.#finish({ kind: 'idle' }));
  };

  #finish(how: Ending): void {
    this.#ending ??= how;
    this.#job.hold.settling = true;
    this.#job.hold.waitsForSender = false;
    this.#wake();
  }
}
