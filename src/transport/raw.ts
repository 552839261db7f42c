import { isIP, Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Connection, Dial, RawBreak } from '../protocol/connection.ts';
import { breakOf } from './breaks.ts';
import { RawConnection } from './raw-connection.ts';

export interface RawTransportSettings {
  /** How the server's certificate is judged, for https origins. */
  readonly tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'>;
  /** The clock of all times that connections report. */
  readonly nowMs?: () => number;
}

/** Connections over node:net and node:tls, for requests whose every byte matters. No pooling, no repeats, no redirects. */
export function createDial(settings: RawTransportSettings = {}): Dial {
  const nowMs = settings.nowMs ?? (() => performance.now());
  return async (origin, { timeoutMs }) => {
    const tcp = new Socket({ allowHalfOpen: true });
    try {
      return await within(timeoutMs, open(tcp, origin, settings, nowMs));
    } catch (error) {
      tcp.destroy();
      return connectBreak(error);
    }
  };
}

async function open(
  tcp: Socket,
  origin: URL,
  settings: RawTransportSettings,
  nowMs: () => number,
): Promise<Connection> {
  const host = origin.hostname.replace(/^\[|\]$/g, '');
  const secure = origin.protocol === 'https:';
  const port = origin.port === '' ? (secure ? 443 : 80) : Number(origin.port);
  // Nagle's algorithm would join the segments that a caller wants apart.
  tcp.setNoDelay(true);
  await opened(tcp, 'connect', () => tcp.connect({ host, port }));
  if (!secure) return new RawConnection(tcp, tcp, nowMs);

  const serverName = isIP(host) === 0 ? { servername: host } : {};
  // Half-open like the socket below it.
  const tls = connectTls({
    ...settings.tls,
    ...serverName,
    socket: tcp,
    ALPNProtocols: ['http/1.1'],
  });
  await opened(tls, 'secureConnect');
  return new RawConnection(tls, tcp, nowMs);
}

function opened(socket: Socket, event: 'connect' | 'secureConnect', start?: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once(event, () => {
      socket.off('error', reject);
      resolve();
    });
    start?.();
  });
}

class ConnectTimeout extends Error {}

function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new ConnectTimeout()), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function connectBreak(error: unknown): RawBreak {
  const received = new Uint8Array();
  if (error instanceof ConnectTimeout) {
    return {
      kind: 'break',
      cause: 'timeout',
      detail: 'the connection was not established in time',
      received,
    };
  }
  const { cause, detail } = breakOf(error);
  return { kind: 'break', cause, detail, received };
}
