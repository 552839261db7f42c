/** One answered (or broken) request. Holds no query, no header and no body: nothing in it can be a token. */
export interface AccessLogEntry {
  readonly method: string;
  readonly path: string;
  /** The status that was sent; absent where the connection broke before. */
  readonly status?: number;
  /** Bytes of the request's body that the server read and used. */
  readonly requestBytes: number;
  readonly elapsedMs: number;
  readonly uploadId?: string;
  /** The connection broke before the answer was out. */
  readonly aborted?: true;
  /** What went wrong inside the server, where the answer was a 500. */
  readonly fault?: string;
}
