import type { HeaderLines, RawAnswer, RawBreak } from '../../protocol/connection.ts';
import { withTexts } from '../../protocol/json.ts';
import { type Redact, redactor, type Secret } from '../../protocol/redaction.ts';
import type { AnswerRecord, BrokenRecord, Exchange, HeadRecord, SentRecord } from '../recording.ts';
import { bodyRecord } from './body.ts';
import { isUnderWay } from './creations.ts';
import type { RequestBytes } from './request.ts';

/** Exchanges as they happen. A pending one is in the list from its first byte on. */
export interface Recorder {
  readonly exchanges: readonly Exchange[];
  readonly begin: (connection: number, request: BegunRequest) => Pending;
  /** Notes that we ended what has no answer yet. */
  readonly cutAll: () => void;
  /** Ms since the scenario began. */
  readonly nowMs: () => number;
  readonly sentBytes: () => number;
  readonly redact: Redact;
  /** Replaces a secret that an answer has just given, in everything recorded so far and from now on. */
  readonly hide: (secret: Secret) => void;
}

export interface BegunRequest {
  readonly method: string;
  readonly url: URL;
  readonly bytes: RequestBytes;
}

export interface Pending {
  readonly exchange: Exchange;
  readonly wrote: (headBytes: number, bodyBytes: number) => void;
  readonly cutBy: (how: 'fin' | 'reset' | 'close') => void;
  readonly answered: (outcome: RawAnswer | RawBreak) => void;
  readonly repeated: () => void;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type Draft = Writable<Omit<Exchange, 'sent'>> & { readonly sent: Writable<SentRecord> };

export function createRecorder(known: Redact, clockMs: () => number): Recorder {
  const exchanges: Draft[] = [];
  let redactAll = known;
  const redact: Redact = (text) => redactAll(text);
  const startMs = clockMs();
  const sinceStart = (ms: number) => Math.round((ms - startMs) * 10) / 10;
  const nowMs = () => sinceStart(clockMs());
  let sentBytes = 0;

  const begin = (connection: number, { method, url, bytes }: BegunRequest): Pending => {
    const sent: Draft['sent'] = {
      method,
      target: redact(bytes.target),
      headers: redactedLines(bytes.headers, redact),
      body: bodyRecord(bytes.body, redact),
      writtenBytes: 0,
    };
    const at = nowMs();
    const exchange: Draft = {
      n: exchanges.length + 1,
      connection,
      url: redact(url.href),
      sent,
      startedMs: at,
      sentMs: at,
    };
    exchanges.push(exchange);
    return {
      exchange,
      wrote: (headBytes, bodyBytes) => {
        sentBytes += headBytes + bodyBytes;
        exchange.sent.writtenBytes += bodyBytes;
        exchange.sentMs = nowMs();
      },
      cutBy: (how) => {
        exchange.sent.cut = how;
        exchange.endedMs = nowMs();
      },
      answered: (outcome) => {
        exchange.endedMs = nowMs();
        if (outcome.kind === 'break') exchange.broken = brokenRecord(outcome, redact);
        else {
          exchange.answer = answerRecord(outcome, redact);
          exchange.firstByteMs = Math.max(exchange.startedMs, sinceStart(outcome.firstByteMs));
        }
      },
      repeated: () => {
        exchange.repeated = true;
      },
    };
  };
  const cutAll = () => {
    for (const exchange of exchanges.filter(isUnderWay)) {
      exchange.sent.cut = 'close';
      exchange.endedMs = nowMs();
    }
  };
  const hide = (secret: Secret) => {
    const before = redactAll;
    const further = redactor([secret]);
    redactAll = (text) => further(before(text));
    for (const exchange of exchanges) Object.assign(exchange, withTexts(exchange, further));
  };
  return { exchanges, begin, cutAll, nowMs, sentBytes: () => sentBytes, redact, hide };
}

function answerRecord(answer: RawAnswer, redact: Redact): AnswerRecord {
  return {
    ...headRecord(answer, redact),
    version: answer.version,
    framing: answer.framing,
    interim: answer.interim.map((head) => headRecord(head, redact)),
    body: bodyRecord({ bytes: Buffer.from(answer.body), parts: [] }, redact),
  };
}

function brokenRecord({ cause, detail, received, head }: RawBreak, redact: Redact): BrokenRecord {
  const text = Buffer.from(received).toString('latin1');
  return {
    cause,
    detail: redact(detail),
    ...(text !== '' && { received: redact(text) }),
    ...(head && { head: headRecord(head, redact) }),
  };
}

function headRecord(
  head: { status: number; reason: string; headers: HeaderLines },
  redact: Redact,
): HeadRecord {
  return {
    status: head.status,
    reason: redact(head.reason),
    headers: redactedLines(head.headers, redact),
  };
}

function redactedLines(lines: HeaderLines, redact: Redact): HeaderLines {
  return lines.map(([name, value]) => [redact(name), redact(value)] as const);
}
