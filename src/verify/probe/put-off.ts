import { parseRetryAfterMs } from '../../protocol/headers.ts';
import { headerOf, isPutOff, overlapsAnother } from '../answers.ts';
import { isLocked, MOST_TRIES } from '../put-off.ts';
import type { Exchange } from '../recording.ts';
import type { OpenRequest } from './link.ts';
import type { WaitTools } from './patience.ts';
import type { RequestOptions } from './request.ts';

/** Servers that limit requests: what they put off is asked again, as they wish. */

const MOST_MS = 30_000;
const FIRST_PAUSE_MS = 1000;

/**
 * Sends an ordinary request until it is not put off any more, or to wait has no point. What is cut, paced or
 * hand-written, and what ran beside another request, is as it is.
 */
export async function untilTaken(
  send: () => Promise<OpenRequest>,
  options: RequestOptions,
  exchanges: readonly Exchange[],
  { pause, patience, aside }: Pick<WaitTools, 'pause' | 'patience' | 'aside'>,
): Promise<OpenRequest> {
  let begun = await send();
  if (isSpecial(options)) return begun;
  let waitedMs = 0;
  for (let tries = 1; isAskedAgain(begun.exchange, options); tries++) {
    if (overlapsAnother(begun.exchange, exchanges)) break;
    const pauseMs = pauseBefore(begun.exchange, tries);
    const isInVain = tries === MOST_TRIES || waitedMs + pauseMs > MOST_MS;
    // What a lock takes says nothing of limits, and is not waited for where locks were seen never to open.
    const isHeld = isLocked(begun.exchange, exchanges);
    if (isInVain && !isHeld) patience.spendNoMore();
    if (isInVain || !(isHeld ? patience.busyMs() > 0 : patience.spend(pauseMs))) break;
    begun.markRepeated();
    await aside(() => pause(pauseMs));
    waitedMs += pauseMs;
    begun = await send();
  }
  return begun;
}

/** Whoever only asks whether somebody is there is told by 503 that nobody is. */
function isAskedAgain(exchange: Exchange, { alone }: RequestOptions): boolean {
  return isPutOff(exchange) && !(alone && exchange.answer?.status === 503);
}

/** As the answer says; a date by the server's own clock. */
function pauseBefore(putOff: Exchange, tries: number): number {
  const answeredMs = Date.parse(headerOf(putOff, 'Date') ?? '');
  const asked = parseRetryAfterMs(headerOf(putOff, 'Retry-After'), answeredMs);
  return asked === undefined || Number.isNaN(asked) ? FIRST_PAUSE_MS * 2 ** (tries - 1) : asked;
}

function isSpecial({ cut, headPace, bodyPace, target, version, stallAfterBytes }: RequestOptions): boolean {
  return [cut, headPace, bodyPace, target, version, stallAfterBytes].some((each) => each !== undefined);
}
