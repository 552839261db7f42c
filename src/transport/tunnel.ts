import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { addressOf } from '../protocol/urls.ts';
import { breakOf, KnownBreak } from './breaks.ts';
import { witness } from './certificate.ts';
import { type TlsSettings, tlsOptions } from './settings.ts';

/** A proxy's URL as it may be shown. */
function proxyName(proxy: URL): string {
  return `the proxy ${proxy.protocol}//${proxy.host}`;
}

/** Basic credentials for the proxy, out of its URL; they are said to the proxy and to nobody else. */
export function proxyCredentials(proxy: URL): Readonly<Record<string, string>> {
  if (proxy.username === '' && proxy.password === '') return {};
  const pair = `${decoded(proxy.username)}:${decoded(proxy.password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * How a proxy that is reached over TLS is judged. A client certificate is for the server, and so is --insecure. The
 * name is always said: left out, an agent would take it from the Host of the request, which is the server's.
 */
export function proxyTrust(proxy: URL, tls: TlsSettings | undefined): ConnectionOptions {
  const { host } = addressOf(proxy);
  return {
    ...tlsOptions(tls?.ca === undefined ? {} : { ca: tls.ca }),
    servername: isIP(host) === 0 ? host : '',
  };
}

export interface TunnelTo {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
}

/** Bytes to a server through a proxy (CONNECT, RFC 9110, 9.3.6). Rejects with a `KnownBreak`. */
export async function openTunnel(
  proxy: URL,
  { host, port, signal }: TunnelTo,
  tls: TlsSettings | undefined,
): Promise<Socket> {
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const isSecure = proxy.protocol === 'https:';
  const request = (isSecure ? https : http).request({
    ...addressOf(proxy),
    method: 'CONNECT',
    path: target,
    headers: { Host: target, ...proxyCredentials(proxy) },
    signal,
    // A socket of its own, half-open like those without a proxy: what either side ends, the other may go on with.
    createConnection: () => dial(proxy, tls),
  });
  const { status, socket, head } = await new Promise<{ status: number; socket: Socket; head: Buffer }>(
    (resolve, reject) => {
      request.once('connect', ({ statusCode = 0 }, socket, head) =>
        resolve({ status: statusCode, socket: socket as Socket, head }),
      );
      request.once('error', (error) => reject(proxyUnreachable(proxy, error)));
      request.end();
    },
  );
  if (status < 200 || status > 299) {
    socket.destroy();
    throw refusedTunnel(proxy, target, status);
  }
  if (head.length > 0) socket.unshift(head);
  return socket;
}

function dial(proxy: URL, tls: TlsSettings | undefined): Socket {
  const { host, port } = addressOf(proxy);
  const tcp = new Socket({ allowHalfOpen: true });
  tcp.setNoDelay(true).connect({ host, port });
  if (proxy.protocol !== 'https:') return tcp;
  const socket = connectTls({ ...proxyTrust(proxy, tls), host, socket: tcp });
  witness(socket);
  return socket;
}

const checkProxy = 'check HTTPS_PROXY and HTTP_PROXY, or name the server in NO_PROXY';

/** A proxy that cannot be reached is told apart from a server that cannot. */
export function proxyUnreachable(proxy: URL, error: unknown): KnownBreak {
  if (error instanceof KnownBreak) return error;
  const { cause, detail } = breakOf(error);
  return new KnownBreak({
    cause,
    detail: `${proxyName(proxy)}: ${detail}`,
    delivered: false,
    hint: checkProxy,
  });
}

function refusedTunnel(proxy: URL, target: string, status: number): KnownBreak {
  if (status === 407) return proxyWantsCredentials(proxy);
  const isTemporary = status >= 500;
  return new KnownBreak({
    cause: isTemporary ? 'unreachable' : 'proxy',
    detail: isTemporary
      ? `${proxyName(proxy)} could not reach ${target} (it answered ${status})`
      : `${proxyName(proxy)} does not connect to ${target} (it answered ${status})`,
    delivered: false,
    hint: isTemporary ? `check the host name in --server; ${checkProxy}` : checkProxy,
  });
}

export function proxyWantsCredentials(proxy: URL): KnownBreak {
  const gave = 'Proxy-Authorization' in proxyCredentials(proxy);
  return new KnownBreak({
    cause: 'proxy',
    detail: gave
      ? `${proxyName(proxy)} does not accept the user name and password (407)`
      : `${proxyName(proxy)} asks for a user name and a password (407)`,
    delivered: false,
    hint: 'put them into the URL of the proxy: HTTPS_PROXY=http://user:password@host:port (percent-encoded)',
  });
}
