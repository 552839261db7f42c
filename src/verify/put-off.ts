import { isPutOff, outcomeOf, overlapsAnother } from './answers.ts';
import type { Exchange, Recording } from './recording.ts';

/** A server that limits requests, and was asked again as it wished, has shown nothing of what was asked. */
export function whyPutOff(exchanges: readonly Exchange[]): string | undefined {
  const putOff = exchanges.find((exchange) => isPutOff(exchange) && !exchange.repeated);
  if (putOff === undefined) return undefined;
  const answered = `${putOff.sent.method} answered ${outcomeOf(putOff)}`;
  return `the server limits requests (${answered}): --jobs 1 asks for less at a time; or raise the limit for this run`;
}

/**
 * What was put off and never heard: of a crowd some may be put off, which is for the check to judge, and what
 * waits for a lock that says 503 asks the same again until it is heard.
 */
export function putOffAlone({ exchanges }: Pick<Recording, 'exchanges'>): readonly Exchange[] {
  return exchanges.filter(
    (exchange) =>
      isPutOff(exchange) && !overlapsAnother(exchange, exchanges) && !isHeardLater(exchange, exchanges),
  );
}

function isHeardLater(putOff: Exchange, exchanges: readonly Exchange[]): boolean {
  return exchanges.some(
    (later) =>
      later.n > putOff.n &&
      later.answer !== undefined &&
      !isPutOff(later) &&
      later.url === putOff.url &&
      requestOf(later) === requestOf(putOff),
  );
}

function requestOf({ sent: { method, target, headers, body } }: Exchange): string {
  return JSON.stringify([method, target, headers, body.sizeBytes, body.sha256]);
}
