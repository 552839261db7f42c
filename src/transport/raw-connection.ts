import type { Socket } from 'node:net';
import type {
  AnswerLimits,
  Connection,
  Pace,
  PeerState,
  RawAnswer,
  RawBreak,
} from '../protocol/connection.ts';
import { MalformedAnswer } from './answer-head.ts';
import { AnswerParser, EndlessAnswer } from './answer-parser.ts';

/** What may wait unread before the socket is paused, so that a flood cannot fill the memory. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const MAX_BODY_BYTES = 1024 * 1024;
/** What a report shows of an answer that never became one. */
const KEPT_OF_BREAK_BYTES = 2048;
/** Written at a time, so that a peer that stops reading is noticed early. */
const SLICE_BYTES = 64 * 1024;
/** A peer that has answered and takes no more for this long has said all it will. */
const ANSWERED_AND_DEAF_MS = 250;
const SHORT_PAUSE_MS = 20;

/**
 * No wait counts for more than this at a time. Where it took longer, this process stood still (a busy machine), and so may
 * the server have done: neither is to blame for it.
 */
const LONGEST_COUNTED_MS = 100;

interface Wait {
  leftMs: number;
}

/** See Connection. One reader at a time; all waiting is bounded by its caller. */
export class RawConnection implements Connection {
  readonly #socket: Socket;
  readonly #tcp: Socket;
  readonly #nowMs: () => number;
  #unread: Buffer[] = [];
  #unreadBytes = 0;
  #firstByteMs = 0;
  #peer: PeerState = 'open';
  #wake: () => void = () => {};

