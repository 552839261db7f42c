import { setImmediate as afterReading, setTimeout as sleep } from 'node:timers/promises';

/** A newcomer looks this often whether the holder moved; nobody waits for anything else. */
const lookMs = 20;

/** The right of one request to write to an upload. */
export interface Hold {
  /** When the last piece of the body arrived (performance.now). */
  lastPieceMs: number;
  /** All that arrived is written: the next move is the sender's. */
  waitsForSender: boolean;
  /** Pieces of the body so far: a newcomer sees by it that the holder is alive. */
  pieces: number;
  /** The body has ended, however: only writing what arrived is left. */
  settling: boolean;
  /** Stops the holder: it stores nothing more and lets go. */
  readonly stop: () => void;
  readonly stopped: AbortSignal;
}

/** What can be held: at most one request at a time writes to an upload. */
export interface Holdable {
  hold?: Hold | undefined;
}

export interface HoldLimits {
  /** A holder from which nothing came for this long has stalled and gives way to a newcomer. */
  readonly stallMs: number;
  /** The longest a newcomer waits for a holder that only has to write what arrived. */
  readonly settleMs: number;
}

/**
 * Takes the right to write; undefined where another request has it and is alive.
 * A live holder shows itself by its next piece, for which a newcomer waits no longer than `stallMs`. A holder that
 * is silent for that long is stopped: one client sends one request at a time, so the older request is abandoned.
 */
export async function takeHold(upload: Holdable, limits: HoldLimits): Promise<Hold | undefined> {
  const holder = upload.hold;
  const seenPieces = holder?.pieces;
  const deadlineMs = performance.now() + limits.stallMs + limits.settleMs;
  while (upload.hold !== undefined) {
    const nowMs = performance.now();
    const isAlive = upload.hold !== holder || (!holder.settling && holder.pieces !== seenPieces);
    if (isAlive || nowMs > deadlineMs) return undefined;
    if (holder.waitsForSender && nowMs - holder.lastPieceMs >= limits.stallMs) holder.stop();
    await sleep(lookMs);
    // After a pause of this whole process (a busy machine, a lid closed) timers fire before what arrived is read.
    await afterReading();
  }
  upload.hold = freshHold();
  return upload.hold;
}

/** Stops the holder, if any, and resolves once it has let go. */
export async function breakHold(upload: Holdable): Promise<void> {
  while (upload.hold !== undefined) {
    upload.hold.stop();
    await sleep(lookMs);
  }
}

/** The right to write to what nobody else writes to: a new upload, or one that takes no more bytes. */
export function freshHold(): Hold {
  const control = new AbortController();
  return {
    lastPieceMs: performance.now(),
    waitsForSender: true,
    pieces: 0,
    settling: false,
    stop: () => control.abort(),
    stopped: control.signal,
  };
}
