import { createSecureContext } from 'node:tls';
import { type TlsSettings, tlsOptions } from './settings.ts';

/**
 * Why no connection could be made with these texts, in the words of OpenSSL (`ca md too weak`); undefined where one
 * could. It refuses more than what cannot be read: signatures and keys that are too weak for its security level.
 */
export function tlsFault(tls: TlsSettings): string | undefined {
  try {
    createSecureContext(tlsOptions(tls));
    return undefined;
  } catch (error) {
    const { reason, message } = error as Error & { readonly reason?: string };
    return reason ?? message;
  }
}
