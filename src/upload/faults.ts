import { type ErrorKind, PulseError } from '../errors.ts';
import { parseRetryAfterMs } from '../protocol/headers.ts';
import { resolveLocation, withoutHash, withoutQuery } from '../protocol/urls.ts';
import type { Answer, Break, Outcome, WireRequest } from '../protocol/wire.ts';

/** What to do about a request that did not succeed. */
export type Remedy =
  /** Try again after a pause; after a PATCH the server's offset decides where. */
  | 'retry'
  /** The same, and everything else that goes to this server pauses too. */
  | 'pause'
  /** The upload is locked, probably by our own dead connection: wait longer. */
  | 'wait'
  /** The offset is not the server's. */
  | 'realign'
  /** 204, which no page is, but it does not say where the upload is now. */
  | 'ask'
  /** The chunk is too large for something on the way. */
  | 'shrink'
  /** The upload is not, or no longer, there. */
  | 'gone'
  /** Trying again cannot help. */
  | 'stop';

export interface Fault {
  readonly remedy: Remedy;
  /** What the run ends as when this fault is the last word. */
  readonly kind: ErrorKind;
  /** One line: the request and what came of it. */
  readonly reason: string;
  readonly hint?: string;
  readonly retryAfterMs?: number;
  /** Present where no complete answer came. */
  readonly broken?: Break;
  /** Present where an answer came. */
  readonly status?: number;
  /** The same answer, for what its headers say. */
  readonly answer?: Answer;
  /** Where it came from, in the end: redirects are followed. */
  readonly answeredAt?: URL;
}

type Rule = readonly [Remedy, ErrorKind, string?];

/** The words to which `uploadFile` adds that the next run resumes, where it does. */
export const again = 'run the same command again';

/** Whether the file has arrived, the server alone can tell. */
export const checkThere = 'check on the server whether the file is there';
export const unlessThere = `${checkThere}; if it is not, upload it again with --no-resume`;

/** The same hint where the next run resumes. In the midst of a sentence these words mean more than that. */
export function resuming(hint: string | undefined): string | undefined {
  return hint?.replace(new RegExp(`${again}(?=;|$)`), `${again}: it resumes`);
}

const busy: Rule = ['retry', 'temporary', again];
/** The server asks for peace, not this request: everything that goes there pauses (client fault C21). */
const crowded: Rule = ['pause', 'temporary', again];
const circle =
  'a redirect is followed within the origin of --server, and not for ever: name the final URL with --server';
const toItself =
  'the server redirects to the very URL that was asked for: who runs it, or a proxy before it, must mend that';
const elsewhere = 'check --server and --protocol';
const look = '-v shows the request and its answer';
const token = 'check the token (--token-file, or the variable PULSE_UPLOAD_TOKEN)';

/** What each status means for a resumable upload. Whatever is not listed follows from its class. */
const byStatus: Readonly<Record<number, Rule>> = {
  401: ['stop', 'refused', token],
  403: ['stop', 'refused', token],
  404: [
    'gone',
    'refused',
    'check --server: the URL below which /uploads is found, or with tus the one that creates uploads',
  ],
  405: ['stop', 'refused', elsewhere],
  408: busy,
  307: ['stop', 'protocol', circle],
  308: ['stop', 'protocol', circle],
  409: [
    'realign',
    'protocol',
    `${again}; if it fails in the same way, run: pulse-upload verify on this server`,
  ],
  410: ['gone', 'refused', elsewhere],
  412: ['stop', 'refused', 'this tool speaks tus 1.0.0; check --protocol'],
  413: ['shrink', 'refused', 'the server, or a proxy before it, limits the size'],
  415: [
    'stop',
    'refused',
    'if it is the form of the chunks that it does not take, try the other --body: raw or multipart',
  ],
  422: [
    'stop',
    'integrity',
    `the server rejects the content and has thrown it away; to send it afresh, ${again}`,
  ],
  423: ['wait', 'temporary', again],
  425: busy,
  429: crowded,
  460: [
    'retry',
    'integrity',
    'the bytes were damaged on their way, or the file changed; run the same command again',
  ],
  501: ['stop', 'refused', elsewhere],
  503: crowded,
  505: ['stop', 'refused', 'the server, or a proxy before it, does not speak HTTP/1.1'],
  507: ['stop', 'temporary', `make room on the server, then ${again}`],
};

function ruleOf(status: number): Rule {
  const listed = byStatus[status];
  if (listed !== undefined) return listed;
  if (status >= 500) return busy;
  if (status >= 400) return ['stop', 'refused', look];
  if (status >= 300)
    return ['stop', 'protocol', 'redirects are not followed: name the final URL with --server'];
  return ['stop', 'protocol', elsewhere];
}

const byBreak: Readonly<Record<Break['cause'], Rule>> = {
  'unknown-host': ['retry', 'temporary', 'check the host name in --server, and the network'],
  refused: ['retry', 'temporary', `check that the server is running at that address; then ${again}`],
  unreachable: ['retry', 'temporary', `check the network; then ${again}`],
  timeout: busy,
  reset: busy,
  tls: [
    'stop',
    'refused',
    'the connection is not trusted, so nothing was sent; check the host name and its certificate',
  ],
  proxy: ['stop', 'refused', 'check the proxy, or name the server in NO_PROXY'],
  'not-http': ['stop', 'protocol', 'check the port and the scheme (http or https) in --server'],
  'too-long': ['stop', 'protocol', 'check --server: this does not answer as an upload server does'],
};

