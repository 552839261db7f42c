import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Filter, Parts } from '../parts.ts';
import { isDiskFull } from '../store/durable.ts';
import type { AccessLogEntry } from './access-log.ts';
import { bodyOf } from './body.ts';
import { shared } from './cors.ts';
import { dispatch } from './dispatch.ts';
import { type Exchange, type Reply, refusal } from './exchange.ts';
import { newestAnswer } from './malformed.ts';
import { noSpace } from './refusals.ts';
import { requestHead } from './request-head.ts';
import { send } from './send.ts';

export interface Answering {
  /** Answers one request; never rejects. */
  readonly answer: (incoming: IncomingMessage, outgoing: ServerResponse, expectsInvitation: boolean) => void;
  /** Resolves when no request is in work. */
  readonly quiet: () => Promise<void>;
}

export function answering(
  parts: Parts,
  {
    filter = (_exchange, next) => next(),
    log,
  }: { filter?: Filter | undefined; log?: ((entry: AccessLogEntry) => void) | undefined },
): Answering {
  const { bodyIdleMs: idleMs } = parts.limits;
  const inWork = new Set<Promise<void>>();
  const lastWork = new WeakMap<Socket, Promise<void>>();

  const handle = async (exchange: Exchange, startMs: number): Promise<void> => {
    const { outgoing } = exchange;
    let fault: string | undefined;
    try {
      const next = async (changed = {}) =>
        complete(await dispatch({ ...exchange, ...changed }, parts), exchange, parts);
      const reply = await filter(exchange, next, parts);
      await send(exchange, reply, { isLast: parts.isClosing(), idleMs });
    } catch (thrown) {
      // What went wrong inside is for the log; the client learns nothing about this machine.
      fault = thrown instanceof Error ? thrown.message : String(thrown);
      await send(exchange, complete(failure(thrown), exchange, parts), { isLast: true, idleMs }).catch(() =>
        outgoing.destroy(),
      );
    }
    log?.(logEntry(exchange, performance.now() - startMs, fault));
  };

  return {
    answer(incoming, outgoing, expectsInvitation) {
      const startMs = performance.now();
      outgoing.on('error', () => {});
      newestAnswer.set(incoming.socket, outgoing);
      const exchange = exchangeOf(incoming, outgoing, expectsInvitation);
      // Requests that come without waiting for answers are handled as if they had waited (RFC 9112, 9.3.2).
      const work = (lastWork.get(incoming.socket) ?? Promise.resolve()).then(() => handle(exchange, startMs));
      lastWork.set(incoming.socket, work);
      inWork.add(work);
      work.finally(() => inWork.delete(work)).catch(() => {});
    },
    async quiet() {
      await Promise.allSettled(inWork);
    },
  };
}

function failure(thrown: unknown): Reply {
  return isDiskFull(thrown) ? noSpace() : refusal(500, 'internal error');
}

function exchangeOf(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  expectsInvitation: boolean,
): Exchange {
  let isUninvited = expectsInvitation;
  return {
    request: requestHead(incoming),
    incoming,
    body: bodyOf(incoming),
    outgoing,
    noted: { receivedBytes: 0 },
    isUninvited: () => isUninvited,
    invite() {
      if (isUninvited) outgoing.writeContinue();
      isUninvited = false;
    },
  };
}

/** The reply with the headers that every answer has. */
function complete(reply: Reply, { request }: Exchange, { answers, dialect, corsOrigin }: Parts): Reply {
  const isDiscovery = request.method === 'OPTIONS';
  const whole = isDiscovery ? reply : { ...reply, headers: { ...answers.common(), ...reply.headers } };
  return shared(dialect.dress?.(whole) ?? whole, request, corsOrigin);
}

function logEntry(exchange: Exchange, elapsedMs: number, fault: string | undefined): AccessLogEntry {
  const { request, outgoing } = exchange;
  const { uploadId, receivedBytes } = exchange.noted;
  return {
    method: request.method,
    path: request.path,
    ...(outgoing.headersSent && { status: outgoing.statusCode }),
    requestBytes: receivedBytes,
    elapsedMs: Math.round(elapsedMs * 10) / 10,
    ...(uploadId !== undefined && { uploadId }),
    ...(!outgoing.writableEnded && { aborted: true }),
    ...(fault !== undefined && { fault }),
  };
}
