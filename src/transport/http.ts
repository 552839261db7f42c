import type { Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import type { Answer, Outcome, Send, SendConditions, WireRequest } from '../protocol/wire.ts';
import { bodyBytes } from '../protocol/wire.ts';
import { breakOf } from './breaks.ts';

/** Answers of these protocols are a few hundred bytes; what is longer than this is no answer. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** Small enough that a slow line shows progress, large enough to cost nothing on a fast one. */
const SLICE_BYTES = 256 * 1024;

export interface Transport {
  readonly send: Send;
  /** Ends the kept-alive connections. */
  readonly close: () => Promise<void>;
}

/** HTTP/1.1 over undici. Redirects are answers like any other: never followed here. */
export function createTransport(): Transport {
  // Every wait is bounded by the timer in `send`, which sees progress; undici's own limits would not.
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 0 }, pipelining: 1 });
  return {
    send: (request, conditions) => send(agent, request, conditions),
    close: () => agent.destroy(),
  };
}

async function send(agent: Agent, request: WireRequest, conditions: SendConditions): Promise<Outcome> {
  const { idleTimeoutMs, answerTimeoutMs = idleTimeoutMs, signal } = conditions;
  signal?.throwIfAborted();
  const stop = new AbortController();
  const forward = () => stop.abort();
  signal?.addEventListener('abort', forward, { once: true });

  let waitingFor = 'a connection';
  let timer = setTimeout(() => stop.abort(), idleTimeoutMs);
  const wait = (what: string, ms: number) => {
    waitingFor = what;
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(), ms);
  };
  // Connecting and writing each get the idle timeout; the wait for the answer begins with the last byte.
  const body = sliced(request.body ?? [], (sentBytes, last) => {
    conditions.onBodyBytes?.(sentBytes);
    if (last) wait('an answer', answerTimeoutMs);
    else wait('the server to read on', idleTimeoutMs);
  });
  const lengthBytes = bodyBytes(request);
  if (lengthBytes === 0) wait('an answer', answerTimeoutMs);

  try {
    const response = await agent.request({
      origin: request.url.origin,
      path: `${request.url.pathname}${request.url.search}`,
      method: request.method,
      headers: { ...request.headers, ...lengthHeader(request, lengthBytes) },
      // undici takes any async iterable here; its types name only streams.
      body: lengthBytes === 0 ? null : (body as unknown as Readable),
      signal: stop.signal,
    });
    wait('the rest of the answer', idleTimeoutMs);
    return await readAnswer(response);
  } catch (error) {
    signal?.throwIfAborted();
    if (stop.signal.aborted) {
      const detail = `waited ${idleOf(waitingFor, idleTimeoutMs, answerTimeoutMs) / 1000} s for ${waitingFor}`;
      return { kind: 'break', cause: 'timeout', detail, delivered: waitingFor !== 'a connection' };
    }
    return breakOf(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', forward);
  }
}

function idleOf(waitingFor: string, idleTimeoutMs: number, answerTimeoutMs: number): number {
  return waitingFor === 'an answer' ? answerTimeoutMs : idleTimeoutMs;
}

/** POST and PATCH state their length even when it is zero: some servers answer 411 otherwise. */
function lengthHeader(request: WireRequest, lengthBytes: number): Readonly<Record<string, string>> {
  const states = lengthBytes > 0 || request.method === 'POST' || request.method === 'PATCH';
  return states ? { 'Content-Length': String(lengthBytes) } : {};
}

async function* sliced(
  parts: readonly Uint8Array[],
  onSlice: (sentBytes: number, last: boolean) => void,
): AsyncGenerator<Uint8Array> {
  const totalBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
  let sentBytes = 0;
  for (const part of parts) {
    for (let start = 0; start < part.byteLength; start += SLICE_BYTES) {
      const slice = part.subarray(start, start + SLICE_BYTES);
      sentBytes += slice.byteLength;
      onSlice(sentBytes, sentBytes === totalBytes);
      yield slice;
    }
  }
}

async function readAnswer(response: Dispatcher.ResponseData): Promise<Outcome> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of response.body as AsyncIterable<Uint8Array>) {
    sizeBytes += part.byteLength;
    if (sizeBytes > MAX_ANSWER_BYTES) {
      response.body.destroy();
      const detail = `the answer (status ${response.statusCode}) is longer than ${MAX_ANSWER_BYTES} bytes`;
      return { kind: 'break', cause: 'too-long', detail, delivered: true };
    }
    parts.push(part);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return {
    kind: 'answer',
    status: response.statusCode,
    headers,
    body: Buffer.concat(parts),
  } satisfies Answer;
}
