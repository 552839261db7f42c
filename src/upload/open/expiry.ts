import type { Answer } from '../../protocol/wire.ts';
import { isSuccess } from '../faults.ts';
import type { Tools } from '../settings.ts';
import type { UploadRecord } from '../state/record.ts';

/** Clocks that differ by less are as good as the same. */
const MOST_SKEW_MS = 60_000;

/**
 * The same tools, which notice when the server says that it will remove an unfinished upload (Upload-Expires of the
 * tus extension "expiration") and write that into every record, by the clock of this machine.
 */
export function noticingExpiry<T extends Tools>(tools: T): T {
  let expiresAt: string | undefined;
  return {
    ...tools,
    send: async (request, conditions) => {
      const outcome = await tools.send(request, conditions);
      if (outcome.kind === 'break' || !isSuccess(outcome)) return outcome;
      const said = termIn(outcome, tools.clock.dateMs());
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

/** The server's term is for unfinished uploads; a finalize that may have worked is not forgotten with it. */
export function isExpired(
  { expiresAt, phase }: Pick<UploadRecord, 'expiresAt' | 'phase'>,
  nowMs: number,
): boolean {
  return phase === 'sending' && expiresAt !== undefined && Date.parse(expiresAt) < nowMs;
}

/** An HTTP date (RFC 9110, 5.6.7) as ISO 8601; undefined where it is none. It is meant by the clock of who says it. */
function termIn({ headers }: Answer, nowMs: number): string | undefined {
  const termMs = Date.parse(headers['upload-expires'] ?? '');
  if (Number.isNaN(termMs)) return undefined;
  const skewMs = nowMs - Date.parse(headers.date ?? '');
  const term = new Date(Math.abs(skewMs) > MOST_SKEW_MS ? termMs + skewMs : termMs);
  // Beyond the year 275760 there are no dates here: as good as no term.
  return Number.isNaN(term.getTime()) ? undefined : term.toISOString();
}
