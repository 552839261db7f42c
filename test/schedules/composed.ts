import { randomBytes } from 'node:crypto';
import { appendFileSync, closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FaultProxy,
  type ProxiedRequest,
  type Stage,
  startFaultProxy,
} from '../../fixtures/proxies/fault-proxy.ts';
import { type BinEnd, type RunningBin, startBin } from '../crashes/bin.ts';
import { freshFolder, until } from '../crashes/scene.ts';
import { sparse } from './sparse-store.ts';
import { IDLE_MS, story } from './story.ts';
import { type Stored, sha256Of, startSubject, storedIn } from './subject.ts';

const MIB = 1_048_576;

/** Files beyond this have holes, and so has what the server keeps of them. */
const SPARSE_BYTES = 1024 * MIB;

export interface Composed {
  readonly seed: number;
  readonly sizeBytes: number;
  /** Above the body limit, so that the limit has to be learned. */
  readonly chunkBytes: number;
  /** The control arm: the file is changed in the middle of it. */
  readonly altered?: boolean;
}

export interface ComposedEnd {
  /** The stages that struck, in their order. */
  readonly struck: readonly string[];
  readonly stages: readonly string[];
  /** One for each time that the command was run. */
  readonly ends: readonly BinEnd[];
  readonly requests: readonly ProxiedRequest[];
  readonly sentBytes: number;
  readonly file: Stored;
  readonly finished: readonly Stored[];
  readonly unfinishedBytes: readonly number[];
  readonly elapsedMs: number;
  /** The same command once more when all was over; absent in the control arm and for files with holes. */
  readonly afterwards?: BinEnd;
  readonly finishedAfterwards?: readonly Stored[];
}

/** All the troubles of docs/faults.md that one upload can meet, one after another, with the real command. */
export async function runComposed(composed: Composed): Promise<ComposedEnd> {
  const folder = await freshFolder();
  const dir = join(folder.path, 'uploads');
  const isSparse = composed.sizeBytes >= SPARSE_BYTES;
  let token = 'first-token';
  const server = await startSubject(dir, 'pulse', {
    token: () => token,
    ...(isSparse && { behaviour: { store: sparse(dir) } }),
  });
  // A chunk that is held back fits in whole: only so is it noticed at once that its sender has gone.
  const proxy = await startFaultProxy({ target: server.url, bufferBytes: 2 * composed.chunkBytes });
  const tokenFile = join(folder.path, 'token');
  const path = join(folder.path, 'video.mp4');
  writeFileSync(tokenFile, token);
  writeContent(path, composed.sizeBytes, isSparse);
  const patience = ['--timeout', `${IDLE_MS}ms`, '--retries', '8', '--retry-delay', '200ms'];
  const args = [
    path,
    '--server',
    proxy.url,
    '--token-file',
    tokenFile,
    '--chunk-size',
    String(composed.chunkBytes),
  ];
  const command = () => startBin([...args, ...patience, '--json'], join(folder.path, 'state'));

  let running: RunningBin | undefined;
  // On a busy machine the proxy may notice late that a process and its connections are gone.
  const quiet = () =>
    until(() => proxy.log.every(({ endedMs }) => endedMs !== undefined), 'the end of its connections');
  const restart = async (loseBytes: number) => {
    await server.restart(loseBytes);
    // A server that ends takes its connections with it.
    await proxy.goDown();
    await proxy.comeBack();
  };
  const stages = story(composed, {
    restart: () => restart(MIB),
    kill: async () => {
      await running?.kill();
      await quiet();
    },
    expire: async () => {
      token = 'second-token';
      writeFileSync(tokenFile, token);
      await restart(0);
    },
  });
  const struck: string[] = [];
  tell(proxy, stages, (name) => {
    if (struck.at(-1) === name) return;
    struck.push(name);
    if (composed.altered === true && name === alteredAt(composed)) alter(path, composed.sizeBytes);
  });

  const startedMs = performance.now();
  try {
    const ends: BinEnd[] = [];
    for (let again = true; again; ) {
      running = command();
      const end = await running.ended;
      await quiet();
      ends.push(end);
      // Killed, or out of patience on a busy machine: the same command goes on.
      again = (end.code === null || end.code === 4) && ends.length < 5;
    }
    const elapsedMs = performance.now() - startedMs;
    const strikes = [...struck];
    const requests = [...proxy.log];
    const file = { sizeBytes: composed.sizeBytes, sha256: await sha256Of(path) };
    const stored = await storedIn(dir, 'pulse');
    const goesOn = composed.altered !== true && !isSparse;
    const afterwards = goesOn ? await command().ended : undefined;
    return {
      struck: strikes,
      stages: stages.map(({ name }) => name),
      ends,
      requests,
      sentBytes: requests
        .filter(({ method }) => method === 'PATCH')
        .reduce((sum, { bodyBytesReceived }) => sum + bodyBytesReceived, 0),
      file,
      ...stored,
      elapsedMs,
      ...(afterwards && { afterwards, finishedAfterwards: (await storedIn(dir, 'pulse')).finished }),
    };
  } finally {
    await running?.kill();
    await proxy.close();
    await server.close();
    await folder.remove();
  }
}

function tell(proxy: FaultProxy, stages: readonly Stage[], onStruck: (name: string) => void): void {
  proxy.addStages(stages, ({ name, fault }) => {
    onStruck(name);
    // A limit stays, unlike everything else.
    if (fault.do === 'limit-body') proxy.addFault(fault);
  });
}

function alteredAt({ sizeBytes }: Composed): string {
  return sizeBytes === 0 ? 'HEAD 502 three times' : 'half accepted';
}

function alter(path: string, sizeBytes: number): void {
  if (sizeBytes === 0) {
    appendFileSync(path, 'x');
    return;
  }
  const file = openSync(path, 'r+');
  writeSync(file, randomBytes(16), 0, Math.min(16, sizeBytes), Math.floor(sizeBytes / 2));
  closeSync(file);
}

/** Random bytes; in a large file only at its ends and in its middle. */
function writeContent(path: string, sizeBytes: number, isSparse: boolean): void {
  writeFileSync(path, isSparse ? '' : randomBytes(sizeBytes));
  if (!isSparse) return;
  truncateSync(path, sizeBytes);
  const file = openSync(path, 'r+');
  for (const at of [0, Math.floor(sizeBytes / 2), sizeBytes - MIB])
    writeSync(file, randomBytes(MIB), 0, MIB, at);
  closeSync(file);
}
