import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const bin = resolve(import.meta.dirname, '../../bin/pulse-upload.js');

/** How a command ended, with what it said. */
export interface BinEnd {
  readonly code: number | null;
  /** Its events, where it ran with --json. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly stderr: string;
}

export interface RunningBin {
  readonly ended: Promise<BinEnd>;
  /** kill -9; resolves once it is gone. */
  readonly kill: () => Promise<BinEnd>;
}

/** Starts the real command with its state in that folder and nothing of ours in its environment. */
export function startBin(args: readonly string[], stateDir: string): RunningBin {
  const child = start(args, stateDir);
  const ended = endOf(child);
  return {
    ended,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

export function runBin(args: readonly string[], stateDir: string): Promise<BinEnd> {
  return startBin(args, stateDir).ended;
}

export interface ServeProcess {
  readonly url: string;
  readonly kill: () => Promise<void>;
}

/** `pulse-upload serve` as a process of its own. */
export async function startServe(dir: string, port: number): Promise<ServeProcess> {
  const child = start(['serve', '--dir', dir, '--port', String(port), '--quiet'], dir);
  const gone = once(child, 'exit');
  if (child.stdout === null) throw new Error('no stdout');
  const line = once(createInterface({ input: child.stdout }), 'line');
  const early = gone.then(([code]) => Promise.reject(new Error(`serve ended with ${code}`)));
  early.catch(() => {});
  const [url] = (await Promise.race([line, early])) as [string];
  return {
    url,
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function start(args: readonly string[], stateDir: string): ChildProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PULSE_UPLOAD_.*|NODE_OPTIONS|FORCE_COLOR)$/.test(name),
  );
  const env = { ...Object.fromEntries(inherited), PULSE_UPLOAD_STATE_DIR: stateDir, NO_COLOR: '1' };
  return spawn(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function endOf(child: ChildProcess): Promise<BinEnd> {
  const text = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (part: string) => (text.stdout += part));
  child.stderr?.setEncoding('utf8').on('data', (part: string) => (text.stderr += part));
  const [code] = (await once(child, 'close')) as [number | null];
  const events = text.stdout
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line));
  return { code, events, stderr: text.stderr };
}
