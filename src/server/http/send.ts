import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Exchange, Reply } from './exchange.ts';

/** An unread body up to this size is read and thrown away, so that the connection can go on. */
const smallBodyBytes = 256 * 1024;
/** Reading away a body that nobody wants: how long it may pause, and how long it may take. */
const drainIdleMs = 2000;
const drainMs = 10_000;

/** Writes a reply. Where the request's body was not read, what is left of it can never be taken for a request. */
export async function send(
  exchange: Exchange,
  reply: Reply,
  { isLast, idleMs }: { readonly isLast: boolean; readonly idleMs: number },
): Promise<void> {
  const { incoming, outgoing, request } = exchange;
  if (outgoing.destroyed || outgoing.headersSent || incoming.socket.destroyed) {
    // Nobody is there to read it: the file that it comes from is closed.
    if (typeof reply.body === 'object') reply.body.destroy();
    return;
  }
  const hasUnread = request.bodyBytes !== 0 && !incoming.complete;
  const mustClose = hasUnread && (exchange.isUninvited() || (request.bodyBytes ?? Infinity) > smallBodyBytes);
  outgoing.writeHead(reply.status, headersOf(reply, exchange, isLast || mustClose));
  endUntaken(exchange, idleMs);
  if (typeof reply.body === 'object') return pipeline(reply.body, outgoing);
  if (!mustClose) {
    outgoing.end(reply.body);
    if (hasUnread) await drainOrBreak(exchange);
    return;
  }
  // The answer goes out whole, but the connection stays open while the client still sends: closing it at once would
  // reset it, and the client might never read the answer (RFC 9112, 9.6).
  if (reply.body !== undefined) outgoing.write(reply.body);
  outgoing.flushHeaders();
  if (!exchange.isUninvited()) await drained(exchange);
  outgoing.end();
}

/** Whoever takes nothing of an answer for so long keeps a connection and a file open for nothing. */
function endUntaken({ incoming: { socket }, outgoing }: Exchange, idleMs: number): void {
  latest.set(socket, outgoing);
  outgoing.setTimeout(idleMs, () => outgoing.destroy());
  // A request that came in the meantime may take as long as it needs: Node leaves it this time-out. An answer that waits
  // behind this one has been given the connection, and its own time-out, by now.
  outgoing.once('finish', () => {
    if (socket.timeout === idleMs && latest.get(socket) === outgoing) socket.setTimeout(0);
  });
}

/** The answer that was written last to each connection. */
const latest = new WeakMap<Socket, ServerResponse>();

function headersOf(reply: Reply, { incoming }: Exchange, closes: boolean): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(reply.headers ?? {})) {
    headers[name] = typeof value === 'string' ? value : [...value];
  }
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const lengthBytes = lengthOf(reply, incoming.method);
  if (lengthBytes !== undefined && !names.has('content-length') && !names.has('transfer-encoding')) {
    headers['Content-Length'] = String(lengthBytes);
  }
  if (closes && !names.has('connection')) headers.Connection = 'close';
  return headers;
}

/** Content-Length; absent for a stream, for a 204 (RFC 9110, 8.6) and for HEAD, where it would be that of a GET. */
function lengthOf({ status, body }: Reply, method: string | undefined): number | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body);
  return body !== undefined || status === 204 || method === 'HEAD' ? undefined : 0;
}

async function drainOrBreak(exchange: Exchange): Promise<void> {
  await drained(exchange);
  if (!exchange.incoming.complete) exchange.incoming.destroy();
}

/** Throws a body away until it ends or one of the bounds is reached. */
function drained({ body }: Exchange): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(idle);
      clearTimeout(total);
      body.ignore();
      resolve();
    };
    const idle = setTimeout(done, drainIdleMs);
    const total = setTimeout(done, drainMs);
    body.listen({ data: () => idle.refresh(), end: done, broken: done });
  });
}
