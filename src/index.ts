/** The library's public face: the same engine as the command line. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PulseError } from './errors.ts';
import type { Report } from './events.ts';
import { protocols } from './protocol/protocols/index.ts';
import { createTransport } from './transport/http.ts';
import { chooseProtocol } from './upload/discover.ts';
import { createRunTools } from './upload/host.ts';
import { openServerMemory } from './upload/server-memory.ts';
import { defaultSettings, type UploadSettings } from './upload/settings.ts';
import { openStateStore } from './upload/state-store.ts';
import { systemClock } from './upload/system-clock.ts';
import { type UploadResult, uploadFile } from './upload/upload-file.ts';

export { type ErrorKind, exitCodes, PulseError } from './errors.ts';
export type { PulseEvent } from './events.ts';
export type { UploadResult } from './upload/upload-file.ts';

export interface UploadOptions extends Partial<Omit<UploadSettings, 'server'>> {
  /** Base URL of the server, http or https. */
  readonly server: string | URL;
  /** Where unfinished uploads are remembered; `~/.local/state/pulse-upload` where absent. */
  readonly stateDir?: string;
  /** Called synchronously with everything that happens. */
  readonly onEvent?: Report;
  /** Stops the upload; its state is kept, and the promise rejects with kind `interrupted`. */
  readonly signal?: AbortSignal;
}

/**
 * Uploads one file and resolves once everything asked for is done; `proven` says whether the server's own checksum
 * was compared with the file's. Rejects with a `PulseError` whose `kind` is a key of `exitCodes`.
 */
export async function upload(file: string, options: UploadOptions): Promise<UploadResult> {
  const { server, stateDir = defaultStateDir(), onEvent = () => {}, signal, ...given } = options;
  const settings: UploadSettings = { ...defaultSettings, ...given, server: serverUrl(server) };
  const transport = createTransport();
  const tools = createRunTools(settings, {
    send: transport.send,
    report: onEvent,
    clock: systemClock,
    random: Math.random,
    store: openStateStore(stateDir),
    memory: openServerMemory(stateDir, systemClock.nowMs),
    ...(signal !== undefined && { signal }),
  });
  try {
    const { protocol } = await chooseProtocol(protocols, settings, file, tools);
    return await uploadFile(file, protocol, settings, tools);
  } finally {
    await transport.close();
  }
}

function serverUrl(server: string | URL): URL {
  const url = URL.canParse(String(server)) ? new URL(server) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new PulseError('usage', `server is ${String(server)}, expected an http or https URL`, {
    hint: "for example server: 'https://videos.example.org/api'",
  });
}

function defaultStateDir(): string {
  return join(homedir(), '.local', 'state', 'pulse-upload');
}
