import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import type { PulseEvent } from '../../src/events.ts';
import type { ServerSettings } from '../../src/server/server.ts';
import { createTransport } from '../../src/transport/http.ts';
import { defaultSettings, type Tools, type UploadSettings } from '../../src/upload/settings.ts';
import { openStateStore, type StateStore } from '../../src/upload/state/state-store.ts';
import { systemClock } from '../../src/upload/system-clock.ts';
import { type RunOutcome, uploadFiles } from '../../src/upload/upload-files.ts';
import { payload, type Subject, subject } from '../server/harness.ts';

export interface ReferenceBench {
  readonly server: Subject;
  /** Everything goes through it. */
  readonly proxy: FaultProxy;
  readonly store: StateStore;
  /** Those of every upload. */
  readonly tools: Tools;
  readonly events: PulseEvent[];
  readonly of: <T extends PulseEvent['type']>(type: T) => Extract<PulseEvent, { type: T }>[];
  readonly file: (content: number | Uint8Array, name?: string) => Promise<string>;
  readonly upload: (
    files: string | readonly string[],
    changes?: Partial<UploadSettings>,
    tools?: (tools: Tools) => Tools,
  ) => Promise<RunOutcome>;
  /** Method, path and status of every request that the server answered. */
  readonly lines: () => readonly string[];
  readonly stored: (name: string) => Promise<Buffer>;
}

/** The reference server behind a fault proxy, and everything an upload needs; all gone when the test ends. */
export async function startReferenceBench(settings: Partial<ServerSettings>): Promise<ReferenceBench> {
  const server = await subject(settings);
  const proxy = await startFaultProxy({ target: server.url });
  const dir = await mkdtemp(join(tmpdir(), 'pulse-upload-test-'));
  const transport = createTransport();
  onTestFinished(async () => {
    await transport.close();
    await proxy.close();
    await rm(dir, { recursive: true, force: true });
  });
  const events: PulseEvent[] = [];
  const store = openStateStore(join(dir, 'state'));
  const tools: Tools = {
    send: transport.send,
    report: (event) => events.push(event),
    clock: systemClock,
    random: () => 0.5,
    store,
  };
  return {
    server,
    proxy,
    store,
    tools,
    events,
    of: (type) =>
      events.filter((event): event is Extract<PulseEvent, { type: typeof type }> => event.type === type),
    file: async (content, name = 'video.mp4') => {
      const path = join(dir, name);
      await writeFile(path, typeof content === 'number' ? payload(content, name) : content);
      return path;
    },
    upload: (files, changes = {}, changed = (given) => given) =>
      uploadFiles(
        typeof files === 'string' ? [files] : files,
        // A real clock: what the server still does about a cut request takes its time.
        { ...defaultSettings, retryDelayMs: 50, server: new URL(proxy.url), ...changes },
        changed(tools),
      ),
    lines: () => server.log.map(({ method, path, status }) => `${method} ${path} ${status}`),
    stored: (name) => readFile(join(server.dir, name)),
  };
}
