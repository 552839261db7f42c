import { once } from 'node:events';
import type * as http from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { Break, Outcome, Send, SendConditions, WireRequest } from '../protocol/wire.ts';
import { bodyBytes } from '../protocol/wire.ts';
import { breakOf, breakOnConnection, breakOnUsedConnection } from './breaks.ts';
import { createFreshness, type Freshness } from './freshness.ts';
import { handedOn, readAnswer } from './read-answer.ts';
import type { TransportSettings } from './settings.ts';
import { createWaits, type Waits } from './waits.ts';
import { createWays, type Way } from './ways.ts';

/** Small enough that a slow line shows progress, large enough to cost nothing on a fast one. */
const SLICE_BYTES = 512 * 1024;
const TLS_SLICE_BYTES = 64 * 1024;

export interface Transport {
  readonly send: Send;
  /** Ends the kept-alive connections. */
  readonly close: () => Promise<void>;
}

/** HTTP/1.1 over Node's own client. Redirects are answers like any other: never followed here. */
export function createTransport(settings: TransportSettings = {}): Transport {
  const ways = createWays(settings);
  const freshness = createFreshness();
  return {
    send: async (request, conditions) => {
      conditions.signal?.throwIfAborted();
      const way = await ways.to(request.url);
      // A signal that ended while the way was opened calls no listener any more.
      conditions.signal?.throwIfAborted();
      if (freshness.isWanted()) way.dropIdle();
      return send(way, request, conditions, freshness);
    },
    close: ways.close,
  };
}

async function send(
  way: Way,
  request: WireRequest,
  conditions: SendConditions,
  freshness: Freshness,
): Promise<Outcome> {
  const { idleTimeoutMs, answerTimeoutMs = idleTimeoutMs, signal, pace } = conditions;
  const lengthBytes = bodyBytes(request);
  const options = {
    method: request.method,
    headers: { ...request.headers, ...lengthHeader(request, lengthBytes) },
  };
  // Made only for a way that asks for it: one controller per request is felt over thousands of chunks.
  let giveUp: AbortController | undefined;
  const exchange = begun(way, () =>
    way.begin(request.url, options, () => {
      giveUp ??= new AbortController();
      return giveUp.signal;
    }),
  );
  if ('cause' in exchange) return exchange;
  const end = () => {
    exchange.destroy();
    giveUp?.abort();
  };
  const waits = createWaits(end);
  waits.forThis('a connection', idleTimeoutMs);
  way.turns.waits(exchange);
  signal?.addEventListener('abort', end, { once: true });

  let isConnected = false;
  try {
    const answered = answerOf(exchange);
    await Promise.race([answered, connected(exchange, waits)]);
    isConnected = true;
    const socket = exchange.socket ?? undefined;
    waits.forThis('the server to read on', idleTimeoutMs, socket);
    let isAnswered = false;
    // The answer is waited for once the whole request is with the network.
    exchange.once('finish', () => {
      if (!isAnswered) waits.forThis('an answer', answerTimeoutMs);
    });
    writeBody(exchange, sliced(request.body ?? [], pace?.sliceBytes ?? sliceBytesOn(socket)), {
      onSlice: (sentBytes) => {
        conditions.onBodyBytes?.(sentBytes);
        way.turns.waits(exchange);
        waits.forThis('the server to read on', idleTimeoutMs, socket);
      },
      ...(pace !== undefined && {
        beforeSlice: async (bytes) => {
          // Waiting for its turn is no fault of the server.
          waits.end();
          await pace.turn(bytes);
        },
      }),
    });
    const response = await answered;
    isAnswered = true;
    way.turns.over(exchange);
    freshness.answered(exchange.reusedSocket);
    const wait = () => waits.forThis('the rest of the answer', idleTimeoutMs);
    wait();
    const outcome = await readAnswer(response, handedOn(conditions, wait));
    const refusal = way.refusal?.(response.statusCode ?? 0);
    return refusal === undefined ? outcome : breakOf(refusal);
  } catch (error) {
    signal?.throwIfAborted();
    const late = waits.expired();
    if (late !== undefined) return { kind: 'break', cause: 'timeout', detail: late, delivered: isConnected };
    if (!isConnected) return notConnected(way, error);
    if (!exchange.reusedSocket) return breakOnConnection(error);
    freshness.broken();
    return breakOnUsedConnection(error);
  } finally {
    waits.end();
    way.turns.over(exchange);
    signal?.removeEventListener('abort', end);
    // Answered before all was sent: what is left of the body would spoil the connection.
    if (!exchange.writableFinished) exchange.destroy();
  }
}

