import type { Report } from '../events.ts';
import type { Send } from '../protocol/wire.ts';
import type { ServerMemory } from './state/server-memory.ts';
import type { StateStore } from './state/state-store.ts';

/** What the user asked for, validated: the same for every file of a run. */
export interface UploadSettings {
  /** Base URL that the user named: http or https, a path prefix allowed, no query, fragment or userinfo. */
  readonly server: URL;
  /** A protocol's id, or `auto`: ask the server. */
  readonly protocol: string;
  readonly body: 'raw' | 'multipart';
  readonly chunkBytes: number;
  /** Chunks begin with `chunkBytes` and grow up to this where that is faster; absent: all are of one size. */
  readonly mostChunkBytes?: number;
  /** Tries beyond the first, for every request without durable progress. */
  readonly retries: number;
  /** The pause before each of them. */
  readonly retryDelayMs: number;
  /** No progress on a request for this long: that try has failed. */
  readonly timeoutMs: number;
  /** For so long a server that cannot be reached at all is waited for; absent: the tries are all there is. */
  readonly maxOutageMs?: number;
  /** The file's name at finalize; its base name where absent. Only sensible for a single file. */
  readonly name?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly token?: string;
  /** False: ignore what was stored and start over. */
  readonly resume: boolean;
  /** False: stop before finalize. */
  readonly finalize: boolean;
  /** True: an upload that the server offers nothing to compare with ends as `unknown`. */
  readonly requireProof: boolean;
  /** True: where nothing else proves the upload, its content is asked for and hashed. */
  readonly readBack: boolean;
  /** Parts of a file that are sent side by side, where the server joins them; absent: files are sent in one piece. */
  readonly parallel?: number;
  /** What goes with each chunk where the server compares it: an algorithm, `auto` for the strongest, or `none`. */
  readonly checksum: string;
  /** True: what a failure for good leaves unfinished at the server is removed there. */
  readonly abortOnFailure: boolean;
}

/** Time, passed in so that no test waits. `sleep` rejects with the signal's reason when it fires. */
export interface Clock {
  /** Goes on evenly, whatever the machine's clock is set to: for durations, and for nothing that outlives the run. */
  readonly nowMs: () => number;
  /** Ms since 1970 by the machine's clock, which may be set or sleep: for dates that are written down or compared. */
  readonly dateMs: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Everything of the outside world that an upload uses. */
export interface Tools {
  readonly send: Send;
  /** The same transport for a file with tokens of its own, where requests are told of: none of these stands in that. The set may grow. */
  readonly sendHiding?: (tokens: ReadonlySet<string>) => Send;
  readonly report: Report;
  readonly clock: Clock;
  /** Uniform in [0, 1): jitter. */
  readonly random: () => number;
  readonly store: StateStore;
  /** What earlier runs learned about servers; absent: nothing is remembered. */
  readonly memory?: ServerMemory;
  /** Reads the token again, for a server that no longer takes the one in `settings`. Absent where it comes from no file. */
  readonly readToken?: () => string;
  readonly signal?: AbortSignal;
}

/** Chunks that grow: from the usual size, up to what two of in memory are still modest for one upload at a time. */
export const autoChunks = {
  chunkBytes: 1_048_576,
  mostChunkBytes: 32 * 1_048_576,
} as const satisfies Partial<UploadSettings>;

/** The defaults of design and documentation: 1 MiB chunks, 3 retries 1 s apart (the protocol's own rule), 30 s of patience. */
export const defaultSettings: Omit<UploadSettings, 'server'> = {
  protocol: 'auto',
  body: 'raw',
  chunkBytes: 1_048_576,
  retries: 3,
  retryDelayMs: 1_000,
  timeoutMs: 30_000,
  headers: {},
  metadata: {},
  resume: true,
  finalize: true,
  requireProof: false,
  readBack: false,
  checksum: 'auto',
  abortOnFailure: false,
};
