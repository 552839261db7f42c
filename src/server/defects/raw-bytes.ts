import type { Behaviour } from '../parts.ts';

/** Mistakes below the handlers: what a careless HTTP parser, or a proxy in front, makes of the bytes of a request. */

type Listener = (bytes: Buffer) => void;

/** The parser gets the bytes that `change` makes of those that came, one byte a character. */
export function misreading(change: (text: string) => string): Behaviour {
  return hearing((bytes, parse) => parse(Buffer.from(change(bytes.toString('latin1')), 'latin1')));
}

/** Bytes to which the question says yes are answered with this head instead of being parsed, and the connection ends. */
export function answeringBytes(isMeant: (text: string) => boolean, statusLine: string): Behaviour {
  return hearing((bytes, parse, socket) => {
    if (!isMeant(bytes.toString('latin1'))) parse(bytes);
    else socket.end(`HTTP/1.1 ${statusLine}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
}

type Socket = Parameters<NonNullable<Behaviour['connection']>>[0];

function hearing(hear: (bytes: Buffer, parse: Listener, socket: Socket) => void): Behaviour {
  return {
    connection: (socket) => {
      // To listen takes the socket from the parser's fast path: from then on every byte comes by here.
      const parsers = socket.listeners('data') as Listener[];
      socket.removeAllListeners('data');
      socket.on('data', (bytes: Buffer) =>
        hear(
          bytes,
          (changed) => {
            for (const parse of parsers) parse.call(socket, changed);
          },
          socket,
        ),
      );
    },
  };
}
