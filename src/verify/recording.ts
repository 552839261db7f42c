import type { Framing, HeaderLines, PeerState, RawBreak } from '../protocol/connection.ts';
import type { PayloadRecord } from './payload.ts';

/** What was sent and received, as plain JSON with secrets replaced. All times are ms since the scenario's start. */

/** A run of payload bytes inside a body. */
export interface PartRecord {
  readonly payload: PayloadRecord;
  /** The first and one past the last position of the payload. */
  readonly from: number;
  readonly to: number;
  /** Where in the body it begins. */
  readonly atBytes: number;
}

/** How much of a body is kept. */
export const KEPT_TEXT_BYTES = 2048;
/** JSON is judged, and half of it says nothing. */
export const KEPT_JSON_BYTES = 64 * 1024;
export const KEPT_BINARY_BYTES = 256;

/** A body by its length, digest and, where short, its text; payload by position instead of bytes. */
export interface BodyRecord {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** The first 2 KiB, where the body is text; of JSON 64 KiB. */
  readonly text?: string;
  /** The first 256 bytes, where it is not. */
  readonly base64?: string;
  readonly parts?: readonly PartRecord[];
}

export interface SentRecord {
  readonly method: string;
  /** The request-target as written. */
  readonly target: string;
  readonly headers: HeaderLines;
  /** The body as it was meant to be sent, chunked framing included. */
  readonly body: BodyRecord;
  /** How much of the body was handed to the network. */
  readonly writtenBytes: number;
  /** How we ended the connection inside or behind the request, where we did. */
  readonly cut?: 'fin' | 'reset' | 'close';
}

export interface HeadRecord {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderLines;
}

export interface AnswerRecord extends HeadRecord {
  readonly version: '1.0' | '1.1';
  readonly framing: Framing;
  readonly interim: readonly HeadRecord[];
  readonly body: BodyRecord;
}

export interface BrokenRecord {
  readonly cause: RawBreak['cause'];
  readonly detail: string;
  /** The first bytes that arrived, as text. */
  readonly received?: string;
  /** Present where the head was complete and the body was not. */
  readonly head?: HeadRecord;
}

/** One request and what became of it. Neither `answer` nor `broken`: nobody waited for an answer. */
export interface Exchange {
  /** Its place in the scenario, from 1. */
  readonly n: number;
  /** The connection that it used, numbered from 1. */
  readonly connection: number;
  readonly url: string;
  readonly sent: SentRecord;
  readonly answer?: AnswerRecord;
  readonly broken?: BrokenRecord;
  readonly startedMs: number;
  /** When the request was written. */
  readonly sentMs: number;
  readonly firstByteMs?: number;
  /** When the answer was complete, or was given up. */
  readonly endedMs?: number;
  /** The same request followed: a kept-alive connection had ended meanwhile, as it may, or the answer put it off. */
  readonly repeated?: true;
}

/** Bytes that arrived on a connection and belong to no answer. */
export interface StrayRecord {
  readonly sizeBytes: number;
  readonly text: string;
  readonly peer: PeerState;
}

/** How a scenario came out. */
export type Outcome<Seen = unknown> =
  | { readonly kind: 'seen'; readonly seen: Seen }
  /** The server refused the set-up. */
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'skipped'; readonly reason: string }
  /** Our own mistake. */
  | { readonly kind: 'error'; readonly message: string };

export interface Recording<Seen = unknown> {
  readonly scenario: string;
  /** Since the start of the run. */
  readonly startedMs: number;
  readonly elapsedMs: number;
  readonly sentBytes: number;
  readonly exchanges: readonly Exchange[];
  readonly outcome: Outcome<Seen>;
}
