import type { PulseEvent } from '../events.ts';
import type { Progress } from './progress.ts';
import type { TextStream } from './text-stream.ts';
import { progressWords } from './words.ts';

/** Often enough to see that it moves, seldom enough for the log of a night. */
const LINE_EVERY_MS = 10_000;

/** `2026-01-31T12:00:00Z `: seconds are exact enough in a log. */
export function timeStamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z `;
}

/** Timed lines for logs and pipes: no control characters, at most one line of progress per file and 10 s. */
export function plainProgress(stream: TextStream, now: () => Date): Progress {
  const lastMs = new Map<string, number>();
  const print = (lines: readonly string[]) => {
    for (const line of lines) stream.write(`${line}\n`);
  };
  const follow = (event: PulseEvent) => {
    const time = now();
    if (event.type === 'upload.start') lastMs.set(event.file, time.getTime());
    if (event.type === 'upload.progress' && time.getTime() - (lastMs.get(event.file) ?? 0) >= LINE_EVERY_MS) {
      lastMs.set(event.file, time.getTime());
      print([`${timeStamp(time)}${event.file}: ${progressWords(event)}`]);
    }
    if (event.type === 'upload.done' || event.type === 'upload.failed') lastMs.delete(event.file);
  };
  return { follow, print, close: () => undefined };
}

/** Nothing is drawn on the way. */
export function noProgress(stream: TextStream): Progress {
  return { ...plainProgress(stream, () => new Date()), follow: () => undefined };
}
