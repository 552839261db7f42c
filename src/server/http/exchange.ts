import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Body } from './body.ts';

/** The head of a request, read once at the door. */
export interface RequestHead {
  /** The method that counts, after X-HTTP-Method-Override. */
  readonly method: string;
  /** True where that is another method than the one on the wire, which is POST then. */
  readonly isOverridden?: true;
  /** The path as it came, not decoded, without the query (which may hold secrets). */
  readonly path: string;
  /** What stands behind the question mark, as it came; never logged. */
  readonly query: string;
  /** Lower-case names; a repeated header is joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** The declared size of the body; absent where it is chunked. */
  readonly bodyBytes?: number;
}

/** An answer as a value. Only `send` turns it into bytes. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Readable;
}

/** One request on its way through the server. */
export interface Exchange {
  readonly request: RequestHead;
  readonly incoming: IncomingMessage;
  readonly body: Body;
  readonly outgoing: ServerResponse;
  /** Asks for the body where the client waits to be asked (Expect: 100-continue); called once it will be read. */
  readonly invite: () => void;
  /** Whether the client still waits to be asked for the body. */
  readonly isUninvited: () => boolean;
  /** What the access log will tell. */
  readonly noted: { uploadId?: string; receivedBytes: number };
}

export function refusal(
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return json(status, { error }, headers);
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

export function withAdded(reply: Reply, headers: Readonly<Record<string, string>>): Reply {
  return { ...reply, headers: { ...reply.headers, ...headers } };
}
