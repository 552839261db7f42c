import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../fixtures/free-port.ts';
import { allExtensions } from '../../src/server/extensions.ts';
import type { Behaviour } from '../../src/server/server.ts';
import { type RunningServer, startServer } from '../../src/server/server.ts';

/** An upload, or a finished file, as it lies on the server's disk. */
export interface Stored {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** A reference server in this process that can be ended and started again on the same folder. */
export interface RestartableServer {
  readonly url: string;
  /** Ends it as a crash does, and starts it again on its port, with up to so many bytes of each unfinished upload gone. */
  readonly restart: (loseBytes: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function startSubject(
  dir: string,
  protocol: 'pulse' | 'tus',
  given: {
    readonly token?: () => string;
    readonly behaviour?: Behaviour;
    readonly compares?: boolean | undefined;
  } = {},
): Promise<RestartableServer> {
  // Its own while it is gone: somebody else would be taken for it.
  const port = await freePort();
  const start = (): Promise<RunningServer> =>
    startServer({
      host: '127.0.0.1',
      port,
      dir,
      protocol,
      limits: { closeGraceMs: 0, stallMs: 150, settleMs: 1000 },
      ...(given.compares && { extensions: allExtensions }),
      ...(given.token !== undefined && { token: given.token() }),
      ...(given.behaviour !== undefined && { behaviour: given.behaviour }),
    });
  let server = await start();
  // A restart that takes longer than a client waits is followed by the next one, not joined by it.
  let restarted: Promise<void> = Promise.resolve();
  const restart = async (loseBytes: number) => {
    await server.close();
    await loseTails(dir, loseBytes);
    server = await start();
  };
  return {
    url: server.url,
    restart: (loseBytes) => {
      restarted = restarted.then(() => restart(loseBytes));
      return restarted;
    },
    close: async () => {
      await restarted;
      await server.close();
    },
  };
}

/** What a power cut does to bytes that were acknowledged and not yet on the disk. */
async function loseTails(dir: string, loseBytes: number): Promise<void> {
  for (const name of await dataFiles(dir)) {
    const path = join(dir, '.incomplete', name);
    const found = await stat(path).catch(() => undefined); // moved away: it was finished after all
    if (found !== undefined) await truncate(path, Math.max(0, found.size - loseBytes)).catch(() => {});
  }
}

async function dataFiles(dir: string): Promise<readonly string[]> {
  return (await readdir(join(dir, '.incomplete'))).filter((name) => name.endsWith('.data'));
}

interface OnDisk {
  readonly finished: readonly Stored[];
  readonly unfinishedBytes: readonly number[];
}

/** What lies on the disk: finished files (tus: complete uploads), and the sizes of what is unfinished. */
export async function storedIn(dir: string, protocol: 'pulse' | 'tus'): Promise<OnDisk> {
  for (let tries = 1; ; tries++) {
    try {
      return await look(dir, protocol);
    } catch (thrown) {
      // A server whose answer was lost may still be moving what it has: then one looks again.
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT' || tries > 20) throw thrown;
      await wait(50);
    }
  }
}

async function look(dir: string, protocol: 'pulse' | 'tus'): Promise<OnDisk> {
  const finished: Stored[] = [];
  const unfinishedBytes: number[] = [];
  for (const name of (await readdir(dir)).filter((entry) => entry !== '.incomplete'))
    finished.push(await digestOf(join(dir, name)));
  for (const name of await dataFiles(dir)) {
    const path = join(dir, '.incomplete', name);
    const info = JSON.parse(await readFile(path.replace(/data$/, 'json'), 'utf8'));
    const { size } = await stat(path);
    if (protocol === 'tus' && size === info.lengthBytes) finished.push(await digestOf(path));
    else unfinishedBytes.push(size);
  }
  return { finished, unfinishedBytes };
}

async function digestOf(path: string): Promise<Stored> {
  return { sizeBytes: (await stat(path)).size, sha256: await sha256Of(path) };
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(part);
  return hash.digest('hex');
}
