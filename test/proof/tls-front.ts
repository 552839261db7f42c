import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { cert, key } from '../transport/raw-tls-identity.ts';

export interface TlsFront {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Takes https away in front of a server that knows nothing of it, as proxies do: every byte goes on as it came. */
export async function startTlsFront(serverPort: number): Promise<TlsFront> {
  const sockets = new Set<Socket>();
  const front = createServer({ cert, key, allowHalfOpen: true }, (client) => {
    const server = connect({ host: '127.0.0.1', port: serverPort, allowHalfOpen: true });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.pipe(server);
    server.pipe(client);
  });
  front.on('tlsClientError', () => {});
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  return {
    port: (front.address() as AddressInfo).port,
    close: async () => {
      front.close();
      for (const socket of sockets) socket.destroy();
      await once(front, 'close');
    },
  };
}
