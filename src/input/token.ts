import { closeSync, constants, openSync, readSync } from 'node:fs';
import { PulseError } from '../errors.ts';
import { whyUnreadable } from './unreadable.ts';

/** Longer than every token seen, and shorter than any header limit of a server. */
const MAX_TOKEN_BYTES = 8 * 1024;

/** A token that a header can carry: visible ASCII, with single spaces at most inside. No message shows it. */
export function parseToken(text: string, source: string): string {
  return validToken(text, source, 'usage');
}

/** The token in a file, without its trailing line break. Pipes work too: `--token-file <(pass show camera)`. */
export function readTokenFile(path: string, source: string): string {
  return validToken(readSecretFile(path, source, 'a token'), `${source} ${path}`, 'input');
}

/** Windows has no such flag. */
const WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** The same in the midst of a run, where nobody waits until somebody writes to a named pipe: nothing else would go on meanwhile. */
export function readTokenFileAgain(path: string, source: string): string {
  return validToken(readSecretFile(path, source, 'a token', WITHOUT_WAITING), `${source} ${path}`, 'input');
}

/** The text of a small file without its trailing line break; `what` is for the words of an error. */
export function readSecretFile(path: string, source: string, what: string, flags?: number): string {
  const text = readStart(path, source, what, flags);
  if (Buffer.byteLength(text) > MAX_TOKEN_BYTES) {
    throw new PulseError(
      'input',
      `${source} ${path} holds more than ${MAX_TOKEN_BYTES} bytes, expected ${what}`,
      {
        hint: `name a file that holds ${what} and nothing else`,
      },
    );
  }
  return text.replace(/[\r\n]+$/, '');
}

function validToken(token: string, source: string, kind: 'usage' | 'input'): string {
  if (token.trim() === '') {
    throw new PulseError(kind, `${source} holds no token, expected one`, {
      hint: 'leave it out if the server asks for none',
    });
  }
  if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) {
    throw new PulseError(kind, `${source} holds more than ${MAX_TOKEN_BYTES} bytes, expected a token`, {
      hint: 'no server takes a header of that length: is it a token, and nothing else?',
    });
  }
  if (token.startsWith('pulsecam:')) {
    throw new PulseError(kind, `${source} holds a pairing link, expected a token`, {
      hint: 'give it as a link: --pairing-link to upload, --link to verify',
    });
  }
  if (!/^[\x21-\x7e]+(?: +[\x21-\x7e]+)*$/.test(token)) {
    const fact = `${source} holds characters that no HTTP header may carry, expected one line of printable ASCII`;
    throw new PulseError(kind, fact, {
      hint: 'copy the token again, without line breaks and spaces around it',
    });
  }
  return token;
}

/** Never more than one byte too many: somebody may name a video by mistake. */
function readStart(path: string, source: string, what: string, flags: number = constants.O_RDONLY): string {
  const buffer = Buffer.alloc(MAX_TOKEN_BYTES + 1);
  let filledBytes = 0;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, flags);
    for (;;) {
      const bytesRead = readSync(descriptor, buffer, filledBytes, buffer.length - filledBytes, null);
      filledBytes += bytesRead;
      if (bytesRead === 0 || filledBytes === buffer.length) break;
    }
  } catch (error) {
    throw new PulseError('input', `${source} ${path} ${whyUnreadable(error)}`, {
      hint: `name a file that holds ${what} and nothing else`,
      cause: error,
    });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
  return buffer.toString('utf8', 0, filledBytes);
}
