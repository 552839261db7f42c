import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../fixtures/free-port.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../fixtures/proxies/fault-proxy.ts';
import { startServer } from '../src/server/server.ts';
import type { ClientPeer, Command, ServerPeer } from './peer.ts';

export const bin = join(import.meta.dirname, '..', 'bin', 'pulse-upload.js');
const FILE_BYTES = 5 * 1_048_576 + 4_711;

/** What happens to the connection, and what it is called on the page. */
export const troubles: Readonly<Record<string, readonly Fault[]>> = {
  'a good line': [],
  'a chunk cut by FIN': [
    { on: { method: 'PATCH', nth: 2 }, do: 'cut-request', afterBodyBytes: 400_000, by: 'fin' },
  ],
  'a chunk cut by RST': [
    { on: { method: 'PATCH', nth: 2 }, do: 'cut-request', afterBodyBytes: 400_000, by: 'rst' },
  ],
  'a lost answer': [{ on: { method: 'PATCH', nth: 2 }, do: 'swallow-response', by: 'rst' }],
  'all three': [
    { on: { method: 'PATCH', nth: 1 }, do: 'swallow-response', by: 'fin' },
    { on: { method: 'PATCH', nth: 2 }, do: 'cut-request', afterBodyBytes: 1, by: 'rst' },
    { on: { method: 'PATCH', nth: 4 }, do: 'cut-request', afterBodyBytes: 700_000, by: 'fin' },
  ],
};

/** One upload through a bad line: the client's exit code, and whether the server holds exactly the file. */
export interface Trial {
  readonly trouble: string;
  readonly exitCode: number | null;
  readonly isStored: boolean;
  /** The last lines of what the client said. */
  readonly said: string;
  /** What a right end is called, where that is not that the file is whole. */
  readonly rightly?: string;
}

export interface Started {
  readonly url: string;
  readonly dir: string;
  readonly stop: () => Promise<void>;
}

/** Starts a peer and waits until it answers. */
export async function startPeer(peer: ServerPeer, cache: string): Promise<Started> {
  const dir = mkdtempSync(join(tmpdir(), `pulse-peer-${peer.id}-`));
  const port = await freePort();
  // What it logs nobody reads, and a full pipe would stop it.
  const child = start(peer.command(cache, port, dir), {}, 'ignore');
  const url = `http://127.0.0.1:${port}${peer.path}`;
  for (let tries = 0; !(await answers(url)); tries++) {
    if (tries > 300 || child.exitCode !== null) throw new Error(`${peer.title} does not answer at ${url}`);
    await sleep(100);
  }
  return {
    url,
    dir,
    stop: async () => {
      if (child.exitCode === null) {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }
      rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Our uploader to a server of somebody else. */
export async function uploadTo(server: Pick<Started, 'url' | 'dir'>, trouble: string): Promise<Trial> {
  return tried(server, trouble, (file, url, work) => ({
    file: process.execPath,
    args: [bin, file, '--server', url, '--protocol', 'tus', '--retry-delay', '200ms', '--progress', 'none'],
    env: { PULSE_UPLOAD_STATE_DIR: join(work, 'state') },
  }));
}

/** Somebody else's client to our server. */
export async function uploadFrom(client: ClientPeer, cache: string, trouble: string): Promise<Trial> {
  const dir = mkdtempSync(join(tmpdir(), 'pulse-peer-reference-'));
  const server = await startServer({ host: '127.0.0.1', port: 0, dir, protocol: 'tus' });
  try {
    return await tried({ url: server.url, dir }, trouble, (file, url) => client.command(cache, file, url));
  } finally {
    await server.close();
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

type CommandFor = (file: string, url: string, work: string) => Run;

/** A command, what it is given beside its arguments, and what it reads. */
export interface Run extends Command {
  readonly env?: Readonly<Record<string, string>>;
  /** Its standard input; nothing where absent. */
  readonly input?: Uint8Array;
}

async function tried(
  { url, dir }: Pick<Started, 'url' | 'dir'>,
  trouble: string,
  commandFor: CommandFor,
): Promise<Trial> {
  return onBadLine(url, troubles[trouble] ?? [], async ({ content, file, work, proxy }) => {
    const { exitCode, said } = await ended(commandFor(file, proxy.url, work), work);
    return { trouble, exitCode, isStored: holds(dir, content), said };
  });
}

/** A file, a folder to work in, and the line to the server. */
export interface Scene {
  readonly content: Uint8Array;
  readonly file: string;
  readonly work: string;
  readonly proxy: FaultProxy;
}

/** Something that is done over a line on which these things happen. */
export async function onBadLine<T>(
  target: string,
  faults: readonly Fault[],
  act: (scene: Scene) => Promise<T>,
): Promise<T> {
  const work = mkdtempSync(join(tmpdir(), 'pulse-peer-work-'));
  const file = join(work, 'video.mp4');
  const content = randomBytes(FILE_BYTES);
  writeFileSync(file, content);
  const proxy = await startFaultProxy({ target, faults });
  try {
    return await act({ content, file, work, proxy });
  } finally {
    await proxy.close();
    rmSync(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Runs a command to its end. */
export async function ended(
  { input, env, ...command }: Run,
  cwd: string,
): Promise<{ readonly exitCode: number | null; readonly said: string; readonly stdout: string }> {
  const child = start(command, { cwd, ...env }, 'pipe', input);
  let said = '';
  let stdout = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-2000);
      if (stream === child.stdout) stdout += text;
    });
  }
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, said, stdout };
}

function start(
  { file, args }: Command,
  env: Readonly<Record<string, string>> = {},
  output: 'pipe' | 'ignore' = 'pipe',
  input?: Uint8Array,
): ChildProcess {
  const { cwd, ...variables } = env;
  const child = spawn(file, args, {
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, ...variables },
    stdio: [input === undefined ? 'ignore' : 'pipe', output, output],
  });
  // Who ends before everything is read says why by its exit code.
  child.stdin?.on('error', () => undefined).end(input);
  return child;
}

/** Whether some file below the folder holds exactly these bytes, under whatever name. */
export function holds(dir: string, content: Uint8Array): boolean {
  mkdirSync(dir, { recursive: true });
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name));
  const sameSize = names.filter((name) => statSync(name).size === content.length && statSync(name).isFile());
  return sameSize.some((name) => sha256(readFileSync(name)) === sha256(content));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function answers(url: string): Promise<boolean> {
  const asked = await fetch(url, { method: 'OPTIONS', signal: AbortSignal.timeout(2000) }).catch(
    () => undefined,
  );
  return asked !== undefined;
}
