import { isPutOff, outcomeOf, overlapsAnother } from './answers.ts';
import { dialects } from './dialect.ts';
import type { Exchange, Recording } from './recording.ts';
import type { Target } from './target.ts';

/** How often what is put off is sent before it is given up. */
export const MOST_TRIES = 5;

/**
 * A server that limits requests, and was asked again as it wished, has shown nothing of what was asked. Looks for it
 * among some of the exchanges.
 */
export function whyPutOff(
  among: readonly Exchange[],
  exchanges: readonly Exchange[] = among,
): string | undefined {
  const putOff = among.find(
    (exchange) =>
      isPutOff(exchange) &&
      !exchange.repeated &&
      !isLocked(exchange, exchanges) &&
      !isShutOut(exchange, exchanges),
  );
  if (putOff === undefined) return undefined;
  const answered = `${putOff.sent.method} answered ${outcomeOf(putOff)}`;
  return `the server limits requests (${answered}): --jobs 1 asks for less at a time; or raise the limit for this run`;
}

/**
 * 503 is also how a lock says that it is still held (protocol v1): to an upload on which a chunk broke off before, or
 * came beside another request.
 */
export function isLocked(putOff: Exchange, exchanges: readonly Exchange[]): boolean {
  const earlier = exchanges.filter(({ n, url }) => n < putOff.n && url === putOff.url);
  const leavesLock = (exchange: Exchange) =>
    exchange.sent.method === 'PATCH' && (exchange.answer === undefined || overlapsAnother(exchange, earlier));
  return putOff.answer?.status === 503 && earlier.some(leavesLock);
}

/**
 * A lock that is never released says so at one URL for ever, as often as it is asked again when it wishes, while
 * others are answered and not put off. A limit of requests, for each upload or for all, lets in who comes at that time.
 */
function isShutOut({ n, url, answer }: Exchange, exchanges: readonly Exchange[]): boolean {
  const isHeard = (exchange: Exchange) => exchange.answer !== undefined && !isPutOff(exchange);
  const here = exchanges.filter((exchange) => exchange.url === url);
  const heardLast = Math.max(0, ...here.filter(isHeard).map((exchange) => exchange.n));
  const inVain = here.filter((exchange) => exchange.n > heardLast && exchange.repeated);
  const others = exchanges.filter((exchange) => exchange.url !== url);
  const [first] = inVain;
  if (first === undefined || inVain.length < MOST_TRIES - 1 || n < first.n || answer?.status !== 503)
    return false;
  return others.some((exchange) => exchange.n > first.n && isHeard(exchange)) && !others.some(isPutOff);
}

/**
 * What was put off and never heard: of a crowd some may be put off, which is for the check to judge, and what
 * waits for a lock that says 503 asks the same again until it is heard.
 */
export function putOffAlone(
  { exchanges }: Pick<Recording, 'exchanges'>,
  target: Target,
): readonly Exchange[] {
  return exchanges.filter(
    (exchange) =>
      isPutOff(exchange) &&
      !asksIfAlive(exchange, target) &&
      !overlapsAnother(exchange, exchanges) &&
      !isHeardLater(exchange, exchanges),
  );
}

/** Who asks only whether the server is there is told so by 503 as well, and does not ask again. */
function asksIfAlive({ url, sent, answer }: Exchange, { aliveUrl, protocol }: Target): boolean {
  const isQuestion = url === aliveUrl && sent.method === dialects[protocol].aliveMethod;
  return isQuestion && answer?.status === 503;
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
