import type { ErrorKind } from './errors.ts';

/**
 * How it is known what the server holds, the strongest first. `finalize`: its own checksum, in the answer to finalize;
 * `digest`: its own checksum, in a header; `read-back`: the content was asked for and hashed; `checksum`: it acknowledged
 * every chunk with a checksum, and was seen to refuse a wrong one. With `declared` the server took our checksum and raised
 * no objection, which proves nothing: it need not have compared.
 */
export type Proof = 'finalize' | 'digest' | 'read-back' | 'checksum' | 'declared';

/** What an upload ended as. Sizes in bytes, times in milliseconds. */
export interface UploadResult {
  readonly url: string;
  readonly uploadId: string;
  /** The server's name for the finished video; absent where the protocol has no finalize. */
  readonly videoId?: string;
  readonly sizeBytes: number;
  /** Of the local file, computed while it was read. */
  readonly sha256: string;
  /** Whether what the server holds was compared with the file, and was equal. */
  readonly proven: boolean;
  /** How; absent where the server offers nothing to compare with. */
  readonly proof?: Proof;
  /** Why it is not proven, where more is known than that there was nothing to compare with. */
  readonly reason?: string;
  /** The server acknowledged every byte, and then no longer knew the upload: it may have moved the file away, or lost it. */
  readonly gone?: true;
  readonly elapsedMs: number;
  /** Payload bytes sent by this run, repeats included. */
  readonly sentBytes: number;
  readonly resumedFromBytes: number;
  readonly retries: number;
}

/**
 * Everything the tool tells while it works: one flat union, which is also the NDJSON contract of `--json`
 * (docs/events.md). Renderers are folds over it. Sizes are bytes, durations milliseconds.
 */
export type PulseEvent =
  | {
      readonly type: 'upload.start';
      readonly file: string;
      /** Absent where it is not known before the input has ended. */
      readonly sizeBytes?: number;
      readonly server: string;
      readonly protocol: string;
      readonly concluded?: string;
    }
  | { readonly type: 'upload.created'; readonly file: string; readonly url: string }
  | {
      readonly type: 'upload.resumed';
      readonly file: string;
      readonly url: string;
      readonly offsetBytes: number;
    }
  /** `acceptedBytes`: acknowledged by the server; `sentBytes`: payload handed to the network, repeats included. */
  | {
      readonly type: 'upload.progress';
      readonly file: string;
      readonly acceptedBytes: number;
      readonly sentBytes: number;
      readonly sizeBytes?: number;
      readonly bytesPerSecond: number;
    }
  /** `attempt` is the number of the retry that follows after `delayMs`: 1 is the second try. */
  | {
      readonly type: 'upload.retry';
      readonly file: string;
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: string;
    }
  /** The server cannot be reached at all and is waited for, by all files of the run; only with --max-outage. */
  | {
      readonly type: 'outage.start';
      readonly server: string;
      readonly reason: string;
      readonly maxOutageMs: number;
    }
  /** It answers again. */
  | { readonly type: 'outage.end'; readonly server: string; readonly elapsedMs: number }
  /** What was remembered of an unfinished upload was removed: too old, or expired at the server. */
  | {
      readonly type: 'upload.pruned';
      readonly file: string;
      readonly server: string;
      readonly savedAt: string;
    }
  /** With --spool: standard input is being kept in this file, and is sent once it has ended. */
  | { readonly type: 'input.spooling'; readonly file: string; readonly path: string }
  /** It has ended, and is kept until the upload is done. */
  | {
      readonly type: 'input.spooled';
      readonly file: string;
      readonly path: string;
      readonly sizeBytes: number;
    }
  /** Something worth a person's attention that does not stop the upload. */
  | { readonly type: 'upload.warning'; readonly file: string; readonly message: string }
  | ({ readonly type: 'upload.done'; readonly file: string } & UploadResult)
  | {
      readonly type: 'upload.failed';
      readonly file: string;
      readonly kind: ErrorKind;
      readonly exitCode: number;
      readonly message: string;
      readonly hint?: string;
      readonly resumable: boolean;
    }
  /** What a run would do with a file; only with --dry-run. `fromBytes`: what the server has acknowledged already. */
  | {
      readonly type: 'upload.planned';
      readonly file: string;
      readonly intention: 'send' | 'resume' | 'finalize';
      readonly sizeBytes: number;
      readonly fromBytes: number;
      /** Why an upload that was begun would not be gone on with. */
      readonly reason?: string;
    }
  /** One request and what came of it; only with --verbose. `status` is absent where no answer came. */
  | {
      readonly type: 'http.exchange';
      readonly method: string;
      readonly url: string;
      readonly sentBytes: number;
      readonly status?: number;
      readonly outcome: string;
      readonly elapsedMs: number;
    }
  /** Several files: what is to be sent, and what was left out of it. */
  | {
      readonly type: 'run.start';
      readonly files: number;
      readonly sizeBytes: number;
      readonly jobs: number;
      /** Done according to the ledger, and unchanged since. */
      readonly skipped: number;
      /** Changed too short a time ago: the next run takes them. */
      readonly tooYoung: number;
      readonly duplicates: number;
    }
  /** A run of several files ends before its list does; what is left was not attempted. */
  | { readonly type: 'run.stopped'; readonly message: string; readonly hint?: string }
  | {
      readonly type: 'run.end';
      readonly exitCode: number;
      readonly done: number;
      readonly failed: number;
      readonly notAttempted: number;
      /** How many of the failed ones were only interrupted: they go on with the next run. Absent for a single file. */
      readonly interrupted?: number;
      /** As in `run.start`; absent for a single file. */
      readonly skipped?: number;
      readonly tooYoung?: number;
      /** Nothing was done, and `sendBytes` is what a run would send; only with --dry-run. */
      readonly dryRun?: true;
      readonly sendBytes?: number;
    };

/** The synchronous sink of all events. `time` (ISO 8601) is added where an event is written down. */
export type Report = (event: PulseEvent) => void;
