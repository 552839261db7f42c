/**
 * Requests and answers as values. Protocols make and read them; only the transport room turns them into bytes.
 */
export type Method = 'POST' | 'PATCH' | 'HEAD' | 'GET' | 'OPTIONS' | 'DELETE';

export interface WireRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Byte runs sent one after another; absent means an empty body. */
  readonly body?: readonly Uint8Array[];
}

/** A complete HTTP answer. Header names are lower-case; a repeated header is joined with ", " (RFC 9110, 5.3). */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Why no complete answer came. */
export type BreakCause =
  | 'unknown-host'
  | 'refused'
  | 'unreachable'
  | 'tls'
  /** A proxy on the way does not let the request through. */
  | 'proxy'
  | 'timeout'
  | 'reset'
  | 'not-http'
  | 'too-long';

/** No complete answer came: whether the server acted on the request is not known, unless `delivered` is false. */
export interface Break {
  readonly kind: 'break';
  readonly cause: BreakCause;
  /** The fact in words, without the URL. */
  readonly detail: string;
  /** False only where not one byte of the request can have reached the server. */
  readonly delivered: boolean;
  /** The next step, where this break has one of its own. */
  readonly hint?: string;
}

export type Outcome = Answer | Break;

export interface SendConditions {
  /** No byte moved in either direction for this long: the attempt has failed. */
  readonly idleTimeoutMs: number;
  /** How long the answer may take once the request is written; as long as `idleTimeoutMs` where absent. */
  readonly answerTimeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called as body bytes are handed to the network, with the total of this request so far. */
  readonly onBodyBytes?: (sentBytes: number) => void;
  /**
   * Gets the body of a 2xx in pieces, with the bytes that came before each; the answer's own body is empty then.
   * Returns whether it wants more: else the connection is ended there, and the answer counts as complete.
   */
  readonly onAnswerBytes?: (bytes: Uint8Array, beforeBytes: number) => boolean;
  /** Absent: as fast as the line takes it. */
  readonly pace?: Pace;
}

/** How fast bodies may go out, over all requests that share it. */
export interface Pace {
  /** The longest piece that goes out at a time. */
  readonly sliceBytes: number;
  /** Resolves when so many bytes may go out. */
  readonly turn: (bytes: number) => Promise<void>;
}

/** The transport as the other rooms see it. Rejects only with the signal's reason. */
export type Send = (request: WireRequest, conditions: SendConditions) => Promise<Outcome>;

/** Total bytes of a request's body. */
export function bodyBytes(request: WireRequest): number {
  return (request.body ?? []).reduce((total, part) => total + part.byteLength, 0);
}
