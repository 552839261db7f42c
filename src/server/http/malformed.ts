import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { errorCode } from '../store/durable.ts';

/** What the HTTP parser refuses, as the status that says it. */
const statusOf: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** The newest answer on a connection: while it is not out, another one would be taken for it. */
export const newestAnswer = new WeakMap<Socket, ServerResponse>();

/** Answers what is not HTTP or never becomes a request, and closes: where the next request would begin is not known any more. */
export function answerMalformed(error: Error, socket: Socket): void {
  const isAnswering = newestAnswer.get(socket)?.writableFinished === false;
  // Whoever asked nothing could take an answer for that of the request it sends at this moment.
  const isUnasked = socket.bytesRead === 0;
  if (!socket.writable || isAnswering || isUnasked || errorCode(error) === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = statusOf[errorCode(error)] ?? 400;
  const body = JSON.stringify({ error: STATUS_CODES[status] });
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Tus-Resumable: 1.0.0',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
    () => socket.destroy(),
  );
}
