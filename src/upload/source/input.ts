import { PulseError } from '../../errors.ts';
import { INPUT, titleOf } from './path-text.ts';
import { inputError, type Source } from './source.ts';

/** Bytes that come by themselves, once: standard input. */
export interface Input {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Stops reading; whoever writes to the other end learns that nobody listens any more. */
  readonly close: () => void;
}

interface InputLimits {
  /** As the user says; absent where the end of the input decides. */
  readonly sizeBytes?: number | undefined;
  /** Ends the wait for bytes that do not come. */
  readonly signal?: AbortSignal | undefined;
}

export const wholeAgain = 'run the whole pipeline again';

/** What can be done about an input that cannot be read twice. */
export const pipeAgain = `${wholeAgain}; with --spool a copy is kept on disk, and an upload that was cut short can go on`;

/** An input as a source. It keeps what the server has not acknowledged, and the chunk that comes after it. */
export function openInput({ pieces, close }: Input, { sizeBytes: said, signal }: InputLimits): Source {
  const iterator = pieces[Symbol.asyncIterator]();
  const kept: Uint8Array[] = [];
  /** Where the kept bytes begin, how many have come in all, how many are to come unasked, and what was read so far. */
  let keptFromBytes = 0;
  let comeBytes = 0;
  let aheadBytes = 0;
  let readEndBytes = 0;
  let hasEnded = false;
  let failure: PulseError | undefined;
  let coming: Promise<void> | undefined;

  const takeNext = async () => {
    try {
      const { done, value } = await iterator.next();
      if (done) hasEnded = true;
      else {
        kept.push(value);
        comeBytes += value.byteLength;
      }
    } catch (error) {
      failure = inputError(titleOf(INPUT), error);
    }
    coming = undefined;
    if (comeBytes < aheadBytes && !hasEnded && failure === undefined) coming = takeNext();
  };

  /** Waits for one byte more than is asked for: only so the end is known before the last chunk is sent. */
  const comeBeyond = async (bytes: number) => {
    aheadBytes = Math.max(aheadBytes, bytes + 1);
    while (comeBytes <= bytes && !hasEnded) {
      if (failure !== undefined) throw failure;
      coming ??= takeNext();
      await orAborted(coming, signal);
    }
    if (said === undefined) return;
    if (comeBytes > said) throw tooLong(said);
    if (hasEnded && comeBytes < said) throw tooShort(said, comeBytes);
  };

  return {
    name: INPUT,
    path: INPUT,
    identity: { sizeBytes: said ?? 0, mtimeNs: '', inode: '' },
    sizeBytes: () => said ?? (hasEnded ? comeBytes : undefined),
    read: async (target, offsetBytes) => {
      if (offsetBytes < keptFromBytes) throw letGoAlready(offsetBytes, keptFromBytes);
      // What is sent again does not wait for what has not come yet.
      const isAgain = offsetBytes < readEndBytes;
      const endBytes = Math.min(offsetBytes + target.byteLength, isAgain ? readEndBytes : Infinity);
      await comeBeyond(endBytes);
      aheadBytes = Math.max(aheadBytes, endBytes + target.byteLength + 1);
      // What has failed says that it is at its end when it is asked again: that would be a file cut short.
      if (!hasEnded && failure === undefined) coming ??= takeNext();
      const filled = copy(kept, offsetBytes - keptFromBytes, target.subarray(0, endBytes - offsetBytes));
      readEndBytes = Math.max(readEndBytes, offsetBytes + filled);
      return filled;
    },
    once: {
      begin: (bytes) => comeBeyond(Math.min(bytes, said ?? bytes)),
      letGo: (beforeBytes) => {
        while (kept[0] !== undefined && keptFromBytes + kept[0].byteLength <= beforeBytes)
          keptFromBytes += kept.shift()?.byteLength ?? 0;
      },
    },
    assertUnchanged: async () => undefined,
    isTouched: async () => false,
    close: async () => {
      aheadBytes = 0;
      close();
    },
  };
}

/** Copies what lies `skipBytes` into the pieces; tells how many bytes there were. */
function copy(pieces: readonly Uint8Array[], skipBytes: number, target: Uint8Array): number {
  let filled = 0;
  let atBytes = 0;
  for (const piece of pieces) {
    if (filled === target.byteLength) break;
    const from = Math.max(0, skipBytes - atBytes);
    const part = piece.subarray(from, from + target.byteLength - filled);
    target.set(part, filled);
    filled += part.byteLength;
    atBytes += piece.byteLength;
  }
  return filled;
}

/** An input may stand still for hours; who interrupts does not wait for it. */
async function orAborted(waiting: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return waiting;
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<void>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([waiting, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function tooLong(saidBytes: number): PulseError {
  return new PulseError(
    'input',
    `standard input holds more than the ${saidBytes} bytes that --size says; the upload was stopped before its end`,
    { hint: 'give the right --size; without one, --spool or a server that takes unknown lengths is needed' },
  );
}

function tooShort(saidBytes: number, comeBytes: number): PulseError {
  return new PulseError(
    'input',
    `standard input ended after ${comeBytes} bytes, expected ${saidBytes} (--size); the upload was stopped before its end`,
    {
      hint: 'did the program that writes to the pipe fail, or is --size wrong? Then run the whole pipeline again',
    },
  );
}

/** The server has gone back behind what it had acknowledged. */
function letGoAlready(offsetBytes: number, keptFromBytes: number): PulseError {
  return new PulseError(
    'protocol',
    `the server goes back to offset ${offsetBytes} after it had acknowledged ${keptFromBytes} or more, and standard input cannot be read twice`,
    { hint: pipeAgain },
  );
}
