import type {
  Connection,
  Dial,
  HeaderLines,
  PeerState,
  RawAnswer,
  RawBreak,
} from '../../protocol/connection.ts';
import type { Exchange, StrayRecord } from '../recording.ts';
import { forever } from '../unless-aborted.ts';
import type { Pending, Recorder } from './recorder.ts';
import { type Request, requestBytes } from './request.ts';

/** One connection of a scenario. It never throws for what the server does: that is recorded. */
export interface Link {
  readonly number: number;
  /** Writes a request up to its end, or to where `cut` says, without waiting for the answer. */
  readonly begin: (request: Request) => Promise<OpenRequest>;
  /** Writes a request and reads its answer. */
  readonly send: (request: Request) => Promise<Exchange>;
  /** What arrived within the window and belongs to no answer. */
  readonly stray: (windowMs: number) => Promise<StrayRecord>;
  /** Waits for the server to end its side. */
  readonly peerEnd: (withinMs: number) => Promise<PeerState>;
  /** Whether another request can be sent behind the last answer. */
  readonly isReusable: () => boolean;
  /** Whether neither side has ended it. */
  readonly isOpen: () => boolean;
  readonly fin: () => void;
  readonly reset: () => void;
  readonly close: () => void;
}

/** A request whose answer has not been read; the answers of one connection come in the order of its requests. */
export interface OpenRequest {
  /** The exchange as far as it has come. */
  readonly exchange: Exchange;
  /** Writes more bytes, as they stand. */
  readonly sendMore: (bytes: Uint8Array) => Promise<void>;
  /** Writes what `stallAfterBytes` held back. */
  readonly sendRest: () => Promise<void>;
  readonly answer: (timeoutMs?: number) => Promise<Exchange>;
  /** Notes that the same request follows. */
  readonly markRepeated: () => void;
  /** The whole body of the answer, which the exchange only describes. */
  readonly answerBody: () => Uint8Array | undefined;
}

const RESET_PAUSE_MS = 50;

export interface LinkSettings {
  readonly dial: Dial;
  readonly recorder: Recorder;
  readonly number: number;
  readonly origin: URL;
  /** For connecting, writing and answering, each. */
  readonly timeoutMs: number;
  /** The header lines that this request has in common with all others: credentials and the user's own. */
  readonly common: (request: Request) => HeaderLines;
  /** Nothing is sent once it has fired. */
  readonly signal: AbortSignal;
  /** Told of each answer that did not come in time. */
  readonly unanswered: () => void;
}

export async function openLink(settings: LinkSettings): Promise<Link> {
  const { recorder, number, timeoutMs, origin, signal } = settings;
  const connection = await settings.dial(origin, { timeoutMs });
  let last: RawAnswer | RawBreak | undefined;
  let unanswered = 0;
  let isCutShort = false;
  let isEnded = false;

  const begin = async (request: Request): Promise<OpenRequest> => {
    if (signal.aborted) await forever();
    const bytes = requestBytes(request, settings.common(request));
    const pending = recorder.begin(number, { method: request.method, url: request.url, bytes });
    unanswered += 1;
    const limitMs = request.timeoutMs ?? timeoutMs;
    if (!('kind' in connection) && !(await write(connection, request, bytes, pending, limitMs)))
      isCutShort = true;
    const sendMore = async (more: Uint8Array) => {
      if (!('kind' in connection)) pending.wrote(0, await connection.write(more, { timeoutMs: limitMs }));
    };
    let body: Uint8Array | undefined;
    return {
      exchange: pending.exchange,
      sendMore,
      sendRest: () => sendMore(bytes.body.bytes.subarray(request.stallAfterBytes ?? bytes.body.bytes.length)),
      answer: async (withinMs = limitMs) => {
        const outcome = await answerOf(connection, request, withinMs);
        last = outcome;
        unanswered -= 1;
        pending.answered(outcome);
        if (outcome.kind === 'break' && outcome.cause === 'timeout') settings.unanswered();
        if (outcome.kind === 'answer') body = outcome.body;
        return pending.exchange;
      },
      markRepeated: pending.repeated,
      answerBody: () => body,
    };
  };

  const end = (how: 'reset' | 'close') => {
    isEnded = true;
    if (!('kind' in connection)) connection[how]();
  };

  const link: Link = {
    number,
    begin,
    send: async (request) => (await begin(request)).answer(),
    stray: async (windowMs) => strayOf(connection, await strayBytes(connection, windowMs), recorder),
    peerEnd: async (withinMs) => ('kind' in connection ? 'reset' : connection.peerEnd(withinMs)),
    isReusable: () =>
      unanswered === 0 &&
      !isCutShort &&
      isKept(last) &&
      !('kind' in connection) &&
      connection.peer() === 'open',
    isOpen: () => !isEnded && !('kind' in connection) && connection.peer() === 'open',
    fin: () => 'kind' in connection || connection.fin(),
    reset: () => end('reset'),
    close: () => end('close'),
  };
  return link;
}

