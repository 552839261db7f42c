import type { SingleBar } from 'cli-progress';
import type { PulseEvent } from '../events.ts';
import { type BarLook, type BarState, barLine } from './bar-line.ts';
import { formatDuration } from './format.ts';
import type { Progress } from './progress.ts';
import { columnsOf, type TextStream } from './text-stream.ts';

// Cursor save and restore, and line wrapping: restoring jumps to a stale line once the screen has scrolled,
// and a process that is killed leaves no terminal behind that does not wrap.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are terminal control sequences
const TERMINAL_STATE = /\x1b(?:[78]|\[\?7[hl])/g;

/** Longer than this without news, and the last rate is none any more. */
const SILENCE_MS = 5_000;
const FINISHING = 'finishing';
/** The pause before it is over. */
const RETRYING = 'retrying';

/** What the bar shows after this event: undefined once the file is finished, the same where nothing changed. */
export function foldBar(state: BarState | undefined, event: PulseEvent, nowMs: number): BarState | undefined {
  switch (event.type) {
    case 'upload.start':
      if (state?.file === event.file) return state;
      return { file: event.file, ...sizeIn(event), acceptedBytes: 0, bytesPerSecond: 0, newsAtMs: nowMs };
    case 'upload.resumed':
      return state && { ...withAccepted(state, event.offsetBytes), newsAtMs: nowMs };
    case 'upload.progress': {
      if (state === undefined) return undefined;
      const { note: _, ...moving } = withAccepted({ ...state, ...sizeIn(event) }, event.acceptedBytes);
      const finishing = moving.acceptedBytes === moving.sizeBytes ? { note: FINISHING } : {};
      return { ...moving, bytesPerSecond: event.bytesPerSecond, newsAtMs: nowMs, ...finishing };
    }
    case 'upload.retry':
      return (
        state && {
          ...state,
          note: `retry in ${formatDuration(event.delayMs)}`,
          newsAtMs: nowMs + event.delayMs,
        }
      );
    case 'upload.done':
    case 'upload.failed':
    case 'run.end':
      return undefined;
    default:
      return state;
  }
}

/** The state as it looks now: after a while without news it says for how long nothing has moved. */
export function shownAt(state: BarState, nowMs: number): BarState {
  const silentMs = nowMs - (state.newsAtMs ?? nowMs);
  if (state.note === FINISHING) return state;
  if (silentMs < SILENCE_MS)
    return silentMs > 0 && state.note !== undefined ? { ...state, note: RETRYING } : state;
  return { ...state, note: `waiting ${formatDuration(Math.floor(silentMs / 1000) * 1000)}` };
}

/** A server may lose bytes and a bar may not jump back: what was shown once stays, up to the file's size. */
function withAccepted(state: BarState, acceptedBytes: number): BarState {
  const { sizeBytes = Number.POSITIVE_INFINITY } = state;
  return { ...state, acceptedBytes: Math.min(sizeBytes, Math.max(state.acceptedBytes, acceptedBytes)) };
}

function sizeIn({ sizeBytes }: { readonly sizeBytes?: number }): Pick<BarState, 'sizeBytes'> {
  return sizeBytes === undefined ? {} : { sizeBytes };
}

/** A bar on the last line of the terminal, gone when the file is finished. */
export async function barProgress(stream: TextStream, look: BarLook, now: () => Date): Promise<Progress> {
  const { SingleBar: Bar } = (await import('cli-progress')).default;
  const columns = () => columnsOf(stream);
  const bar: SingleBar = new Bar({
    format: (_options, _params, payload: { state?: BarState }) =>
      payload.state === undefined ? '' : barLine(shownAt(payload.state, now().getTime()), columns(), look),
    stream: screenOf(stream, columns),
    clearOnComplete: true,
    gracefulExit: false,
  });
  let state: BarState | undefined;

  const draw = () => {
    if (state === undefined) bar.stop();
    else if (bar.isActive) bar.update(state.acceptedBytes, { state });
    else bar.start(state.sizeBytes ?? state.acceptedBytes, state.acceptedBytes, { state });
  };
  return {
    follow: (event) => {
      state = foldBar(state, event, now().getTime());
      draw();
    },
    print: (lines) => {
      if (lines.length === 0) return;
      bar.stop();
      for (const line of lines) stream.write(`${line}\n`);
    },
    close: () => bar.stop(),
  };
}

/** cli-progress asks a stream for these four things, and for no others. */
export function screenOf(stream: TextStream, columns: () => number): NodeJS.WritableStream {
  const screen = {
    isTTY: true,
    get columns() {
      return columns();
    },
    write: (text: string) => stream.write(text.replace(TERMINAL_STATE, '')),
  };
  return screen as unknown as NodeJS.WritableStream;
}
