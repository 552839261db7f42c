import type { Socket } from 'node:net';
import { withHeaders } from '../defects/changes.ts';
import { misreading } from '../defects/raw-bytes.ts';
import type { Behaviour } from '../parts.ts';

/** What speaks HTTP/1.0: it closes behind every answer, asks for no body, and has never heard of Transfer-Encoding. */
export function http10(): Behaviour {
  const deaf = misreading((text) => text.replace(/^Transfer-Encoding: chunked\r\n/im, ''));
  return {
    filter: async (_exchange, next) => withHeaders(await next({ invite: () => {} }), { Connection: 'close' }),
    connection: (socket) => {
      deaf.connection?.(socket);
      answerByHttp10(socket);
    },
  };
}

/** A head is written as a text of its own, or with the text behind it. */
function answerByHttp10(socket: Socket): void {
  const write = socket.write.bind(socket) as (data: Uint8Array | string, ...rest: unknown[]) => boolean;
  const older = (data: Uint8Array | string, ...rest: unknown[]) =>
    write(typeof data === 'string' ? data.replace(/^HTTP\/1\.1 /, 'HTTP/1.0 ') : data, ...rest);
  socket.write = older as typeof socket.write;
}
