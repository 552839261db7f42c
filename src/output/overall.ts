import type { PulseEvent } from '../events.ts';

/** The rate is that of the last so many milliseconds: small files come and go within one. */
const WINDOW_MS = 10_000;
const SAMPLE_EVERY_MS = 500;

/** A run of many files as a whole. */
export interface Overall {
  readonly files: number;
  readonly finishedFiles: number;
  readonly failedFiles: number;
  readonly sizeBytes: number;
  readonly acceptedBytes: number;
  readonly bytesPerSecond: number;
}

interface Sample {
  readonly atMs: number;
  readonly gainedBytes: number;
}

/** Adds events up. Bytes of failed files do not count, and those that were there before make no rate. */
export function createOverall(now: () => Date) {
  let files = 0;
  let sizeBytes = 0;
  let finishedFiles = 0;
  let failedFiles = 0;
  let doneBytes = 0;
  let gainedBytes = 0;
  let samples: readonly Sample[] = [];
  const inFlight = new Map<string, number>();

  const advance = (file: string, acceptedBytes: number, counts: boolean) => {
    const before = inFlight.get(file);
    if (before === undefined || acceptedBytes <= before) return;
    inFlight.set(file, acceptedBytes);
    if (counts) gainedBytes += acceptedBytes - before;
  };
  const sample = () => {
    const atMs = now().getTime();
    if (atMs - (samples.at(-1)?.atMs ?? 0) < SAMPLE_EVERY_MS) return;
    samples = [...samples.filter((earlier) => atMs - earlier.atMs <= WINDOW_MS), { atMs, gainedBytes }];
  };
  const bytesPerSecond = () => {
    // Up to now, not to the last event: while nothing moves the rate falls, and is gone after the window.
    const atMs = now().getTime();
    const first = samples.find((earlier) => atMs - earlier.atMs <= WINDOW_MS);
    if (first === undefined || atMs - first.atMs < SAMPLE_EVERY_MS) return 0;
    return ((gainedBytes - first.gainedBytes) * 1000) / (atMs - first.atMs);
  };

  return {
    follow: (event: PulseEvent) => {
      if (event.type === 'run.start') {
        files = event.files;
        sizeBytes = event.sizeBytes;
      } else if (event.type === 'upload.start') inFlight.set(event.file, inFlight.get(event.file) ?? 0);
      else if (event.type === 'upload.resumed') advance(event.file, event.offsetBytes, false);
      else if (event.type === 'upload.progress') advance(event.file, event.acceptedBytes, true);
      else if (event.type === 'upload.done') {
        advance(event.file, event.sizeBytes, true);
        inFlight.delete(event.file);
        finishedFiles += 1;
        doneBytes += event.sizeBytes;
      } else if (event.type === 'upload.failed') {
        inFlight.delete(event.file);
        failedFiles += 1;
      }
      sample();
    },
    state: (): Overall => ({
      files,
      finishedFiles,
      failedFiles,
      sizeBytes,
      acceptedBytes: Math.min(
        sizeBytes,
        doneBytes + [...inFlight.values()].reduce((sum, bytes) => sum + bytes, 0),
      ),
      bytesPerSecond: bytesPerSecond(),
    }),
  };
}
