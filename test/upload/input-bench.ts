import { onTestFinished } from 'vitest';
import type { PulseEvent } from '../../src/events.ts';
import { createTransport } from '../../src/transport/http.ts';
import { type Clock, defaultSettings, type UploadSettings } from '../../src/upload/settings.ts';
import type { Input } from '../../src/upload/source/input.ts';
import { openStateStore } from '../../src/upload/state/state-store.ts';
import { systemClock } from '../../src/upload/system-clock.ts';
import type { RunOutcome } from '../../src/upload/upload-files.ts';
import { type InputFacts, uploadInput } from '../../src/upload/upload-input.ts';

export interface InputRun {
  readonly outcome: RunOutcome;
  readonly events: readonly PulseEvent[];
  readonly of: <T extends PulseEvent['type']>(type: T) => Extract<PulseEvent, { type: T }>[];
}

interface InputBench {
  readonly url: string;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: PulseEvent) => void;
}

/** Uploads an input to a server, and tells what happened. */
export async function sendInput(
  { url, clock = systemClock, signal, onEvent }: InputBench,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  facts: InputFacts = {},
  changes: Partial<UploadSettings> = {},
): Promise<InputRun> {
  const transport = createTransport();
  onTestFinished(() => transport.close());
  const events: PulseEvent[] = [];
  const input: Input = { pieces: each(pieces), close: () => undefined };
  const settings = {
    ...defaultSettings,
    protocol: 'tus',
    retryDelayMs: 20,
    server: new URL(url),
    ...changes,
  };
  const outcome = await uploadInput(input, facts, settings, {
    send: transport.send,
    report: (event) => {
      events.push(event);
      onEvent?.(event);
    },
    clock,
    random: () => 0.5,
    store: openStateStore('/nowhere/at/all'),
    ...(signal !== undefined && { signal }),
  });
  return {
    outcome,
    events,
    of: (type) =>
      events.filter((event): event is Extract<PulseEvent, { type: typeof type }> => event.type === type),
  };
}

async function* each(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
  yield* pieces;
}

/** The bytes cut into pieces of this size, as a pipe would bring them. */
export function inPieces(bytes: Uint8Array, pieceBytes: number): readonly Uint8Array[] {
  const count = Math.ceil(bytes.byteLength / pieceBytes);
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
}
