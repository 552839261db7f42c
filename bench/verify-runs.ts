import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startFaultProxy } from '../fixtures/proxies/fault-proxy.ts';
import { uploaderPath } from './contenders.ts';
import { neutralEnvironment, timeNode } from './measured-process.ts';

/** A default run of `pulse-upload verify` against the reference server, each a process of its own. */
export interface VerifyRun {
  /** From the start of the tester's process to its end. */
  readonly elapsedMs: number;
  /** Heads and bodies that the tester sent. */
  readonly sentBytes: number;
  readonly requests: number;
}

/** Loopback as it is, and through a line with 100 ms per round trip. */
export interface VerifyFigures {
  readonly near: readonly VerifyRun[];
  readonly distant: readonly VerifyRun[];
}

const ROUND_TRIP_MS = 100;

interface Report {
  readonly exitCode: number;
  readonly sentBytes: number;
  readonly requests: number;
  readonly counts: { readonly pass: number };
}

/** Fewer checks than that would not be the run that the goals are stated for. */
const LEAST_PASSED = 200;

/**
 * Whether this report is of a run that counts: a good server was found good, by a whole run.
 * @throws {Error}
 */
export function checkedReport(report: Report): Report {
  const { exitCode, counts, sentBytes, requests } = report;
  if (exitCode !== 0) throw new Error(`verify ended with exit code ${exitCode} against the reference server`);
  if (counts.pass < LEAST_PASSED) throw new Error(`only ${counts.pass} checks passed: not a default run`);
  if (!(sentBytes > 0 && requests > 0)) throw new Error('verify reported that it sent nothing');
  return report;
}

async function verified(url: string, folder: string, seed: number): Promise<VerifyRun> {
  const path = join(folder, `verify-${seed}.json`);
  const args = [uploaderPath, 'verify', url, '--quiet', '--seed', String(seed), '--report', `json=${path}`];
  const { elapsedMs } = await timeNode(args);
  const { sentBytes, requests } = checkedReport(JSON.parse(await readFile(path, 'utf8')) as Report);
  return { elapsedMs, sentBytes, requests };
}

/** The reference server as its users start it. It ends with the bench, however that ends. */
async function startReference(folder: string) {
  const args = [uploaderPath, 'serve', '--port', '0', '--dir', join(folder, 'served'), '--quiet', '--json'];
  const child = spawn(process.execPath, args, {
    env: neutralEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = () => child.kill();
  process.once('exit', kill);
  const lines = createInterface({ input: child.stdout });
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the reference server ended unexpectedly with code ${code}`);
  });
  gone.catch(() => undefined);
  const [line] = (await Promise.race([once(lines, 'line'), gone])) as [string];
  const [url] = /http:\/\/[^\s"]+/.exec(line) ?? [];
  if (url === undefined) throw new Error(`the reference server says no URL: ${line}`);
  return {
    url,
    stop: async () => {
      process.off('exit', kill);
      const ended = once(child, 'exit');
      if (kill()) await ended;
    },
  };
}

export interface VerifyBench {
  readonly folder: string;
  readonly nearRounds: number;
  readonly distantRounds: number;
  readonly say: (line: string) => void;
}

/** @throws {Error} at the first run that fails */
export async function measureVerify({
  folder,
  nearRounds,
  distantRounds,
  say,
}: VerifyBench): Promise<VerifyFigures> {
  const reference = await startReference(folder);
  const line = await startFaultProxy({ target: reference.url, latencyMs: ROUND_TRIP_MS / 2 });
  const series = async (label: string, url: string, rounds: number) => {
    const runs: VerifyRun[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const run = await verified(url, folder, round);
      runs.push(run);
      say(
        `verify ${round}/${rounds} ${label}: ${(run.elapsedMs / 1000).toFixed(2)} s, ${(run.sentBytes / 1e6).toFixed(1)} MB`,
      );
    }
    return runs;
  };
  try {
    const near = await series('loopback', reference.url, nearRounds);
    const distant = await series(`${ROUND_TRIP_MS} ms per round trip`, line.url, distantRounds);
    return { near, distant };
  } finally {
    await line.close();
    await reference.stop();
  }
}
