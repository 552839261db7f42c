import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { refuseOddEvents } from '../cli/published-events.ts';

const bin = resolve('bin/pulse-upload.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary folder that is gone when the test ends. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'pulse-upload-e2e-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}

function start(args: readonly string[], stateDir: string, node: readonly string[] = []): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PULSE_UPLOAD_'));
  const env = { ...Object.fromEntries(inherited), PULSE_UPLOAD_STATE_DIR: stateDir, NO_COLOR: '1' };
  const child = spawn(process.execPath, [...node, bin, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function ended(child: ChildProcess, args: readonly string[]): Promise<Ended> {
  const texts = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  refuseOddEvents(args, {}, texts.stdout);
  return { code, signal, ...texts };
}

/** Runs the real bin to its end; `node` are flags of node itself. */
export function run(args: readonly string[], stateDir: string, node: readonly string[] = []): Promise<Ended> {
  return ended(start(args, stateDir, node), args);
}

/** Runs the real bin, and kills it as soon as `when` says so of its events (`--json`). */
export async function runAndKill(
  args: readonly string[],
  stateDir: string,
  signal: NodeJS.Signals,
  when: (event: Readonly<Record<string, unknown>>) => boolean,
): Promise<Ended> {
  const withEvents = [...args, '--json'];
  const child = start(withEvents, stateDir);
  const end = ended(child, withEvents);
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (when(JSON.parse(line))) child.kill(signal);
    });
  }
  return end;
}

export interface Served {
  readonly url: string;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
  /** Stops the process as it is (SIGSTOP), and lets it go on. */
  readonly pause: () => void;
  readonly goOn: () => void;
}

/** The reference server as its own process, by default on any port. */
export async function serve(dir: string, port = 0, more: readonly string[] = []): Promise<Served> {
  const child = start(['serve', '--dir', dir, '--port', String(port), '--quiet', ...more], dir);
  const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`serve ended with ${code}`)));
  failed.catch(() => {});
  if (child.stdout === null) throw new Error('no stdout');
  const [url] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), failed])) as [
    string,
  ];
  return {
    url,
    pause: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
    kill: async (signal) => {
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
  };
}
