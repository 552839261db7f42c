import type { AnswerHead, Framing, HeaderLines, RawAnswer } from '../protocol/connection.ts';
import { bodyFraming, MalformedAnswer, parseHead, parseHeaderLines, quoted } from './answer-head.ts';

/** Precedents: node.js 16 KiB, Apache 8 KiB a line, nginx 32 KiB. */
const MAX_HEAD_BYTES = 64 * 1024;
const MAX_CHUNK_LINE_BYTES = 1024;
const MAX_INTERIM_ANSWERS = 32;

/** The answer goes on longer than anybody should read; thrown while parsing. */
export class EndlessAnswer extends Error {}

type ParsedAnswer = Omit<RawAnswer, 'kind' | 'firstByteMs'>;
type State = 'head' | 'body' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'done';

/**
 * Reads one HTTP/1.1 answer, in pieces of any size, strictly by RFC 9112: what a careful client would refuse is
 * refused here too (a lone LF, a blank before a colon, two framings). Throws MalformedAnswer or EndlessAnswer.
 */
export class AnswerParser {
  readonly #method: string;
  readonly #maxBodyBytes: number;
  readonly #interim: AnswerHead[] = [];
  readonly #body: Buffer[] = [];
  #state: State = 'head';
  #waiting: Buffer = Buffer.alloc(0);
  #head: AnswerHead | undefined;
  #framing: Framing = 'none';
  #bodyBytes = 0;
  #remainingBytes = 0;
  #trailers: HeaderLines = [];

