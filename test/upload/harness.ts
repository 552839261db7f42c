import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { PulseEvent } from '../../src/events.ts';
import { createTransport } from '../../src/transport/http.ts';
import { type Clock, defaultSettings, type Tools, type UploadSettings } from '../../src/upload/settings.ts';
import { openStateStore } from '../../src/upload/state/state-store.ts';
import { type RunOutcome, uploadFiles } from '../../src/upload/upload-files.ts';
import { type ScriptedOptions, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

export const MIB = 1_048_576;

/** A clock whose pauses take no time, and which tells how long they would have been. */
export interface QuickClock extends Clock {
  readonly pausesMs: number[];
}

export function quickClock(): QuickClock {
  const pausesMs: number[] = [];
  let skippedMs = 0;
  return {
    pausesMs,
    nowMs: () => performance.timeOrigin + performance.now() + skippedMs,
    dateMs: () => Date.now() + skippedMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      pausesMs.push(ms);
      skippedMs += ms;
    },
  };
}

/** What makes the scripted server's routes a plain tus server: no finalize, and nothing that proves anything. */
export function plainTus(bench: Bench): Partial<UploadSettings> {
  return { protocol: 'tus', server: new URL(`${bench.server.url}/uploads`) };
}

/** The offsets of all PATCH requests, in order. */
export function offsets(bench: Bench): number[] {
  return bench.server.seen
    .filter(({ method }) => method === 'PATCH')
    .map(({ headers }) => Number(headers['upload-offset']));
}

/** One file was brought over, and the server holds exactly its bytes. */
export async function expectProven(bench: Bench, file: string): Promise<void> {
  expect(bench.of('upload.failed')).toEqual([]);
  expect(bench.of('upload.done')).toMatchObject([{ proven: true }]);
  const content = await readFile(file);
  expect([...bench.server.finished.values()].map((stored) => stored.equals(content))).toEqual([true]);
}

export interface Bench {
  readonly server: ScriptedServer;
  readonly dir: string;
  readonly clock: QuickClock;
  readonly events: PulseEvent[];
  /** Writes a file of random bytes (or these bytes), and names it. */
  readonly file: (content: number | Uint8Array, name?: string) => Promise<string>;
  readonly upload: (
    files: string | readonly string[],
    changes?: Partial<UploadSettings>,
    tools?: Partial<Tools>,
  ) => Promise<RunOutcome>;
  readonly of: <T extends PulseEvent['type']>(type: T) => Extract<PulseEvent, { type: T }>[];
}

/** A scripted server, a temporary folder and everything an upload needs; all gone when the test ends. */
export async function startBench(options: ScriptedOptions = {}): Promise<Bench> {
  const server = await startScriptedServer(options);
  const dir = await mkdtemp(join(tmpdir(), 'pulse-upload-test-'));
  const transport = createTransport();
  onTestFinished(async () => {
    await transport.close();
    await server.close();
    await rm(dir, { recursive: true, force: true });
  });
  const clock = quickClock();
  const events: PulseEvent[] = [];
  const store = openStateStore(join(dir, 'state'));
  return {
    server,
    dir,
    clock,
    events,
    file: async (content, name = 'video.mp4') => {
      const path = join(dir, name);
      await writeFile(path, typeof content === 'number' ? randomBytes(content) : content);
      return path;
    },
    upload: (files, changes = {}, tools = {}) =>
      uploadFiles(
        typeof files === 'string' ? [files] : files,
        { ...defaultSettings, server: new URL(server.url), protocol: 'pulse', ...changes },
        {
          send: transport.send,
          report: (event) => events.push(event),
          clock,
          random: () => 0.5,
          store,
          ...tools,
        },
      ),
    of: (type) =>
      events.filter((event): event is Extract<PulseEvent, { type: typeof type }> => event.type === type),
  };
}
