import { setImmediate as afterReading } from 'node:timers/promises';
import type { Dial, HeaderLines } from '../../protocol/connection.ts';
import { isSensitive } from '../../protocol/redaction.ts';
import { endedMeanwhile } from '../answers.ts';
import type { ProtocolId } from '../check.ts';
import { dialects } from '../dialect.ts';
import type { Exchange } from '../recording.ts';
import type { Target } from '../target.ts';
import { forever } from '../unless-aborted.ts';
import { type Link, type OpenRequest, openLink } from './link.ts';
import type { WaitTools } from './patience.ts';
import { untilTaken } from './put-off.ts';
import type { Recorder } from './recorder.ts';
import type { Identity, Request, RequestOptions } from './request.ts';
import { mayBeUnread } from './unread.ts';

/** What all requests of a run have in common. */
export interface Access {
  readonly dial: Dial;
  /** Credentials go to this origin and to no other. */
  readonly origin: string;
  readonly timeoutMs: number;
  readonly tokens: Readonly<Partial<Record<Identity, string>>>;
  /** What each token is good for, where tokens are bound to artifacts. */
  readonly artifacts?: Readonly<Partial<Record<Identity, string>>>;
  /** The user's own headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Requests of one scenario. */
export interface Requests {
  /** One request and its answer, over a kept-alive connection where nothing speaks against it. */
  readonly request: (method: string, url: string, options?: RequestOptions) => Promise<Exchange>;
  /** Writes a request over a connection of its own and leaves the answer for later: for stalls and overlaps. */
  readonly begin: (
    method: string,
    url: string,
    options?: RequestOptions,
  ) => Promise<OpenRequest & { link: Link }>;
  /** A connection of its own, for several requests or none. */
  readonly open: () => Promise<Link>;
  /** GET whose whole body is handed out, beside the exchange that describes it. */
  readonly download: (url: string, mostBytes: number) => Promise<{ exchange: Exchange; bytes?: Uint8Array }>;
  readonly close: () => void;
  /** Whether something was not answered while other connections were all that the server serves at once. */
  readonly isStarved: () => boolean;
}

/** RFC 9112, 9.5: a server may end an idle connection at any time, and many do so after a few seconds. */
const IDLE_MS = 1500;
/** A scenario that asks more than this is our mistake, not the server's: locks that are waited for for ten minutes come to 1,200. */
const MOST_REQUESTS = 2000;

export function createRequests(
  access: Access,
  { protocol, servesAtOnce }: Pick<Target, 'protocol' | 'servesAtOnce'>,
  recorder: Recorder,
  signal: AbortSignal,
  time: Pick<WaitTools, 'pause' | 'patience' | 'aside'>,
): Requests {
  const links = new Set<Link>();
  let isStarved = false;
  let idle: { link: Link; sinceMs: number } | undefined;

  const open = async (origin: URL): Promise<Link> => {
    if (signal.aborted) await forever();
    if (recorder.exchanges.filter(({ repeated }) => !repeated).length >= MOST_REQUESTS)
      throw new Error(`more than ${MOST_REQUESTS} requests`);
    const link = await openLink({
      dial: access.dial,
      recorder,
      number: links.size + 1,
      origin,
      timeoutMs: access.timeoutMs,
      common: (request) => commonLines(request, access, protocol),
      signal,
      unanswered: () => {
        // The one that got no answer is among them.
        const open = [...links].filter((each) => each.isOpen()).length;
        if (servesAtOnce !== undefined && open > servesAtOnce) isStarved = true;
      },
    });
    links.add(link);
    // The scenario's time may have run out while the connection was made.
    if (signal.aborted) link.close();
    return link;
  };

  /** The idle connection to that origin, if it may still be used. */
  const takeIdle = async (origin: URL): Promise<Link | undefined> => {
    const kept = idle;
    idle = undefined;
    if (kept === undefined) return undefined;
    // What the server has sent or ended meanwhile is seen first: stray bytes must not garble the next answer.
    await afterReading();
    const { sizeBytes } = await kept.link.stray(0);
    const isFresh = recorder.nowMs() - kept.sinceMs < IDLE_MS && origin.origin === access.origin;
    if (isFresh && sizeBytes === 0 && kept.link.isReusable()) return kept.link;
    kept.link.close();
    return undefined;
  };

  const giveBack = (link: Link, last: Exchange) => {
    const isFit = link.isReusable() && !mayBeUnread(last);
    if (servesAtOnce !== undefined || !isFit || idle !== undefined) link.close();
    else idle = { link, sinceMs: recorder.nowMs() };
  };

  const sendOver = async (link: Link, request: Request): Promise<OpenRequest> => {
    const begun = await link.begin(request);
    await begun.answer();
    giveBack(link, begun.exchange);
    return begun;
  };

  const send = async (request: Request): Promise<OpenRequest> => {
    const kept = isOrdinary(request) ? await takeIdle(request.url) : undefined;
    const first = await sendOver(kept ?? (await open(request.url)), request);
    if (kept === undefined || !endedMeanwhile(first.exchange)) return first;
    first.markRepeated();
    return sendOver(await open(request.url), request);
  };

  const readAll = async (url: URL, answerBytes: number): Promise<OpenRequest> => {
    const link = await open(url);
    const begun = await link.begin({ method: 'GET', url, answerBytes });
    await begun.answer();
    link.close();
    return begun;
  };

  return {
    request: async (method, href, options = {}) => {
      const request: Request = { ...options, method, url: new URL(href) };
      if (options.cut) return cutShort(await open(request.url), request);
      return (await untilTaken(() => send(request), options, recorder.exchanges, time)).exchange;
    },
    begin: async (method, href, options = {}) => {
      const url = new URL(href);
      const link = await open(url);
      return { ...(await link.begin({ ...options, method, url })), link };
    },
    open: () => open(new URL(access.origin)),
    download: async (href, mostBytes) => {
      const read = () => readAll(new URL(href), mostBytes);
      const begun = await untilTaken(read, {}, recorder.exchanges, time);
      const bytes = begun.answerBody();
      return { exchange: begun.exchange, ...(bytes && { bytes }) };
    },
    close: () => {
      for (const link of links) link.close();
    },
    isStarved: () => isStarved,
  };
}

/** Behind a half-close a server may still answer; behind the other cuts nobody can hear it. */
const ANSWER_TO_FIN_MS = 1000;

async function cutShort(link: Link, request: Request): Promise<Exchange> {
  const begun = await link.begin(request);
  if (request.cut?.by === 'fin') await begun.answer(ANSWER_TO_FIN_MS);
  link.close();
  return begun.exchange;
}

/** What is paced or hand-written gets a connection of its own, so that nothing before it can disturb it. */
function isOrdinary({ alone, headPace, bodyPace, target, version }: RequestOptions): boolean {
  return !alone && [headPace, bodyPace, target, version].every((special) => special === undefined);
}

const USER_AGENT = 'pulse-upload-verify';

function commonLines({ url, as = 'owner' }: Request, access: Access, protocol: ProtocolId): HeaderLines {
  const agent = [['User-Agent', USER_AGENT]] as const;
  if (url.origin !== access.origin) return agent;
  const token = access.tokens[as];
  const credential = token === undefined ? [] : [dialects[protocol].credential(token)];
  // The user's own headers may be a credential too.
  const own = Object.entries(access.headers).filter(([name]) => as === 'owner' || !isSensitive(name));
  return [...agent, ...credential, ...own];
}
