import type { Tools } from './settings.ts';

/**
 * The same tools, which notice when the server says that it will remove an unfinished upload (Upload-Expires of the
 * tus extension "expiration") and write that into every record.
 */
export function noticingExpiry<T extends Tools>(tools: T): T {
  let expiresAt: string | undefined;
  return {
    ...tools,
    send: async (request, conditions) => {
      const outcome = await tools.send(request, conditions);
      if (outcome.kind === 'break' || outcome.status < 200 || outcome.status >= 300) return outcome;
      const said = isoDate(outcome.headers['upload-expires']);
      // A new upload has a term of its own, or none.
      if (said !== undefined || request.method === 'POST') expiresAt = said;
      return outcome;
    },
    store: {
      ...tools.store,
      write: (record) => tools.store.write({ ...record, ...(expiresAt !== undefined && { expiresAt }) }),
    },
  };
}

/** An HTTP date (RFC 9110, 5.6.7) as ISO 8601; undefined where it is none. */
function isoDate(text: string | undefined): string | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