/** Node throws at once where OpenSSL refuses the certificate of this client; what else it throws is our mistake. */
function begun(way: Way, begin: () => http.ClientRequest): http.ClientRequest | Break {
  try {
    return begin();
  } catch (error) {
    const known = notConnected(way, error);
    if (known.cause !== 'tls') throw error;
    return known;
  }
}

/** Node's timer of a socket sees what the kernel takes of a large write, but not under TLS: there each write is small. */
function sliceBytesOn(socket: Socket | undefined): number {
  return socket !== undefined && 'encrypted' in socket ? TLS_SLICE_BYTES : SLICE_BYTES;
}

/** Whatever went wrong before there was a connection, the server has got nothing of the request. */
function notConnected(way: Way, error: unknown): Break {
  const known = breakOf(way.unreachable?.(error) ?? error);
  const detail =
    known.cause === 'reset'
      ? known.detail.replace(/^the request failed/, 'no connection was made')
      : known.detail;
  return { ...known, detail, delivered: false };
}

/** Resolves once bytes can flow: at once on a kept-alive connection, else after TCP and TLS are set up. */
async function connected(exchange: http.ClientRequest, waits: Waits): Promise<void> {
  const socket: Socket = exchange.socket ?? (await once(exchange, 'socket'))[0];
  if (!socket.connecting) return;
  const isSecure = 'encrypted' in socket;
  // An address is not looked up, and nothing would tell the end of that.
  if (isIP(exchange.host) === 0) waits.rename('the host name to be looked up');
  socket.once('lookup', () => waits.rename('a connection'));
  if (isSecure) socket.once('connect', () => waits.rename('the TLS handshake'));
  await once(socket, isSecure ? 'secureConnect' : 'connect');
}

function answerOf(exchange: http.ClientRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    exchange.once('response', (response) => {
      if (promisesBody(response)) exchange.shouldKeepAlive = false;
      resolve(response);
    });
    exchange.on('error', reject);
    exchange.once('close', () => reject(new Error('the connection was closed')));
  });
}

/** With 204 no length may stand (RFC 9112, 6): who states one sends a body too, which the next answer would begin with. */
function promisesBody({ statusCode, headers }: http.IncomingMessage): boolean {
  const isStated = (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined;
  return statusCode === 204 && isStated;
}

/** POST and PATCH state their length even when it is zero: some servers answer 411 otherwise. */
function lengthHeader(request: WireRequest, lengthBytes: number): Readonly<Record<string, string>> {
  const states = lengthBytes > 0 || request.method === 'POST' || request.method === 'PATCH';
  return states ? { 'Content-Length': String(lengthBytes) } : {};
}

interface Slices {
  readonly onSlice: (sentBytes: number) => void;
  /** Resolves when the next slice may go out; absent where it may at once. */
  readonly beforeSlice?: (bytes: number) => Promise<void>;
}

/**
 * Hands the body to the network as fast as that takes it; an error of the exchange ends it silently. Between slices
 * the socket is read once: a server that answers early and closes makes the next write fail, and with it Node throws
 * away an answer that has arrived already (client fault C24).
 */
function writeBody(
  exchange: http.ClientRequest,
  slices: readonly Uint8Array[],
  { onSlice, beforeSlice }: Slices,
): void {
  let sentBytes = 0;
  let next = 0;
  let answered = false;
  exchange.once('response', () => {
    answered = true;
  });
  const isOver = () => answered || exchange.destroyed;
  const write = (slice: Uint8Array) => {
    if (isOver()) return;
    sentBytes += slice.byteLength;
    const isLast = next === slices.length;
    const flows = isLast || exchange.write(slice);
    if (isLast) exchange.end(slice);
    onSlice(sentBytes);
    if (isLast) return;
    if (flows) afterReading(writeOn);
    else exchange.once('drain', () => afterReading(writeOn));
  };
  const writeOn = () => {
    if (isOver()) return;
    const slice = slices[next++];
    if (slice === undefined) exchange.end();
    else if (beforeSlice === undefined) write(slice);
    else beforeSlice(slice.byteLength).then(() => write(slice));
  };
  writeOn();
}

/** An immediate of an immediate: between the two the event loop has polled every socket. */
function afterReading(then: () => void): void {
  setImmediate(() => setImmediate(then));
}

function sliced(parts: readonly Uint8Array[], sliceBytes: number): readonly Uint8Array[] {
  return parts.flatMap((part) =>
    Array.from({ length: Math.ceil(part.byteLength / sliceBytes) }, (_, index) =>
      part.subarray(index * sliceBytes, (index + 1) * sliceBytes),
    ),
  );
}
