import type { Agent, ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

/** Between two requests of an upload there is less, unless it pauses: then another connection costs nothing. */
const LONGEST_IDLE_MS = 1_000;

/** So long a request waits on a connection of its own before one of the others gives up its connection, and no sooner the next. */
const PATIENCE_MS = 2_000;

/**
 * A server that serves one connection at a time, or a few, leaves all others waiting for as long as those are open,
 * whether anything is asked over them or not. So none is kept idle for long, and while a request waits for a first
 * answer, those that are answered make room, one connection at a time and seldom enough to cost nothing elsewhere.
 */
export interface Turns {
  /** The request waits for its answer, from now on: it was begun, or a part of it went out. */
  readonly waits: (exchange: ClientRequest) => void;
  readonly over: (exchange: ClientRequest) => void;
}

export function takeTurns(agent: Agent): Turns {
  const sinceMs = new Map<ClientRequest, number>();
  let madeRoomMs = 0;
  agent.on('free', (socket: Socket) => {
    const nowMs = performance.now();
    const isLong = (beganMs: number) => nowMs - beganMs > PATIENCE_MS;
    const isAwaited = () =>
      [...sinceMs].some(([{ reusedSocket }, beganMs]) => !reusedSocket && isLong(beganMs));
    if (isLong(madeRoomMs) && isAwaited()) {
      madeRoomMs = nowMs;
      socket.destroy();
    } else socket.setTimeout(LONGEST_IDLE_MS); // Node's agent destroys it then, unless it is in use again.
  });
  return {
    waits: (exchange) => void sinceMs.set(exchange, performance.now()),
    over: (exchange) => void sinceMs.delete(exchange),
  };
}
