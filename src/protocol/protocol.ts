import type { Answer, WireRequest } from './wire.ts';

export interface NewUpload {
  readonly sizeBytes: number;
  /** Keys and plain values; the protocol encodes them. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Chunk {
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

export interface FinalizeFacts {
  readonly uploadId: string;
  readonly filename: string;
  readonly token?: string;
}

/** What a finalize answer says. A field is absent where the server said nothing usable. */
export interface Finalized {
  readonly videoId?: string;
  readonly status?: string;
  readonly sizeBytes?: number;
  /** 64 lower-case hex digits. */
  readonly sha256?: string;
}

/**
 * A protocol is a value: what it lacks is absent, and its special steps are functions from facts to a request.
 * The uploader asks what is there, never which protocol it is.
 */
export interface Protocol {
  readonly id: string;
  /** The headers that carry the user's token. */
  readonly credentials: (token: string) => Readonly<Record<string, string>>;
  readonly create: (server: URL, upload: NewUpload) => WireRequest;
  /** Asks for the current offset. */
  readonly status: (uploadUrl: URL) => WireRequest;
  readonly append: (uploadUrl: URL, chunk: Chunk, body: 'raw' | 'multipart') => WireRequest;
  readonly finalize?: {
    readonly request: (server: URL, facts: FinalizeFacts) => WireRequest;
    /** Undefined where the answer is not what this protocol's finalize answers. */
    readonly read: (answer: Answer) => Finalized | undefined;
  };
  readonly recognise: {
    readonly request: (server: URL) => WireRequest;
    /** The sign that was seen, in words; undefined where the answer shows none. */
    readonly sign: (answer: Answer) => string | undefined;
  };
}