  constructor(method: string, maxBodyBytes: number) {
    this.#method = method;
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** Takes in bytes; true once the answer is complete. */
  push(bytes: Uint8Array): boolean {
    this.#waiting = this.#waiting.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#waiting, bytes]);
    while (this.#steps[this.#state]()) {
      // Each step consumes something of what is waiting, or says that it needs more.
    }
    return this.#state === 'done';
  }

  /** The peer sends no more; true if that completes the answer, as it does where nothing else marks the end. */
  end(): boolean {
    if (this.#state === 'body' && this.#framing === 'close') this.#state = 'done';
    return this.#state === 'done';
  }

  /** The final head, once it is complete. */
  get head(): AnswerHead | undefined {
    return this.#head;
  }

  get answer(): ParsedAnswer | undefined {
    if (this.#state !== 'done' || this.#head === undefined) return undefined;
    const { text, ...head } = this.#head;
    const body = Buffer.concat(this.#body);
    return { ...head, text, interim: this.#interim, framing: this.#framing, body, trailers: this.#trailers };
  }

  /** Bytes behind the end of the answer, as long as they have arrived. */
  get rest(): Buffer {
    return this.#waiting;
  }

  /** What has arrived so far, in words for the report of a broken answer. */
  get progress(): string {
    if (this.#head === undefined) return 'before its head was complete';
    const of = this.#framing === 'length' ? ` of ${this.#bodyBytes + this.#remainingBytes}` : '';
    return `after ${this.#bodyBytes}${of} bytes of its body`;
  }

  /** One step for each state: false if more bytes are needed. */
  readonly #steps: Readonly<Record<State, () => boolean>> = {
    head: () => this.#readHead(),
    body: () => this.#readBody(),
    'chunk-size': () => this.#readChunkSize(),
    'chunk-data': () => this.#readBody(),
    'chunk-end': () => this.#readChunkEnd(),
    trailers: () => this.#readTrailers(),
    done: () => false,
  };

  #readHead(): boolean {
    refuseIfNoHttp(this.#waiting);
    const end = this.#endOfLines('\r\n\r\n', MAX_HEAD_BYTES, 'the head of the answer');
    if (end === undefined) return false;
    const head = parseHead(this.#take(end));
    if (head.status < 200 && head.status !== 101) {
      this.#interim.push(head);
      if (this.#interim.length > MAX_INTERIM_ANSWERS) throw new EndlessAnswer('1xx answers do not end');
      return true;
    }
    const { framing, lengthBytes } = bodyFraming(head, this.#method);
    if (lengthBytes > this.#maxBodyBytes) {
      throw new EndlessAnswer(`the answer announces a body of ${lengthBytes} bytes`);
    }
    this.#head = head;
    this.#framing = framing;
    this.#remainingBytes = framing === 'close' ? Number.POSITIVE_INFINITY : lengthBytes;
    this.#state = framing === 'none' ? 'done' : framing === 'chunked' ? 'chunk-size' : 'body';
    return true;
  }

  /** Body bytes until `#remainingBytes` is used up: the whole body, or one chunk of it. */
  #readBody(): boolean {
    const bytes = this.#take(Math.min(this.#waiting.length, this.#remainingBytes));
    this.#body.push(bytes);
    this.#bodyBytes += bytes.length;
    this.#remainingBytes -= bytes.length;
    if (this.#bodyBytes > this.#maxBodyBytes) {
      throw new EndlessAnswer(`the body of the answer is longer than ${this.#maxBodyBytes} bytes`);
    }
    if (this.#remainingBytes > 0) return false;
    this.#state = this.#framing === 'chunked' ? 'chunk-end' : 'done';
    return true;
  }

  #readChunkSize(): boolean {
    const end = this.#endOfLines('\r\n', MAX_CHUNK_LINE_BYTES, 'a chunk size');
    if (end === undefined) return false;
    const line = this.#take(end).toString('latin1').slice(0, -2);
    const [, hex] = /^([0-9a-fA-F]{1,12})(?:[\t ]*;.*)?$/.exec(line) ?? [];
    if (hex === undefined) throw new MalformedAnswer(`a chunk size is ${quoted(line)}`);
    this.#remainingBytes = Number.parseInt(hex, 16);
    this.#state = this.#remainingBytes === 0 ? 'trailers' : 'chunk-data';
    return true;
  }

  #readChunkEnd(): boolean {
    if (this.#waiting.length < 2) return false;
    const end = this.#take(2).toString('latin1');
    if (end !== '\r\n') throw new MalformedAnswer(`a chunk is followed by ${quoted(end)} instead of CRLF`);
    this.#state = 'chunk-size';
    return true;
  }

  #readTrailers(): boolean {
    const none = this.#waiting.length >= 2 && this.#waiting.indexOf('\r\n') === 0;
    const end = none ? 2 : this.#endOfLines('\r\n\r\n', MAX_HEAD_BYTES, 'the trailer section');
    if (end === undefined) return false;
    const text = this.#take(end).toString('latin1');
    this.#trailers = none ? [] : parseHeaderLines(text.slice(0, -4).split('\r\n'));
    this.#state = 'done';
    return true;
  }

  /** Where lines that close with `mark` end; refuses a lone LF, and lines that never end. */
  #endOfLines(mark: string, limitBytes: number, what: string): number | undefined {
    const found = this.#waiting.indexOf(mark, 0, 'latin1');
    const end = found === -1 ? this.#waiting.length : found + mark.length;
    for (
      let at = this.#waiting.indexOf(0x0a);
      at !== -1 && at < end;
      at = this.#waiting.indexOf(0x0a, at + 1)
    ) {
      if (this.#waiting[at - 1] !== 0x0d) throw new MalformedAnswer('a line ends with LF alone');
    }
    if (end > limitBytes) throw new EndlessAnswer(`${what} is longer than ${limitBytes} bytes`);
    return found === -1 ? undefined : end;
  }

  #take(count: number): Buffer {
    const taken = this.#waiting.subarray(0, count);
    this.#waiting = this.#waiting.subarray(count);
    return taken;
  }
}

/** Says so at the first byte that cannot be HTTP, instead of waiting for a head that never ends. */
function refuseIfNoHttp(waiting: Buffer): void {
  const start = waiting.subarray(0, 7).toString('latin1');
  if ('HTTP/1.'.startsWith(start)) return;
  throw new MalformedAnswer(`it starts with ${quoted(waiting.subarray(0, 24).toString('latin1'))}`);
}
