import { PulseError } from '../errors.ts';
import type { Offer } from '../protocol/protocol.ts';
import type { Answer, WireRequest } from '../protocol/wire.ts';
import { type Fault, faultOf, isPassing, isSuccess } from './faults.ts';
import { createPatience } from './host/patience.ts';
import type { ChunkDigest } from './send/chunk-digest.ts';
import type { ChunkReader } from './send/chunk-reader.ts';
import { type Sender, sendOnce } from './send-once.ts';
import type { Source } from './source/source.ts';
import type { UploadKey } from './state/state-store.ts';

/** Who asks the server, and counts what it takes. */
export interface Asker extends Sender {
  /** What is counted for the final report, restarts included. */
  readonly tally: { sentBytes: number; retries: number };
}

/** One file on its way to one server. */
export interface Job extends Asker {
  readonly source: Source;
  readonly reader: ChunkReader;
  readonly key: UploadKey;
  /** What the server says of itself. */
  readonly offer: Offer;
  /** It is a part, to be joined with others. */
  readonly isPart?: true;
  /** Present where chunks go with their checksums. */
  readonly digest?: ChunkDigest;
}

export interface AskOptions {
  readonly answerTimeoutMs?: number;
  /** As in `SendConditions`; each try begins anew, at 0. */
  readonly onAnswerBytes?: (bytes: Uint8Array, beforeBytes: number) => boolean;
  /** Sees every fault before it is acted on, and may put it in other words. */
  readonly onFault?: (fault: Fault) => Fault;
  /** Makes the request anew where its body holds the token, which was renewed. */
  readonly remake?: () => WireRequest;
}

/** The size of what is uploaded, in bytes; asked for once its end was seen. */
export function sizeOf({ source }: Pick<Job, 'source'>): number {
  const sizeBytes = source.sizeBytes();
  if (sizeBytes === undefined) throw new Error(`the end of ${source.name} was not seen yet`);
  return sizeBytes;
}

/** What a request led to: the value that was asked for, or the fault that its caller must decide on. */
export type Result<T> = { readonly value: T } | { readonly fault: Fault };

/**
 * Asks until there is an answer: transient faults are tried again within the budget of one request.
 * `read` turns a 2xx into a value or a fault, and learns from which URL it came in the end. Throws when the budget is spent.
 */
export async function ask<T>(
  job: Asker,
  request: WireRequest,
  read: (answer: Answer, sent: WireRequest) => Result<T>,
  options: AskOptions = {},
): Promise<Result<T>> {
  const { tools } = job;
  const patience = createPatience(job);
  const { onFault = (fault: Fault) => fault, ...sending } = options;
  for (;;) {
    const { request: sent, outcome } = await sendOnce(job, request, sending);
    const result =
      outcome.kind === 'answer' && isSuccess(outcome)
        ? read(outcome, sent)
        : { fault: faultOf(sent, outcome, tools.clock.dateMs()) };
    if ('value' in result) return result;
    const fault = onFault(result.fault);
    if (!isPassing(fault)) return { fault };
    await patience.spend(fault);
  }
}

/** Whether `ask` threw because it gave up: of a request that was interrupted nobody knows what came of it. */
export function gaveUp({ tools }: Pick<Sender, 'tools'>, error: unknown): boolean {
  return error instanceof PulseError && !tools.signal?.aborted;
}

export function warn(job: Pick<Sender, 'source' | 'tools'>, message: string): void {
  job.tools.report({ type: 'upload.warning', file: job.source.name, message });
}