  /** `tcp` carries `socket` where TLS is spoken, and is the same otherwise. */
  constructor(socket: Socket, tcp: Socket, nowMs: () => number) {
    this.#socket = socket;
    this.#tcp = tcp;
    this.#nowMs = nowMs;
    socket.on('data', (bytes) => this.#arrived(bytes));
    socket.on('end', () => this.#ended('fin'));
    // Under TLS the error may be reported by either socket; unheard it would end the process.
    socket.on('error', () => this.#ended('reset'));
    tcp.on('error', () => this.#ended('reset'));
    socket.on('close', () => this.#ended('fin'));
  }

  readonly write = async (
    bytes: Uint8Array,
    { segmentBytes = SLICE_BYTES, pauseMs = 0, timeoutMs }: Pace & { readonly timeoutMs: number },
  ): Promise<number> => {
    const deadlineMs = this.#nowMs() + timeoutMs;
    let writtenBytes = 0;
    while (writtenBytes < bytes.length) {
      const segment = bytes.subarray(writtenBytes, writtenBytes + segmentBytes);
      if (!(await this.#handOver(segment, deadlineMs))) break;
      writtenBytes += segment.length;
      if (pauseMs > 0 && writtenBytes < bytes.length) await pause(pauseMs);
    }
    return writtenBytes;
  };

  readonly answer = async (method: string, limits: AnswerLimits): Promise<RawAnswer | RawBreak> => {
    const wait = { leftMs: limits.timeoutMs };
    const parser = new AnswerParser(method, limits.bodyBytes ?? MAX_BODY_BYTES);
    let kept = Buffer.alloc(0);
    const broken = (cause: RawBreak['cause'], detail: string): RawBreak => {
      const head = parser.head;
      return { kind: 'break', cause, detail, received: kept, ...(head && { head }) };
    };
    let firstByteMs = 0;
    try {
      for (;;) {
        const bytes = this.#takeUnread();
        if (firstByteMs === 0 && bytes.length > 0) firstByteMs = this.#firstByteMs;
        if (kept.length < KEPT_OF_BREAK_BYTES) {
          kept = Buffer.concat([kept, bytes]).subarray(0, KEPT_OF_BREAK_BYTES);
        }
        const complete = parser.push(bytes) || (this.#peer !== 'open' && this.#endCompletes(parser));
        if (complete && parser.answer !== undefined) {
          this.#putBack(parser.rest);
          return { kind: 'answer', ...parser.answer, firstByteMs };
        }
        if (this.#peer !== 'open' && this.#unreadBytes === 0)
          return broken(...this.#lost(kept.length, parser));
        if (!(await this.#news(wait))) {
          return broken('timeout', tooLate(limits.timeoutMs, kept.length, parser));
        }
      }
    } catch (error) {
      if (error instanceof MalformedAnswer) {
        return broken('not-http', `the answer is not HTTP: ${error.message}`);
      }
      if (error instanceof EndlessAnswer) return broken('too-long', error.message);
      throw error;
    }
  };

  readonly unread = async (windowMs: number): Promise<Uint8Array> => {
    const wait = { leftMs: windowMs };
    while (this.#peer === 'open' && this.#unreadBytes < MAX_UNREAD_BYTES && (await this.#news(wait))) {
      // Whatever arrives is gathered until the window is over.
    }
    return Buffer.concat(this.#unread);
  };

  readonly peerEnd = async (withinMs: number): Promise<PeerState> => {
    const wait = { leftMs: withinMs };
    while (this.#peer === 'open' && this.#unreadBytes < MAX_UNREAD_BYTES && (await this.#news(wait))) {
      // Bytes that arrive meanwhile stay unread.
    }
    return this.#peer;
  };

  readonly peer = (): PeerState => this.#peer;

  readonly fin = (): void => {
    this.#socket.end();
  };

  readonly reset = (): void => {
    if (!this.#tcp.destroyed) this.#tcp.resetAndDestroy();
    this.#socket.destroy();
  };

  readonly close = (): void => {
    this.#socket.destroy();
    this.#tcp.destroy();
  };

  /** Writes one segment; false where the kernel did not take it. */
  #handOver(segment: Uint8Array, deadlineMs: number): Promise<boolean> {
    if (this.#peer === 'reset' || !this.#socket.writable) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (taken: boolean) => {
        clearTimeout(expired);
        clearInterval(deaf);
        resolve(taken);
      };
      const giveUp = () => setImmediate(() => settle(false));
      const expired = setTimeout(giveUp, Math.max(0, deadlineMs - this.#nowMs()));
      const deaf = setInterval(() => {
        if (this.#hasAnswered()) giveUp();
      }, ANSWERED_AND_DEAF_MS);
      this.#socket.write(segment, (error) => settle(error == null));
    });
  }

  /** Whether a final answer has begun to arrive; a 100 Continue asks for more. */
  #hasAnswered(): boolean {
    const start = Buffer.concat(this.#unread).subarray(0, KEPT_OF_BREAK_BYTES).toString('latin1');
    return /(?:^|\r\n\r\n)HTTP\/1\.[01] [2-5]/.test(start);
  }

  #arrived(bytes: Buffer): void {
    if (this.#unreadBytes === 0) this.#firstByteMs = this.#nowMs();
    this.#unread.push(bytes);
    this.#unreadBytes += bytes.length;
    if (this.#unreadBytes >= MAX_UNREAD_BYTES) this.#socket.pause();
    this.#wake();
  }

  #ended(how: 'fin' | 'reset'): void {
    if (this.#peer === 'open' || how === 'reset') this.#peer = how;
    this.#wake();
  }

  #takeUnread(): Buffer {
    const bytes = this.#unread.length === 1 ? this.#unread[0] : undefined;
    const all = bytes ?? Buffer.concat(this.#unread);
    this.#unread = [];
    this.#unreadBytes = 0;
    if (this.#socket.isPaused()) this.#socket.resume();
    return all;
  }

  #putBack(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#unread.unshift(bytes);
    this.#unreadBytes += bytes.length;
  }

  /** A reset is no orderly end: it never completes an answer that only the end of the connection completes. */
  #endCompletes(parser: AnswerParser): boolean {
    return this.#peer === 'fin' && this.#unreadBytes === 0 && parser.end();
  }

  #lost(receivedBytes: number, parser: AnswerParser): [RawBreak['cause'], string] {
    const when = receivedBytes === 0 ? 'without an answer' : parser.progress;
    return this.#peer === 'reset'
      ? ['reset', `the connection was reset ${when}`]
      : ['closed', `the connection was closed ${when}`];
  }

  /** Waits for bytes or for the end; false once no time is left. */
  async #news(wait: Wait): Promise<boolean> {
    for (;;) {
      const mostMs = Math.min(Math.max(0, wait.leftMs), LONGEST_COUNTED_MS);
      const startMs = this.#nowMs();
      const isNews = await this.#newsWithin(mostMs);
      wait.leftMs -= isNews ? Math.min(this.#nowMs() - startMs, mostMs) : mostMs;
      if (isNews || wait.leftMs <= 0) return isNews;
    }
  }

  /** After a standstill of this whole process timers fire before what arrived is read: that is news too. */
  #newsWithin(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      let reading: NodeJS.Immediate | undefined;
      const settle = (news: boolean) => {
        clearTimeout(timer);
        clearImmediate(reading);
        this.#wake = () => {};
        resolve(news);
      };
      // The end is read one turn behind the bytes before it.
      const expire = (turns = 2) => {
        reading = setImmediate(() => (turns > 1 ? expire(turns - 1) : settle(false)));
      };
      const timer = ms > 0 ? setTimeout(() => expire(), ms) : undefined;
      if (timer === undefined) expire();
      this.#wake = () => settle(true);
    });
  }
}

function tooLate(timeoutMs: number, receivedBytes: number, parser: AnswerParser): string {
  return receivedBytes === 0
    ? `no answer came within ${inWords(timeoutMs)}`
    : `the answer was not complete within ${inWords(timeoutMs)}: it stopped ${parser.progress}`;
}

/** Of short pauses: after a standstill of this whole process one would be over before the peer had read what is apart. */
async function pause(ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= SHORT_PAUSE_MS) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(leftMs, SHORT_PAUSE_MS)));
  }
}

function inWords(timeMs: number): string {
  return timeMs < 1000 ? `${timeMs} ms` : `${timeMs / 1000} s`;
}