async function answerOf(
  connection: Connection | RawBreak,
  request: Request,
  timeoutMs: number,
): Promise<RawAnswer | RawBreak> {
  if ('kind' in connection) return connection;
  const bodyBytes = request.answerBytes === undefined ? {} : { bodyBytes: request.answerBytes };
  return connection.answer(request.method, { timeoutMs, ...bodyBytes });
}

/**
 * Writes head and body, in one go where no pace is asked for, and ends the connection where a cut is. False where the
 * rest was kept back because an answer was there: a server would take the next request for that.
 */
async function write(
  connection: Connection,
  request: Request,
  { head, body }: ReturnType<typeof requestBytes>,
  pending: Pending,
  timeoutMs: number,
): Promise<boolean> {
  const { headPace, bodyPace, cut } = request;
  const wanted = body.bytes.subarray(0, cut?.afterBytes ?? request.stallAfterBytes);
  let writtenBytes = 0;
  if (headPace === undefined && bodyPace === undefined) {
    const written = await connection.write(Buffer.concat([head, wanted]), { timeoutMs });
    writtenBytes = written;
    pending.wrote(Math.min(written, head.length), Math.max(0, written - head.length));
  } else {
    const headBytes = await connection.write(head, { ...headPace, timeoutMs });
    const bodyBytes = await connection.write(wanted, { ...bodyPace, timeoutMs });
    writtenBytes = headBytes + bodyBytes;
    pending.wrote(headBytes, bodyBytes);
  }
  const isWhole = writtenBytes === head.length + wanted.length;
  if (cut === undefined) return isWhole;
  // A reset throws away what the peer has not read yet: a moment lets it read.
  if (cut.by === 'reset') await connection.unread(RESET_PAUSE_MS);
  connection[cut.by]();
  pending.cutBy(cut.by);
  return isWhole;
}

async function strayBytes(connection: Connection | RawBreak, windowMs: number): Promise<Uint8Array> {
  return 'kind' in connection ? new Uint8Array() : connection.unread(windowMs);
}

function strayOf(connection: Connection | RawBreak, bytes: Uint8Array, recorder: Recorder): StrayRecord {
  const text = Buffer.from(bytes.subarray(0, 512)).toString('latin1');
  const peer = 'kind' in connection ? 'reset' : connection.peer();
  return { sizeBytes: bytes.length, text: recorder.redact(text), peer };
}

/** RFC 9112, 9.3: an HTTP/1.1 connection stays open unless the answer says otherwise or ends with it. */
function isKept(answer: RawAnswer | RawBreak | undefined): boolean {
  if (answer?.kind !== 'answer' || answer.version !== '1.1' || answer.framing === 'close') return false;
  return !answer.headers.some(
    ([name, value]) => name.toLowerCase() === 'connection' && /\bclose\b/i.test(value),
  );
}
