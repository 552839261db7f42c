import * as http from 'node:http';
import * as https from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { addressOf } from '../protocol/urls.ts';
import { witness } from './certificate.ts';
import { witnessed } from './secure-way.ts';
import { type TlsSettings, tlsOptions } from './settings.ts';
import {
  openTunnel,
  proxyCredentials,
  proxyTrust,
  proxyUnreachable,
  proxyWantsCredentials,
} from './tunnel.ts';
import { agentOptions, type Way, wayOver } from './ways.ts';

/** http: each request is said to the proxy in absolute form (RFC 9112, 3.2.2); common proxies tunnel only to 443. */
export function forwardedWay(proxy: URL, tls: TlsSettings | undefined): Way {
  const address = addressOf(proxy);
  const isSecure = proxy.protocol === 'https:';
  const agent = isSecure
    ? witnessed(new https.Agent({ ...agentOptions, ...proxyTrust(proxy, tls) }))
    : new http.Agent(agentOptions);
  const request = isSecure ? https.request : http.request;
  const credentials = proxyCredentials(proxy);
  return {
    ...wayOver(agent, (url, options) =>
      request({
        ...options,
        ...address,
        path: `${url.origin}${url.pathname}${url.search}`,
        headers: { ...(options.headers as http.OutgoingHttpHeaders), Host: url.host, ...credentials },
      }),
    ),
    unreachable: (error) => proxyUnreachable(proxy, error),
    refusal: (status) => (status === 407 ? proxyWantsCredentials(proxy) : undefined),
  };
}

/** https: TLS with the server itself, through a tunnel of the proxy. */
export function tunnelledWay(proxy: URL, tls: TlsSettings | undefined): Way {
  const agent = new TunnelAgent(proxy, tls);
  return {
    ...wayOver(agent, https.request),
    begin: (url, options, giveUp) =>
      https.request(url, { ...options, agent, giveUp: giveUp() } as https.RequestOptions),
  };
}

type TunnelOptions = https.RequestOptions & { readonly giveUp: AbortSignal };

class TunnelAgent extends https.Agent {
  readonly #proxy: URL;
  readonly #tls: TlsSettings | undefined;

  constructor(proxy: URL, tls: TlsSettings | undefined) {
    super({ ...agentOptions, ...tlsOptions(tls) });
    this.#proxy = proxy;
    this.#tls = tls;
  }

  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const done = callback as (error: Error | null, stream?: Duplex) => void;
    this.#secured(options as TunnelOptions).then((socket) => done(null, socket), done);
    return undefined;
  }

  /** A connection to the server on which TLS is set up, and its certificate judged. */
  async #secured(options: TunnelOptions): Promise<TLSSocket> {
    const { giveUp: signal } = options;
    const host = String(options.host ?? '').replace(/^\[|\]$/g, '');
    const tcp = await openTunnel(this.#proxy, { host, port: Number(options.port), signal }, this.#tls);
    const tls = super.createConnection({ ...options, socket: tcp } as https.RequestOptions) as TLSSocket;
    witness(tls);
    const abandon = () => tls.destroy(new Error('given up'));
    signal.addEventListener('abort', abandon, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        tls.once('error', reject);
        tls.once('secureConnect', () => {
          tls.off('error', reject);
          resolve();
        });
      });
    } finally {
      signal.removeEventListener('abort', abandon);
    }
    return tls;
  }
}
