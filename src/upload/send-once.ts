import { PulseError } from '../errors.ts';
import type { Protocol } from '../protocol/protocol.ts';
import { resolveLocation } from '../protocol/urls.ts';
import type { Answer, Outcome, WireRequest } from '../protocol/wire.ts';
import { describe, isSuccess } from './faults.ts';
import type { Host, RunTools } from './host/host.ts';
import type { UploadSettings } from './settings.ts';

/** Redirects that one request follows: a chain longer than this is a circle. */
const MAX_REDIRECTS = 5;

/** Who sends, and with what. */
export interface Sender {
  readonly protocol: Protocol;
  readonly settings: UploadSettings;
  readonly tools: RunTools;
  readonly source: { readonly name: string };
}

export interface SendOptions {
  readonly answerTimeoutMs?: number;
  readonly onBodyBytes?: (sentBytes: number) => void;
  /** As in `SendConditions`. */
  readonly onAnswerBytes?: (bytes: Uint8Array, beforeBytes: number) => boolean;
  /** Makes the request anew where its body holds the token, which was renewed. */
  readonly remake?: () => WireRequest;
}

/** What came of a request, and the request as it was sent in the end: redirects change its URL. */
export interface Sent {
  readonly request: WireRequest;
  readonly outcome: Outcome;
}

/**
 * Sends with the user's headers and token, which go to the origin that the user named and nowhere else. Waits while
 * the server asks to be left alone; follows 307 and 308 within the origin with the same method and body; after a 401
 * reads the token again, once. Nothing else is repeated here.
 */
export async function sendOnce(
  sender: Sender,
  request: WireRequest,
  options: SendOptions = {},
): Promise<Sent> {
  const { host } = sender.tools;
  let current = moved(sender, request);
  let moves: readonly (readonly [from: URL, to: URL])[] = [];
  let redirects = 0;
  let renewed = false;
  for (;;) {
    // Awaited only where there is something to wait for: this is on the way of every chunk.
    const pause = host.pause.over(sender.tools.signal);
    if (pause !== undefined) await pause;
    const token = host.token.value();
    const outcome = await sendWith(sender, token, current, options);
    host.outage.saw(outcome);
    const sent = { request: current, outcome };
    if (outcome.kind === 'break') return sent;
    if (outcome.status === 401 && token !== undefined && !renewed && host.token.renewed(token)) {
      renewed = true;
      sayRenewed(sender, current);
      current = moved(sender, options.remake?.() ?? request);
      continue;
    }
    const target = redirects < MAX_REDIRECTS ? redirectWithin(current, outcome) : undefined;
    if (target === undefined) {
      rememberMoves(host, request, moves, outcome);
      return sent;
    }
    redirects += 1;
    if (outcome.status === 308) moves = [...moves, [current.url, target]];
    current = { ...current, url: target };
  }
}

function sendWith(
  { protocol, settings, tools }: Sender,
  token: string | undefined,
  request: WireRequest,
  { answerTimeoutMs, onBodyBytes, onAnswerBytes }: SendOptions,
): Promise<Outcome> {
  if (request.url.origin !== settings.server.origin) throw elsewhere(request.url, settings.server);
  const credentials = token === undefined ? {} : protocol.credentials(token);
  return tools.send(
    { ...request, headers: { ...settings.headers, ...credentials, ...request.headers } },
    {
      idleTimeoutMs: settings.timeoutMs,
      ...(answerTimeoutMs !== undefined && { answerTimeoutMs }),
      ...(onBodyBytes !== undefined && { onBodyBytes }),
      ...(onAnswerBytes !== undefined && { onAnswerBytes }),
      ...(tools.signal && { signal: tools.signal }),
    },
  );
}

/** RFC 9110, 15.4.9: what has moved for good is asked for at its new place from then on. */
function moved({ tools }: Sender, request: WireRequest): WireRequest {
  const url = tools.host.moved.get(request.url.href);
  return url === undefined ? request : { ...request, url };
}

/** Only where the new place speaks the protocol: a login page may say 308 too, and must not be remembered for it. */
function rememberMoves(
  { moved }: Host,
  request: WireRequest,
  moves: readonly (readonly [from: URL, to: URL])[],
  answer: Answer,
): void {
  const speaks = isSuccess(answer) && answer.headers['tus-resumable'] !== undefined;
  if (!speaks) moved.delete(request.url.href);
  else for (const [from, to] of moves) moved.set(from.href, to);
}

/** 307 and 308 keep method and body (RFC 9110, 15.4.8); all others, and other origins, are not followed (fault C28). */
function redirectWithin(request: WireRequest, answer: Answer): URL | undefined {
  if (answer.status !== 307 && answer.status !== 308) return undefined;
  const { location } = answer.headers;
  const target = location === undefined ? undefined : resolveLocation(location, request.url);
  return target?.origin === request.url.origin ? target : undefined;
}

function sayRenewed({ source, tools }: Sender, request: WireRequest): void {
  tools.report({
    type: 'upload.retry',
    file: source.name,
    attempt: 1,
    delayMs: 0,
    reason: `${describe(request)} answered 401; the token was read again and has changed`,
  });
}

export function elsewhere(url: URL, server: URL): PulseError {
  return new PulseError(
    'protocol',
    `the server names an upload URL on another origin (${url.origin}), expected ${server.origin}; nothing was sent there`,
    { hint: 'a server behind a proxy must name its public URL in Location; ask who runs it' },
  );
}
