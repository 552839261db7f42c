import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** What a process cost. The processor time is that of all its threads. */
export interface ProcessFigures {
  /** From spawn to exit. */
  readonly elapsedMs: number;
  readonly userMs: number;
  readonly systemMs: number;
  readonly peakRssBytes: number;
}

const usageHook = new URL('clients/usage.mjs', import.meta.url).href;

/** Nothing measured here takes minutes: a process that does hangs. */
const HANGING_MS = 600_000;

/**
 * The environment without what would change a measured process behind the bench's back: settings of the
 * uploader, proxies, and Node's own options.
 */
export function neutralEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(PULSE_UPLOAD_.*|NODE_OPTIONS|.*_PROXY)$/i.test(name)),
  );
}

interface Finished {
  readonly elapsedMs: number;
  readonly stdout: string;
  readonly usage: string;
}

async function runNode(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Finished> {
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...neutralEnvironment(process.env), ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: HANGING_MS,
  });
  const exited = once(child, 'exit').then(([code, signal]) => ({
    elapsedMs: performance.now() - started,
    end: code === null ? `signal ${signal}` : `exit code ${code}`,
  }));
  const read = (fd: 1 | 2 | 3) => text(child.stdio[fd] as NodeJS.ReadableStream);
  const [{ elapsedMs, end }, stdout, stderr, usage] = await Promise.all([exited, read(1), read(2), read(3)]);
  if (end !== 'exit code 0') {
    throw new Error(`node ${args.join(' ')}: ${end}, expected exit code 0\n${stderr}${stdout}`);
  }
  return { elapsedMs, stdout, usage };
}

/**
 * Runs Node with these arguments, and nothing preloaded.
 * @throws {Error} where it does not end with exit code 0
 */
export async function timeNode(args: readonly string[]): Promise<{ elapsedMs: number; stdout: string }> {
  return runNode(args, {});
}

/**
 * Runs Node with these arguments and measures what it costs.
 * @throws {Error} where it does not end with exit code 0, or leaves no account of itself
 */
export async function measureNode(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<ProcessFigures> {
  const { elapsedMs, usage } = await runNode(['--import', usageHook, ...args], environment);
  if (usage === '') throw new Error(`node ${args.join(' ')}: ended without saying what it used`);
  return { elapsedMs, ...(JSON.parse(usage) as Omit<ProcessFigures, 'elapsedMs'>) };
}
