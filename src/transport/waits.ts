import type { Socket } from 'node:net';

/** What one attempt waits for, one thing at a time, each with its own limit. */
export interface Waits {
  /** From now on for this, at most so long; `on` counts what the socket takes as progress. */
  readonly forThis: (what: string, limitMs: number, on?: Socket) => void;
  /** The same wait, seen more exactly: its limit goes on. */
  readonly rename: (what: string) => void;
  /** What took too long; undefined as long as nothing did. */
  readonly expired: () => string | undefined;
  readonly end: () => void;
}

export function createWaits(onExpired: () => void): Waits {
  let what = '';
  let limitMs = 0;
  let isExpired = false;
  let timer: NodeJS.Timeout | undefined;
  let watched: Socket | undefined;
  let hasMoved = false;
  let queuedBytes = 0;
  const expire = () => {
    isExpired = true;
    onExpired();
  };
  // That timer also counts what arrives: a server that reads nothing, and sends an interim answer now and then, would
  // be waited for without end.
  const look = (on: Socket) => {
    const queuedNow = queuedBytesOf(on);
    if (!hasMoved && queuedNow === queuedBytes) expire();
    hasMoved = false;
    queuedBytes = queuedNow;
  };
  const stop = () => {
    clearTimeout(timer);
    clearInterval(timer);
    watched?.setTimeout(0);
    watched?.off('timeout', expire);
    watched = undefined;
  };
  return {
    forThis: (next, nextLimitMs, on) => {
      what = next;
      limitMs = nextLimitMs;
      // Node's own timer of a socket counts what the kernel takes of a single large write, which nothing else shows.
      hasMoved = true;
      if (on !== undefined && on === watched && on.timeout === nextLimitMs) return;
      stop();
      watched = on;
      if (on === undefined) timer = setTimeout(expire, nextLimitMs);
      else {
        on.setTimeout(nextLimitMs).on('timeout', expire);
        timer = setInterval(look, nextLimitMs, on);
      }
    },
    rename: (next) => {
      what = next;
    },
    expired: () => (isExpired ? `waited ${limitMs / 1000} s for ${what}` : undefined),
    end: stop,
  };
}

/** What the kernel has not taken yet of the write in progress, where Node knows it: its own timer looks at the same. */
function queuedBytesOf(socket: Socket): number {
  const { _handle: handle } = socket as { readonly _handle?: { readonly writeQueueSize?: number } | null };
  return handle?.writeQueueSize ?? 0;
}
