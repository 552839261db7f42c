import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { onTestFinished } from 'vitest';
import { refuseOddEvents } from './published-events.ts';

export const bin = resolve('bin', 'pulse-upload.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with the text of a stream once it matches. */
  readonly until: (stream: 'stdout' | 'stderr', pattern: RegExp) => Promise<string>;
}

export interface BinOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What its standard input is; nothing at all where absent. */
  readonly stdin?: 'pipe' | number;
  /** Who runs it, where that is not who runs the test. */
  readonly uid?: number;
  readonly gid?: number;
  /** Flags of node itself. */
  readonly node?: readonly string[];
  /** Of another copy of the program. */
  readonly bin?: string;
}

/** A folder that is gone when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'pulse-upload-cli-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Starts the real bin in an environment that nothing of ours, and no colour setting, leaks into. */
export function startBin(args: readonly string[], options: BinOptions = {}): Running {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PULSE_UPLOAD_.*|NO_COLOR|FORCE_COLOR|NODE_OPTIONS)$/.test(name),
  );
  const child = spawn(process.execPath, [...(options.node ?? []), options.bin ?? bin, ...args], {
    cwd: options.cwd,
    ...(options.uid !== undefined && { uid: options.uid, gid: options.gid }),
    env: { ...Object.fromEntries(inherited), ...options.env },
    stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'],
  });
  // Who writes to one that has ended is no failed test.
  child.stdin?.on('error', () => undefined);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const text = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (part: string) => {
      text[stream] += part;
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      try {
        refuseOddEvents(args, options.env ?? {}, text.stdout);
        resolve({ code, signal, ...text });
      } catch (error) {
        reject(error);
      }
    });
  });
  const until = (stream: 'stdout' | 'stderr', pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        if (!pattern.test(text[stream])) return;
        waiting.delete(look);
        resolve(text[stream]);
      };
      waiting.add(look);
      look();
      ended.then(() => reject(new Error(`ended without ${pattern} in ${stream}: ${text[stream]}`)), reject);
    });
  return { child, ended, until };
}

export function runBin(args: readonly string[], options: BinOptions = {}): Promise<Ended> {
  return startBin(args, options).ended;
}
