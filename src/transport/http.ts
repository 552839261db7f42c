import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import type { Outcome, Send, SendConditions, WireRequest } from '../protocol/wire.ts';
import { bodyBytes } from '../protocol/wire.ts';
import { breakOf } from './breaks.ts';

/** Answers of these protocols are a few hundred bytes; what is longer than this is no answer. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** Small enough that a slow line shows progress, large enough to cost nothing on a fast one. */
const SLICE_BYTES = 512 * 1024;

export interface Transport {
  readonly send: Send;
  /** Ends the kept-alive connections. */
  readonly close: () => Promise<void>;
}

/** One request, not yet sent. */
type Begin = (url: URL, options: http.RequestOptions) => http.ClientRequest;

/** HTTP/1.1 over Node's own client. Redirects are answers like any other: never followed here. */
export function createTransport(): Transport {
  const keepAlive = { keepAlive: true, noDelay: true };
  const plain = new http.Agent(keepAlive);
  const secure = new https.Agent(keepAlive);
  const begin: Begin = (url, options) =>
    url.protocol === 'https:'
      ? https.request(url, { ...options, agent: secure })
      : http.request(url, { ...options, agent: plain });
  return {
    send: (request, conditions) => send(begin, request, conditions),
    close: async () => {
      plain.destroy();
      secure.destroy();
    },
  };
}

async function send(begin: Begin, request: WireRequest, conditions: SendConditions): Promise<Outcome> {
  const { idleTimeoutMs, answerTimeoutMs = idleTimeoutMs, signal } = conditions;
  signal?.throwIfAborted();
  const lengthBytes = bodyBytes(request);
  const exchange = begin(request.url, {
    method: request.method,
    headers: { ...request.headers, ...lengthHeader(request, lengthBytes) },
  });

  // Every wait is bounded by this timer: connecting, each pause in the body, the answer.
  let waitingFor = 'a connection';
  let limitMs = idleTimeoutMs;
  let timedOut = false;
  const expire = () => {
    timedOut = true;
    exchange.destroy();
  };
  let timer = setTimeout(expire, limitMs);
  const wait = (what: string, ms: number) => {
    waitingFor = what;
    limitMs = ms;
    clearTimeout(timer);
    timer = setTimeout(expire, ms);
  };
  const abort = () => exchange.destroy();
  signal?.addEventListener('abort', abort, { once: true });

  try {
    const answered = answerOf(exchange);
    await Promise.race([answered, connected(exchange)]);
    if (lengthBytes === 0) wait('an answer', answerTimeoutMs);
    writeBody(exchange, request.body ?? [], (sentBytes) => {
      conditions.onBodyBytes?.(sentBytes);
      if (sentBytes === lengthBytes) wait('an answer', answerTimeoutMs);
      else wait('the server to read on', idleTimeoutMs);
    });
    const response = await answered;
    wait('the rest of the answer', idleTimeoutMs);
    return await readAnswer(response);
  } catch (error) {
    signal?.throwIfAborted();
    if (!timedOut) return breakOf(error);
    const detail = `waited ${limitMs / 1000} s for ${waitingFor}`;
    return { kind: 'break', cause: 'timeout', detail, delivered: waitingFor !== 'a connection' };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    // Answered before all was sent: what is left of the body would spoil the connection.
    if (!exchange.writableFinished) exchange.destroy();
  }
}

/** Resolves once bytes can flow: at once on a kept-alive connection, else after TCP and TLS are set up. */
async function connected(exchange: http.ClientRequest): Promise<void> {
  const socket: Socket = exchange.socket ?? (await once(exchange, 'socket'))[0];
  if (socket.connecting) await once(socket, 'encrypted' in socket ? 'secureConnect' : 'connect');
}

function answerOf(exchange: http.ClientRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    exchange.once('response', resolve);
    exchange.on('error', reject);
    exchange.once('close', () => reject(new Error('the connection was closed')));
  });
}

/** POST and PATCH state their length even when it is zero: some servers answer 411 otherwise. */
function lengthHeader(request: WireRequest, lengthBytes: number): Readonly<Record<string, string>> {
  const states = lengthBytes > 0 || request.method === 'POST' || request.method === 'PATCH';
  return states ? { 'Content-Length': String(lengthBytes) } : {};
}

/**
 * Hands the body to the network as fast as that takes it; an error of the exchange ends it silently. Before each slice
 * the socket is read once: a server that answers early and closes makes the next write fail, and with it Node throws
 * away an answer that has arrived already (client fault C24).
 */
function writeBody(
  exchange: http.ClientRequest,
  parts: readonly Uint8Array[],
  onSlice: (sentBytes: number) => void,
): void {
  const slices = sliced(parts);
  let sentBytes = 0;
  let answered = false;
  exchange.once('response', () => {
    answered = true;
  });
  const writeOn = () => {
    if (answered || exchange.destroyed) return;
    const slice = slices.next();
    if (slice.done) {
      exchange.end();
      return;
    }
    sentBytes += slice.value.byteLength;
    const flows = exchange.write(slice.value);
    onSlice(sentBytes);
    if (flows) afterReading(writeOn);
    else exchange.once('drain', () => afterReading(writeOn));
  };
  writeOn();
}

/** An immediate of an immediate: between the two the event loop has polled every socket. */
function afterReading(then: () => void): void {
  setImmediate(() => setImmediate(then));
}

/** Not a generator: a loop that pauses must not close what it iterates over. */
function sliced(parts: readonly Uint8Array[]): IterableIterator<Uint8Array> {
  return parts
    .flatMap((part) =>
      Array.from({ length: Math.ceil(part.byteLength / SLICE_BYTES) }, (_, index) =>
        part.subarray(index * SLICE_BYTES, (index + 1) * SLICE_BYTES),
      ),
    )
    .values();
}

async function readAnswer(response: http.IncomingMessage): Promise<Outcome> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  // Listeners, not `for await`: an iterator per answer costs more than the answer.
  response.on('data', (part: Uint8Array) => {
    sizeBytes += part.byteLength;
    if (sizeBytes > MAX_ANSWER_BYTES) response.destroy(new AnswerTooLong());
    parts.push(part);
  });
  try {
    await once(response, 'end');
  } catch (error) {
    if (!(error instanceof AnswerTooLong)) throw error;
    const detail = `the answer (status ${response.statusCode}) is longer than ${MAX_ANSWER_BYTES} bytes`;
    return { kind: 'break', cause: 'too-long', detail, delivered: true };
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return { kind: 'answer', status: response.statusCode ?? 0, headers, body: Buffer.concat(parts) };
}

class AnswerTooLong extends Error {}
