import type { VerifyEvent } from '../../verify/events.ts';
import type { Paint } from '../paint.ts';
import { columnsOf, type TextStream } from '../text-stream.ts';
import { foldLive, type LiveState, liveLine, liveStart } from './live-line.ts';

/** The way to the result, on the last line of a terminal. */
export interface LiveProgress {
  readonly follow: (event: VerifyEvent) => void;
  /** Takes the line away, for text that stays; it comes back with the next change. */
  readonly clear: () => void;
  readonly close: () => void;
}

/** Faster changes nobody reads. */
const DRAW_EVERY_MS = 100;
const FIRST_COLUMN = '\r';
const CLEAR_TO_END = '\x1b[0K';

export function liveProgress(stream: TextStream, paint: Paint): LiveProgress {
  let state: LiveState = liveStart;
  let drawn = '';
  const draw = () => {
    const line = liveLine(state, columnsOf(stream), paint);
    // Written in one piece, and cleared behind the text instead of before it, so that nothing flickers.
    if (line !== drawn) stream.write(`${FIRST_COLUMN}${line}${CLEAR_TO_END}`);
    drawn = line;
  };
  const clear = () => {
    if (drawn !== '') stream.write(`${FIRST_COLUMN}${CLEAR_TO_END}`);
    drawn = '';
  };
  const timer = setInterval(draw, DRAW_EVERY_MS);
  timer.unref();
  return {
    follow: (event) => {
      state = foldLive(state, event);
    },
    clear,
    close: () => {
      clearInterval(timer);
      clear();
    },
  };
}

export const noLiveProgress: LiveProgress = {
  follow: () => undefined,
  clear: () => undefined,
  close: () => undefined,
};
