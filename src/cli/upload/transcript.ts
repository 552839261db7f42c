import { closeSync, constants, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import process from 'node:process';
import { PulseError } from '../../errors.ts';
import { ndjsonLine } from '../../output/ndjson.ts';
import { isSensitive } from '../../protocol/redaction.ts';
import type { Outcome, Send, WireRequest } from '../../protocol/wire.ts';
import { bodyBytes } from '../../protocol/wire.ts';
import { redactedText } from '../../upload/redact.ts';

/** A file that every request and its answer is written to, one JSON object a line, without any secret. */
export interface Transcript {
  /** The same transport, which writes down what it does, without these tokens either; they may grow. */
  readonly written: (send: Send, own: ReadonlySet<string>) => Send;
  readonly close: () => void;
}

export interface TranscriptOptions {
  /** Added by the user to every request: their values are nobody else's business. */
  readonly givenHeaders: Readonly<Record<string, string>>;
  /** May grow while the run goes on. */
  readonly tokens: ReadonlySet<string>;
  /** The files that are uploaded: none of them can be the transcript. */
  readonly files: readonly string[];
  /** Told once when the file cannot be written any more; the upload goes on. */
  readonly onTrouble: (message: string) => void;
}

/** Headers that hold URLs, whose query may hold a secret. */
const HOLDS_URL = /^(location|content-location|link)$/i;

/** Read, to see whether the last line is whole, and append; never waits for the reader of a pipe. */
const APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);

/** Opens the file for appending, readable for this user only where it is new. Throws `input` or `usage`. */
export function openTranscript(path: string, options: TranscriptOptions): Transcript {
  const descriptor = opened(path, options.files);
  let inTrouble = false;
  const write = (record: object) => {
    if (inTrouble) return;
    try {
      writeWhole(descriptor, ndjsonLine({ type: 'http.exchange', pid: process.pid, ...record }, new Date()));
    } catch (error) {
      inTrouble = true;
      const code = (error as NodeJS.ErrnoException).code;
      options.onTrouble(`the transcript ${path} ends here, it cannot be written: ${code}`);
    }
  };
  return {
    written: (send, own) => async (request, conditions) => {
      const startedMs = performance.now();
      const told = (outcome: Outcome | undefined) => {
        const hidden = { ...options, tokens: new Set([...options.tokens, ...own]) };
        write({
          ...requestFacts(request, hidden),
          ...outcomeFacts(outcome, hidden),
          elapsedMs: Math.round(performance.now() - startedMs),
        });
      };
      try {
        const outcome = await send(request, conditions);
        told(outcome);
        return outcome;
      } catch (error) {
        told(undefined);
        throw error;
      }
    },
    close: () => closeSync(descriptor),
  };
}

function requestFacts(request: WireRequest, options: TranscriptOptions): object {
  const { origin, pathname, search } = request.url;
  return {
    method: request.method,
    url: redactedText(`${origin}${pathname}${search === '' ? '' : '?…'}`, options.tokens),
    requestHeaders: shown(request.headers, options),
    sentBytes: bodyBytes(request),
  };
}

/** Undefined: the request was given up, since the user ended the run. */
function outcomeFacts(outcome: Outcome | undefined, options: TranscriptOptions): object {
  if (outcome === undefined) return { broken: { cause: 'interrupted' } };
  if (outcome.kind === 'break') {
    const { cause, detail, delivered } = outcome;
    return { broken: { cause, detail: redactedText(detail, options.tokens), delivered } };
  }
  const { status, headers, body } = outcome;
  return { status, answerHeaders: shown(headers, options), answerBytes: body.byteLength };
}

function shown(
  headers: Readonly<Record<string, string>>,
  { givenHeaders, tokens }: TranscriptOptions,
): Readonly<Record<string, string>> {
  const given = new Map(Object.entries(givenHeaders).map(([name, value]) => [name.toLowerCase(), value]));
  const secrets = new Set([...tokens, ...[...given.values()].filter((value) => value.length >= 8)]);
  const entries = Object.entries(headers).map(([name, value]) => {
    if (isSensitive(name)) return [name, '[hidden]'];
    if (given.get(name.toLowerCase()) === value) return [name, '[given]'];
    return [name, redactedText(HOLDS_URL.test(name) ? value.replace(/\?[^\s">]*/g, '?…') : value, secrets)];
  });
  return Object.fromEntries(entries);
}

function opened(path: string, files: readonly string[]): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, APPEND, 0o600);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new PulseError('input', `the transcript ${path} cannot be written: ${code}`, {
      hint: 'name another file with --transcript',
      cause: error,
    });
  }
  const { dev, ino } = fstatSync(descriptor);
  if (files.some((file) => isSame(file, dev, ino))) {
    closeSync(descriptor);
    throw new PulseError('usage', `the transcript ${path} is a file that is to be uploaded`, {
      hint: 'name another file with --transcript',
    });
  }
  endTornLine(descriptor);
  return descriptor;
}

function isSame(file: string, dev: number, ino: number): boolean {
  try {
    const stats = statSync(file);
    return stats.dev === dev && stats.ino === ino;
  } catch {
    return false; // what is wrong with it is said when it is to be uploaded
  }
}

/** Whoever wrote there before may have been killed in the middle of a line. */
function endTornLine(descriptor: number): void {
  const { size } = fstatSync(descriptor);
  const last = Buffer.alloc(1);
  if (size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a)
    writeWhole(descriptor, '\n');
}

/** One write for one line: lines of two processes do not mix. */
function writeWhole(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.byteLength; ) written += writeSync(descriptor, bytes, written);
}
