import type { Report } from '../../events.ts';
import { withoutQuery } from '../../protocol/urls.ts';
import type { Outcome, Send } from '../../protocol/wire.ts';
import { bodyBytes } from '../../protocol/wire.ts';

/** The same transport, telling of each request and what came of it. */
export function observedSend(send: Send, report: Report, nowMs: () => number): Send {
  return async (request, conditions) => {
    const startedMs = nowMs();
    const outcome = await send(request, conditions);
    report({
      type: 'http.exchange',
      method: request.method,
      url: withoutQuery(request.url),
      sentBytes: bodyBytes(request),
      ...(outcome.kind === 'answer' && { status: outcome.status }),
      outcome: inWords(outcome),
      elapsedMs: Math.round(nowMs() - startedMs),
    });
    return outcome;
  };
}

/** What an upload turns on: the status, and the offset or the place that the server names. */
function inWords(outcome: Outcome): string {
  if (outcome.kind === 'break') return outcome.detail;
  const { status, headers } = outcome;
  const telling = ['upload-offset', 'location', 'retry-after'].flatMap((name) => {
    const value = headers[name]?.replace(/\?.*/, '?…');
    return value === undefined ? [] : [`${name}: ${value}`];
  });
  return [String(status), ...telling].join(', ');
}
