import type { ConnectionOptions } from 'node:tls';

/** How servers are reached; everything absent means directly, and by the authorities that Node knows. */
export interface TransportSettings {
  readonly tls?: TlsSettings;
  /** The proxy on the way to a URL; undefined where the way is direct. User name and password stand in its URL. */
  readonly proxyFor?: (url: URL) => URL | undefined;
}

/** PEM texts. `ca` replaces the authorities that Node knows; `insecure` believes every certificate. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: true;
}

/** Always says whether to verify: left out, NODE_TLS_REJECT_UNAUTHORIZED=0 would decide in silence. */
export function tlsOptions({ insecure, ...identity }: TlsSettings = {}): ConnectionOptions {
  return { ...identity, rejectUnauthorized: insecure !== true };
}
