import type { BreakCause } from './wire.ts';

/**
 * One connection as the tester sees it: every byte is its own, in both directions.
 * The transport room makes such connections; the tester gets the way to make them as a value.
 */

/** Header lines in the order and spelling of the wire; a repeated header is repeated here. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** The head of an answer, interim or final. */
export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  readonly version: '1.0' | '1.1';
  readonly headers: HeaderLines;
  /** The bytes of the head as Latin-1 text, line ends included. */
  readonly text: string;
}

/** How the end of an answer's body is known (RFC 9112, 6.3). */
export type Framing = 'none' | 'length' | 'chunked' | 'close';

/** A complete answer. Bytes behind its end stay in the connection: see `unread`. */
export interface RawAnswer extends AnswerHead {
  readonly kind: 'answer';
  /** The 1xx answers before it. */
  readonly interim: readonly AnswerHead[];
  readonly framing: Framing;
  readonly body: Uint8Array;
  readonly trailers: HeaderLines;
  /** When its first byte arrived, by the connection's clock. */
  readonly firstByteMs: number;
}

/** No complete answer: why, and what arrived of it. */
export interface RawBreak {
  readonly kind: 'break';
  /** `closed`: the peer ended the connection in order, but too early. */
  readonly cause: BreakCause | 'closed';
  readonly detail: string;
  /** The first bytes that arrived, at most 2 KiB. */
  readonly received: Uint8Array;
  /** Present where the head was complete and the body was not. */
  readonly head?: AnswerHead;
}

/** How bytes are spread over time; absent values mean all at once. */
export interface Pace {
  readonly segmentBytes?: number;
  readonly pauseMs?: number;
}

export interface AnswerLimits {
  /** For the whole answer, from now on. */
  readonly timeoutMs: number;
  /** 1 MiB where absent. A longer body is broken off as `too-long`. */
  readonly bodyBytes?: number;
}

/** What the peer has done with its side of the connection. */
export type PeerState = 'open' | 'fin' | 'reset';

export interface Connection {
  /**
   * Hands bytes to the kernel and answers how many it took: fewer than given where the connection broke,
   * `timeoutMs` passed, or the peer has answered and stopped reading.
   */
  readonly write: (bytes: Uint8Array, limits: Pace & { readonly timeoutMs: number }) => Promise<number>;
  /** Reads the next answer; `method` decides whether it can have a body. */
  readonly answer: (method: string, limits: AnswerLimits) => Promise<RawAnswer | RawBreak>;
  /** Waits `windowMs` and gives what has arrived and belongs to no answer yet, without consuming it. */
  readonly unread: (windowMs: number) => Promise<Uint8Array>;
  /** Resolves when the peer has ended its side, or after `withinMs`. */
  readonly peerEnd: (withinMs: number) => Promise<PeerState>;
  /** What the peer has done so far. */
  readonly peer: () => PeerState;
  /** Ends our side in order (FIN); answers can still be read. */
  readonly fin: () => void;
  /** Ends both sides at once (RST): what is in flight may be lost. */
  readonly reset: () => void;
  /** Ends both sides; bytes already written are still delivered, unless received ones are unread. Idempotent. */
  readonly close: () => void;
}

/** Opens a connection to an origin; every failure is a value. */
export type Dial = (origin: URL, limits: { readonly timeoutMs: number }) => Promise<Connection | RawBreak>;
