import { isIP, Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { connect as connectTls } from 'node:tls';
import type { Connection, Dial, RawBreak } from '../protocol/connection.ts';
import { addressOf } from '../protocol/urls.ts';
import { breakOf } from './breaks.ts';
import { witness } from './certificate.ts';
import { RawConnection } from './raw-connection.ts';
import { type TransportSettings, tlsOptions } from './settings.ts';
import type { TunnelTo } from './tunnel.ts';

export interface RawTransportSettings extends TransportSettings {
  /** The clock of all times that connections report. */
  readonly nowMs?: () => number;
}

/**
 * Connections over node:net and node:tls, for requests whose every byte matters. No pooling, no repeats, no redirects.
 * A proxy is gone through for https only: one that reads http would answer for itself, and be what is tested.
 */
export function createDial(settings: RawTransportSettings = {}): Dial {
  const nowMs = settings.nowMs ?? (() => performance.now());
  return async (origin, { timeoutMs }) => {
    const giveUp = new AbortController();
    try {
      return await within(timeoutMs, open(origin, settings, nowMs, giveUp.signal));
    } catch (error) {
      giveUp.abort();
      return connectBreak(error);
    }
  };
}

async function open(
  origin: URL,
  settings: RawTransportSettings,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<Connection> {
  const { host, port } = addressOf(origin);
  const secure = origin.protocol === 'https:';
  const proxy = secure ? settings.proxyFor?.(origin) : undefined;
  const tcp =
    proxy === undefined
      ? await direct({ host, port, signal })
      : await (await import('./tunnel.ts')).openTunnel(proxy, { host, port, signal }, settings.tls);
  if (!secure) return new RawConnection(tcp, tcp, nowMs);

  signal.addEventListener('abort', () => tcp.destroy(), { once: true });
  const serverName = isIP(host) === 0 ? { servername: host } : {};
  // Half-open like the socket below it.
  const tls = connectTls({
    ...tlsOptions(settings.tls),
    ...serverName,
    // What the certificate must name, where it is an address.
    host,
    socket: tcp,
    ALPNProtocols: ['http/1.1'],
  });
  witness(tls);
  await opened(tls, 'secureConnect');
  return new RawConnection(tls, tcp, nowMs);
}

async function direct({ host, port, signal }: TunnelTo): Promise<Socket> {
  const tcp = new Socket({ allowHalfOpen: true });
  signal.addEventListener('abort', () => tcp.destroy(), { once: true });
  // Nagle's algorithm would join the segments that a caller wants apart.
  tcp.setNoDelay(true);
  await opened(tcp, 'connect', () => tcp.connect({ host, port }));
  return tcp;
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
  const { cause, detail, hint } = breakOf(error);
  return { kind: 'break', cause, detail: hint === undefined ? detail : `${detail}; ${hint}`, received };
}
