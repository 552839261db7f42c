import { createCipheriv, createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { allExtensions } from '../../src/server/extensions.ts';
import {
  type AccessLogEntry,
  type RunningServer,
  type ServerSettings,
  startServer,
} from '../../src/server/server.ts';
import type { Store } from '../../src/server/store/store.ts';

export const tus = { 'Tus-Resumable': '1.0.0' };
export const octets = { 'Content-Type': 'application/offset+octet-stream' };

export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pulse-server-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Subject extends RunningServer {
  readonly dir: string;
  readonly log: readonly AccessLogEntry[];
}

/** A reference server on a free port and a fresh folder, closed when the test ends. */
export async function subject(settings: Partial<ServerSettings> = {}): Promise<Subject> {
  const log: AccessLogEntry[] = [];
  const dir = settings.dir ?? (await freshFolder());
  const running = await startServer({
    host: '127.0.0.1',
    port: 0,
    protocol: 'pulse',
    log: (entry) => log.push(entry),
    ...settings,
    dir,
    limits: { closeGraceMs: 200, stallMs: 150, ...settings.limits },
  });
  onTestFinished(() => running.close());
  return { ...running, dir, log };
}

/** What a tus server with every extension does otherwise on its disk. */
export function onDisk(change: (store: Store) => Partial<Store>): Partial<ServerSettings> {
  return {
    protocol: 'tus',
    extensions: allExtensions,
    behaviour: { store: (store) => ({ ...store, ...change(store) }) },
  };
}

/** Bytes without a period, the same for the same seed: one that is lost, doubled or misplaced changes the digest. */
export function payload(sizeBytes: number, seed = 'a'): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export async function create(
  server: RunningServer,
  lengthBytes: number,
  headers: Record<string, string> = {},
): Promise<string> {
  const path = server.url.endsWith('/files') ? '' : '/uploads';
  const answer = await fetch(server.url + path, {
    method: 'POST',
    headers: { ...tus, 'Upload-Length': String(lengthBytes), ...headers },
  });
  if (answer.status !== 201) throw new Error(`creation answered ${answer.status}: ${await answer.text()}`);
  return new URL(answer.headers.get('location') ?? '', server.url).href;
}

/** The URL of a final upload of this one part. */
export async function joined(server: RunningServer, part: string): Promise<string> {
  const headers = { ...tus, 'Upload-Concat': `final;${part}` };
  const answer = await fetch(server.url, { method: 'POST', headers });
  if (answer.status !== 201) throw new Error(`the join answered ${answer.status}: ${await answer.text()}`);
  return new URL(answer.headers.get('location') ?? '', server.url).href;
}

export function patch(
  url: string,
  offset: number | string,
  body: Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'PATCH',
    headers: { ...tus, ...octets, 'Upload-Offset': String(offset), ...headers },
    body: Buffer.from(body),
  });
}

export function head(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'HEAD', headers: { ...tus, ...headers } });
}

export async function offsetOf(url: string): Promise<number> {
  const answer = await head(url);
  if (answer.status !== 200) throw new Error(`HEAD answered ${answer.status}`);
  return Number(answer.headers.get('upload-offset'));
}

export function idOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

export function finalize(
  server: RunningServer,
  url: string,
  filename: unknown = 'video.mp4',
  fields: object = {},
): Promise<Response> {
  return fetch(`${server.url}/uploads/finalize`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ uploadId: idOf(url), filename, ...fields }),
  });
}

/** The answer that a good finalize of these bytes gives. */
export function provenAnswer(url: string, bytes: Uint8Array): object {
  return { videoId: idOf(url), status: 'complete', size: bytes.length, checksum: `sha256:${sha256(bytes)}` };
}

/** A connection on which the test writes what it likes. */
export interface Wire {
  readonly socket: Socket;
  send(bytes: string | Uint8Array): Promise<void>;
  /** Everything received, once it matches; fails after fifteen seconds. */
  received(pattern: RegExp): Promise<string>;
  /** Everything received until the server closed the connection. */
  untilClosed(): Promise<string>;
}

export async function wireTo(server: { readonly port: number }): Promise<Wire> {
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  onTestFinished(() => {
    socket.destroy();
  });
  let text = '';
  let isClosed = false;
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
  });
  socket.on('end', () => {
    isClosed = true;
  });
  socket.on('close', () => {
    isClosed = true;
  });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return {
    socket,
    send: (bytes) => new Promise((resolve) => socket.write(bytes, () => resolve())),
    received: (pattern) =>
      eventually(
        () => (pattern.test(text) ? text : undefined),
        () => `to receive ${pattern}, got: ${text}`,
      ),
    untilClosed: () =>
      eventually(
        () => (isClosed ? text : undefined),
        () => `the connection to be closed, got: ${text}`,
      ),
  };
}

/** The head of a PATCH as it stands on the wire. */
export function patchHead(
  url: string,
  offset: number | string,
  headers: Record<string, string | number>,
): string {
  const all = { Host: 'test', ...tus, ...octets, 'Upload-Offset': offset, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `PATCH ${new URL(url).pathname} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Asks again and again, for at most fifteen seconds. */
export async function eventually<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  what: () => string,
): Promise<T> {
  for (const deadlineMs = performance.now() + 15_000; performance.now() < deadlineMs; await sleep(5)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error(`waited fifteen seconds for ${what()}`);
}

/** The offset once it is what it should become. */
export async function offsetBecomes(url: string, expected: number): Promise<void> {
  let last: number | undefined;
  await eventually(
    async () => {
      last = await offsetOf(url);
      return last === expected ? true : undefined;
    },
    () => `offset ${expected}, last was ${last}`,
  );
}
