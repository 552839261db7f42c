import type { IncomingMessage } from 'node:http';

/** What somebody who reads a body is told; nothing more after `end` or `broken`. */
export interface BodyListener {
  readonly data: (piece: Buffer) => void;
  /** The body is there as a whole. */
  readonly end: () => void;
  /** The connection broke inside the body. */
  readonly broken: () => void;
}

export interface Body {
  /** Hands over what has arrived and what will arrive, until `ignore`. */
  listen(listener: BodyListener): void;
  /** From now on whatever arrives is thrown away. */
  ignore(): void;
  pause(): void;
  resume(): void;
}

/** What may arrive before somebody listens. */
const mostEarlyBytes = 64 * 1024;

const deaf: BodyListener = { data: () => {}, end: () => {}, broken: () => {} };

/**
 * The body of a request, listened to from the first moment on. A connection may break while the upload is still
 * looked up, and Node throws away what nobody has read by then; the bytes of a broken PATCH are to be kept.
 */
export function bodyOf(incoming: IncomingMessage): Body {
  const early: Buffer[] = [];
  let earlyBytes = 0;
  let fate: 'coming' | 'end' | 'broken' = 'coming';
  let listener: BodyListener = {
    ...deaf,
    data(piece) {
      early.push(piece);
      earlyBytes += piece.length;
      if (earlyBytes >= mostEarlyBytes) incoming.pause();
    },
  };
  const decide = (how: 'end' | 'broken') => {
    if (fate !== 'coming') return;
    fate = how;
    listener[how]();
  };
  incoming
    .on('data', (piece: Buffer) => listener.data(piece))
    .on('end', () => decide('end'))
    .on('error', () => decide('broken'))
    .on('close', () => decide('broken'));

  return {
    listen(next) {
      listener = next;
      for (const piece of early.splice(0)) next.data(piece);
      if (fate !== 'coming') next[fate]();
      else incoming.resume();
    },
    ignore() {
      listener = deaf;
      early.length = 0;
      incoming.resume();
    },
    pause: () => incoming.pause(),
    resume: () => incoming.resume(),
  };
}
