import type { IncomingMessage } from 'node:http';
import type { RequestHead } from './exchange.ts';

/** What a request says of itself, read once. */
export function requestHead(incoming: IncomingMessage): RequestHead {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
  }
  const bodyBytes = bodyBytesOf(headers);
  const sent = incoming.method ?? '';
  const method = methodOf(sent, headers);
  return {
    method,
    ...(method !== sent && { isOverridden: true }),
    ...targetOf(incoming.url ?? ''),
    headers,
    ...(bodyBytes !== undefined && { bodyBytes }),
  };
}

/**
 * X-HTTP-Method-Override names the method that counts (tus 1.0, Core). Only for POST, which is what clients that
 * cannot send PATCH or DELETE do send: a GET must never change anything, whatever its headers say.
 */
function methodOf(actual: string, headers: Readonly<Record<string, string>>): string {
  return actual === 'POST' ? (headers['x-http-method-override'] ?? actual) : actual;
}

/** A proxy may send the whole URL (RFC 9112, 3.2.2). */
function targetOf(target: string): Pick<RequestHead, 'path' | 'query'> {
  const [path = '', ...rest] = target.replace(/^https?:\/\/[^/?]*/i, '').split('?');
  return { path, query: rest.join('?') };
}

/** HTTP has a body where one of these two headers stands (RFC 9112, 6.3). */
function bodyBytesOf(headers: Readonly<Record<string, string>>): number | undefined {
  if (headers['transfer-encoding'] !== undefined) return undefined;
  return Number(headers['content-length'] ?? 0);
}
