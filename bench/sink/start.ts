import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BenchmarkFile } from '../benchmark-file.ts';
import type { Tally } from './uploads.mjs';

/** The sink server in its own process, as the bench sees it. */
export interface Sink {
  readonly port: number;
  /** What it received since the last call. */
  readonly take: () => Promise<Tally>;
  readonly stop: () => Promise<void>;
}

async function messageFrom(child: ChildProcess): Promise<unknown> {
  const settled = new AbortController();
  const told = once(child, 'message', settled).then(([message]) => message);
  const ended = once(child, 'exit', settled).then(([code]) => {
    throw new Error(`the sink ended unexpectedly with code ${code}`);
  });
  try {
    return await Promise.race([told, ended]);
  } finally {
    settled.abort();
  }
}

/** Starts a sink that accepts these files. It ends with the bench, however that ends. */
export async function startSink(files: readonly BenchmarkFile[]): Promise<Sink> {
  const child = fork(
    fileURLToPath(new URL('main.mjs', import.meta.url)),
    files.map(({ sizeBytes, sha256 }) => `${sizeBytes}=${sha256}`),
    { execArgv: [] },
  );
  const { port } = (await messageFrom(child)) as { port: number };
  return {
    port,
    take: async () => {
      if (!child.connected) throw new Error('the sink is gone');
      child.send('take');
      return (await messageFrom(child)) as Tally;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
