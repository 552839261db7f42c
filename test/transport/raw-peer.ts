import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export interface Peer {
  readonly origin: URL;
  /** Everything that arrived, connection after connection. */
  readonly received: Buffer[];
  readonly stop: () => Promise<void>;
}

/** A server on a free loopback port that does with each connection what the test says. */
export async function startPeer(serve: (socket: Socket) => void, tls?: TlsOptions): Promise<Peer> {
  const received: Buffer[] = [];
  const open = new Set<Socket>();
  const accept = (socket: Socket) => {
    socket.on('data', (bytes) => received.push(bytes));
    socket.on('error', () => {});
    serve(socket);
  };
  const server: Server = tls
    ? createTlsServer({ ...tls, allowHalfOpen: true } as TlsOptions, accept)
    : createServer({ allowHalfOpen: true }, accept);
  // Under TLS also those whose handshake fails.
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: new URL(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`),
    received,
    stop: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
