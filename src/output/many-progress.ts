import type { PulseEvent } from '../events.ts';
import { type BarLook, type BarState, barLines } from './bar-line.ts';
import { foldBar, screenOf, shownAt } from './bar-progress.ts';
import { countOf, groupDigits } from './format.ts';
import { createOverall, type Overall } from './overall.ts';
import { timeStamp } from './plain-progress.ts';
import type { Progress } from './progress.ts';
import { columnsOf, type TextStream } from './text-stream.ts';
import { progressWords } from './words.ts';

/** More bars than this nobody follows, and they have to fit the screen. */
const MOST_BARS = 12;
const LINE_EVERY_MS = 10_000;

/** A bar for the run, and below it one for each file in flight, as many as fit; gone when the run is over. */
export async function manyBars(stream: TextStream, look: BarLook, now: () => Date): Promise<Progress> {
  const { MultiBar } = (await import('cli-progress')).default;
  const columns = () => columnsOf(stream);
  const overall = createOverall(now);
  const inFlight = new Map<string, BarState>();
  let lines: readonly string[] = [];
  const format = (_options: unknown, _params: unknown, { index }: { index: number }) => lines[index] ?? '';
  const create = () =>
    new MultiBar({
      format,
      stream: screenOf(stream, columns),
      clearOnComplete: true,
      gracefulExit: false,
      // What is printed above moves every line.
      forceRedraw: true,
    });
  let bars: ReturnType<typeof create> | undefined;

  const redraw = () => {
    const nowMs = now().getTime();
    const shown = [...inFlight.values()].slice(0, slotsOf(stream)).map((state) => shownAt(state, nowMs));
    lines = barLines([asBar(overall.state()), ...shown], columns(), look);
  };
  const start = (jobs: number) => {
    bars = create();
    bars.on('update-pre', redraw);
    // What a terminal echoes there (^C) must not wrap: the bars would be off by a line.
    bars.on('redraw-post', () => stream.write('\r'));
    redraw();
    for (let index = 0; index <= Math.min(jobs, slotsOf(stream)); index += 1) bars.create(1, 0, { index });
  };
  const stop = () => {
    bars?.stop();
    bars = undefined;
  };

  return {
    follow: (event) => {
      overall.follow(event);
      if (event.type === 'run.start' && event.files > 0) start(event.jobs);
      if (event.type === 'run.end') stop();
      follow(inFlight, event, now().getTime());
    },
    print: (printed) => {
      if (printed.length === 0) return;
      if (bars === undefined) for (const line of printed) stream.write(`${line}\n`);
      else {
        // The rest of each line may still show a bar.
        for (const line of printed) bars.log(`${line}\x1b[K\n`);
        bars.update();
      }
    },
    close: stop,
  };
}

function slotsOf(stream: TextStream): number {
  return Math.max(1, Math.min(MOST_BARS, (stream.rows || 24) - 4));
}

/** A bar appears with its file and goes with it; what was fastest to finish makes room for the next. */
function follow(inFlight: Map<string, BarState>, event: PulseEvent, nowMs: number): void {
  if (!('file' in event)) return;
  const state = foldBar(inFlight.get(event.file), event, nowMs);
  if (state === undefined) inFlight.delete(event.file);
  else inFlight.set(event.file, state);
}

function asBar({ files, finishedFiles, failedFiles, ...bytes }: Overall): BarState {
  return { ...bytes, file: `${groupDigits(finishedFiles + failedFiles)} of ${countOf(files, 'file')}` };
}

/** Timed lines about the run as a whole, for logs; each finished file has a line of its own. */
export function manyLines(stream: TextStream, now: () => Date): Progress {
  const overall = createOverall(now);
  let lastMs = 0;
  return {
    follow: (event) => {
      overall.follow(event);
      const time = now();
      if (event.type === 'run.start') lastMs = time.getTime();
      if (event.type !== 'upload.progress' || time.getTime() - lastMs < LINE_EVERY_MS) return;
      lastMs = time.getTime();
      const bar = asBar(overall.state());
      stream.write(`${timeStamp(time)}${bar.file}: ${progressWords(bar)}\n`);
    },
    print: (lines) => {
      for (const line of lines) stream.write(`${line}\n`);
    },
    close: () => undefined,
  };
}
