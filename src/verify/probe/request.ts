import type { HeaderLines, Pace } from '../../protocol/connection.ts';
import { type Body, chunkedBody, type MadeBody, madeBody } from './body.ts';
import { changed, type HeaderChanges } from './header-changes.ts';

/** Whose credential a request carries: the user's, a second user's, that of the pairing link, or none. */
export type Identity = 'owner' | 'stranger' | 'link' | 'nobody';

/** How one request differs from an ordinary one. */
export interface RequestOptions {
  readonly headers?: HeaderChanges;
  readonly body?: Body;
  /** Sends the body with Transfer-Encoding: chunked, in chunks of these sizes. */
  readonly chunked?: readonly number[];
  /** Header lines behind a chunked body. */
  readonly trailers?: HeaderLines;
  readonly as?: Identity;
  /** The request-target as written, where it is not the URL's path and query. */
  readonly target?: string;
  readonly version?: '1.0' | '1.1';
  /** Over a connection of its own: nothing that went wrong before can disturb it. */
  readonly alone?: true;
  /** Spreads the head, the body or both over time. */
  readonly headPace?: Pace;
  readonly bodyPace?: Pace;
  /** Ends the connection after that many bytes of the body. */
  readonly cut?: Cut;
  /** Holds the rest of the body back, with the connection open, until `sendRest`. */
  readonly stallAfterBytes?: number;
  /** For writing and for the whole answer, each. */
  readonly timeoutMs?: number;
  /** A longer answer is broken off; 1 MiB where absent. */
  readonly answerBytes?: number;
}

export interface Cut {
  readonly afterBytes: number;
  readonly by: 'fin' | 'reset' | 'close';
}

/** A request with everything decided; only bytes are missing. */
export interface Request extends RequestOptions {
  readonly method: string;
  readonly url: URL;
}

export interface RequestBytes {
  readonly target: string;
  readonly headers: HeaderLines;
  readonly head: Buffer;
  readonly body: MadeBody;
}

/** Methods whose requests state a length even if it is zero (RFC 9110, 8.6). */
const STATES_LENGTH = new Set(['POST', 'PATCH', 'PUT']);

/** The bytes of a request: exactly what the options say, right or wrong. `common` are the lines of every request. */
export function requestBytes(request: Request, common: HeaderLines): RequestBytes {
  const { method, url, version = '1.1' } = request;
  const plain = madeBody(request.body);
  const body = request.chunked ? chunkedBody(plain, request.chunked, request.trailers) : plain;
  const target = request.target ?? `${url.pathname}${url.search}`;
  const lines: HeaderLines = [['Host', url.host], ...common, ...framing(request, body)];
  const headers = changed(lines, request.headers);
  const text = [
    `${method} ${target} HTTP/${version}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return { target, headers, head: Buffer.from(`${text.join('\r\n')}\r\n\r\n`, 'latin1'), body };
}

function framing({ method, chunked, body }: Request, { bytes }: MadeBody): HeaderLines {
  if (chunked) return [['Transfer-Encoding', 'chunked']];
  return body !== undefined || STATES_LENGTH.has(method) ? [['Content-Length', String(bytes.length)]] : [];
}