/** The fault of any outcome that its caller could not use. */
export function faultOf(request: WireRequest, outcome: Outcome, nowMs: number): Fault {
  const what = describe(request);
  if (outcome.kind === 'break') {
    const [remedy, kind, usual] = byBreak[outcome.cause];
    const hint = outcome.hint ?? usual;
    return { remedy, kind, reason: `${what}: ${outcome.detail}`, ...(hint && { hint }), broken: outcome };
  }
  const { status } = outcome;
  const [remedy, kind, usual] = ruleOf(status);
  const hint = leadsToItself(request, outcome) ? toItself : usual;
  // A date is meant by the server's own clock, which its answer names: ours may be wrong by hours.
  const serverNowMs = Date.parse(outcome.headers.date ?? '');
  const retryAfterMs = parseRetryAfterMs(
    outcome.headers['retry-after'],
    Number.isNaN(serverNowMs) ? nowMs : serverNowMs,
  );
  return {
    remedy,
    kind,
    reason: `${what} answered ${status}${telling(outcome)}${excerpt(outcome)}`,
    status,
    answer: outcome,
    answeredAt: request.url,
    ...(hint && { hint }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

function leadsToItself({ url }: WireRequest, { status, headers: { location } }: Answer): boolean {
  if (!isRedirect(status) || location === undefined) return false;
  const target = resolveLocation(location, url);
  return target !== undefined && withoutHash(target) === withoutHash(url);
}

export function isSuccess({ status = 0 }: Partial<Pick<Answer, 'status'>>): boolean {
  return status >= 200 && status < 300;
}

export function isRedirect(status = 0): boolean {
  return status >= 300 && status < 400;
}

/** No other URL helps then. */
export function isRedirectToItself({ hint }: PulseError): boolean {
  return hint === toItself;
}

/**
 * Whether a HEAD says that there is no such upload. 403 is one of the answers that tus 1.0 allows for that (Core,
 * HEAD): then it is the protocol's own. One of a firewall, or for a token, says nothing about the upload.
 */
export function isGone({ status, answer }: Fault): boolean {
  if (status === 403) return answer?.headers['tus-resumable'] !== undefined;
  return status === 404 || status === 410;
}

/** Nobody was there at all: other than a broken request, it says nothing about this upload. */
export function isUnreachable({ cause, delivered }: Break): boolean {
  return (
    cause === 'refused' ||
    cause === 'unreachable' ||
    cause === 'unknown-host' ||
    (cause === 'timeout' && !delivered)
  );
}

/** Whether the server may have done what it was asked for, although no success was seen. */
export function mayHaveActed({ broken, status }: Fault): boolean {
  return broken?.delivered === true || (status !== undefined && status >= 500);
}

/** Trying again may help, and where to go on is not in question. */
export function isPassing({ remedy }: Fault): boolean {
  return remedy === 'retry' || remedy === 'pause' || remedy === 'wait';
}

/** A 2xx that is no answer of the protocol: never a guess, always an error. */
export function protocolFault(request: WireRequest, answer: Answer, missing: string): Fault {
  return {
    remedy: 'stop',
    kind: 'protocol',
    reason: `${describe(request)} answered ${answer.status} ${missing}${excerpt(answer)}`,
    hint: `check that --server is the base URL of an upload server, and that no login page or proxy answers in its place; then ${again}`,
    status: answer.status,
    answer,
  };
}

export function errorOf(fault: Fault, details: { readonly hint?: string } = {}): PulseError {
  return new PulseError(fault.kind, fault.reason, {
    hint: details.hint ?? fault.hint,
    status: fault.status,
  });
}

export function describe({ method, url }: Pick<WireRequest, 'method' | 'url'>): string {
  return `${method} ${withoutQuery(url)}`;
}

/** The header that says what would have been right, by status. */
const tellingHeaders: Readonly<Record<number, string>> = {
  405: 'Allow',
  412: 'Tus-Version',
  413: 'Tus-Max-Size',
};

function telling({ status, headers }: Answer): string {
  const name = tellingHeaders[status];
  const value = name === undefined ? undefined : headers[name.toLowerCase()];
  return value === undefined ? '' : ` (${name}: ${value})`;
}

/** What the server said, if it is short text or JSON with an error: often the only clue there is. */
function excerpt(answer: Answer): string {
  if (isRedirect(answer.status)) return ` to ${answer.headers.location ?? 'nowhere'}`;
  const type = answer.headers['content-type'] ?? '';
  if (/html/i.test(type)) return ' (an HTML page)';
  const text = Buffer.from(answer.body).toString('utf8').replace(/\s+/g, ' ').trim();
  return text === '' ? '' : `: ${beginning(text, 160)}`;
}

/** Cut between words: of a token that the server echoes, a part would not be known as one, and so not be hidden. */
function beginning(text: string, length: number): string {
  if (text.length <= length) return text;
  const kept = text.slice(0, length + 1);
  const words = kept.replace(/\S+$/, '').trimEnd();
  return `${words === '' ? kept.replace(/[^\s"'`,;:{}()[\]<>]+$/, '') : words}…`;
}
