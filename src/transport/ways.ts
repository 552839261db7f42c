import * as http from 'node:http';
import type { KnownBreak } from './breaks.ts';
import type { TransportSettings } from './settings.ts';
import { type Turns, takeTurns } from './turns.ts';

/** One way to servers: it begins requests, and owns the kept-alive connections of that way. */
export interface Way {
  /** Begins a request; the signal of `giveUp` ends what is still being set up for it. */
  readonly begin: (url: URL, options: http.RequestOptions, giveUp: () => AbortSignal) => http.ClientRequest;
  /** Present where a proxy is spoken to: what an error before there was a connection means. */
  readonly unreachable?: (error: unknown) => KnownBreak;
  /** Present where a proxy may answer in the server's place: what such an answer means. */
  readonly refusal?: (status: number) => KnownBreak | undefined;
  readonly turns: Turns;
  /** Ends the connections that wait for another request. */
  readonly dropIdle: () => void;
  readonly close: () => void;
}

export const agentOptions: http.AgentOptions = {
  keepAlive: true,
  noDelay: true,
  // Node gives up an address after 250 ms if the host has another one: too soon for a distant host over a poor line
  // (nodejs/node#54359). RFC 8305, 8, allows up to 2 s.
  autoSelectFamilyAttemptTimeout: 2_000,
} as http.AgentOptions;

/** The way to each URL. TLS and proxies are loaded once a URL asks for them. */
export function createWays(settings: TransportSettings): {
  readonly to: (url: URL) => Promise<Way>;
  readonly close: () => Promise<void>;
} {
  const ways = new Map<string, Promise<Way>>();
  return {
    to: (url) => {
      const proxy = settings.proxyFor?.(url);
      const key = `${url.protocol} ${proxy?.href ?? ''}`;
      const known = ways.get(key) ?? open(url.protocol === 'https:', proxy, settings);
      ways.set(key, known);
      return known;
    },
    close: async () => {
      for (const way of await Promise.all(ways.values())) way.close();
    },
  };
}

async function open(isSecure: boolean, proxy: URL | undefined, settings: TransportSettings): Promise<Way> {
  if (proxy === undefined) {
    if (!isSecure) return wayOver(new http.Agent(agentOptions), http.request);
    return (await import('./secure-way.ts')).secureWay(settings.tls);
  }
  const { forwardedWay, tunnelledWay } = await import('./proxied-ways.ts');
  return isSecure ? tunnelledWay(proxy, settings.tls) : forwardedWay(proxy, settings.tls);
}

/** The way that an agent keeps connections for. */
export function wayOver(
  agent: http.Agent,
  request: (url: URL, options: http.RequestOptions) => http.ClientRequest,
): Way {
  return {
    begin: (url, options) => request(url, { ...options, agent }),
    turns: takeTurns(agent),
    dropIdle: () => {
      for (const sockets of Object.values(agent.freeSockets))
        for (const socket of sockets ?? []) socket.destroy();
    },
    close: () => agent.destroy(),
  };
}
