import { randomBytes } from 'node:crypto';
import { appendFileSync, closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FaultProxy,
  type ProxiedRequest,
  type Stage,
  startFaultProxy,
} from '../../fixtures/proxies/fault-proxy.ts';
import { mulberry32 } from '../../fixtures/proxies/random-faults.ts';
import { type BinEnd, type RunningBin, startBin } from '../crashes/bin.ts';
import { freshFolder, until } from '../crashes/scene.ts';
import { sparse } from './sparse-store.ts';
import { type Stored, sha256Of, startSubject, storedIn } from './subject.ts';

const MIB = 1_048_576;
const IDLE_MS = 2000;
const BUSY_MS = 5000;
const BODY_LIMIT_BYTES = 8 * MIB;

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

/** All the troubles of client-faults.md in one upload, one after another, with the real command. */
export async function runComposed(composed: Composed): Promise<ComposedEnd> {
  const folder = await freshFolder();
  const dir = join(folder.path, 'uploads');
  const isSparse = composed.sizeBytes >= SPARSE_BYTES;
  let token = 'first-token';
  const server = await startSubject(dir, 'pulse', {
    token: () => token,
    ...(isSparse && { behaviour: { store: sparse(dir) } }),
  });
  const proxy = await startFaultProxy({ target: server.url() });
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
  const restart = async (loseBytes: number) => {
    await server.restart(loseBytes);
    proxy.retarget(server.url());
    // A server that ends takes its connections with it.
    await proxy.goDown();
    await proxy.comeBack();
  };
  const stages = story(composed, {
    restart: () => restart(MIB),
    kill: async () => {
      await running?.kill();
      await until(
        () => proxy.log.every(({ endedMs }) => endedMs !== undefined),
        'the end of its connections',
      );
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

interface Deeds {
  readonly restart: () => Promise<unknown>;
  readonly kill: () => Promise<unknown>;
  readonly expire: () => Promise<unknown>;
}

/** The story of client-faults.md ("Composed schedule"). An empty file has no PATCH: there finalize meets what it can meet. */
function story({ seed, sizeBytes, chunkBytes }: Composed, deeds: Deeds): readonly Stage[] {
  const random = mulberry32(seed);
  const isEmpty = sizeBytes === 0;
  const work = isEmpty ? { path: '/uploads/finalize' } : { method: 'PATCH' };
  const cutAfter = Math.floor(random() * Math.min(sizeBytes, chunkBytes));
  const create: Stage = {
    name: 'lost 201',
    fault: { on: { method: 'POST', path: '/uploads' }, do: 'swallow-response', by: 'rst' },
  };
  const badGateway: Stage = {
    name: 'HEAD 502 three times',
    fault: { on: { method: 'HEAD' }, do: 'answer', status: 502 },
    times: 3,
  };
  const busy: Stage = {
    name: '423 for 5 s',
    fault: { on: work, do: 'answer', status: 423 },
    forMs: BUSY_MS,
  };
  const ofChunks: readonly Stage[] = [
    { name: 'half accepted', fault: { on: work, do: 'take-part', share: 0.5 } },
    { name: '409', fault: { on: work, do: 'answer', status: 409 } },
    {
      name: 'black hole',
      fault: { on: {}, do: 'stall-request', afterBodyBytes: 0 },
      forMs: 2 * IDLE_MS,
    },
  ];
  const ofProcesses: readonly Stage[] = [
    { name: 'restart that loses a MiB', fault: { on: work, do: 'meanwhile', run: deeds.restart } },
    { name: 'kill -9', fault: { on: work, do: 'meanwhile', run: deeds.kill } },
    { name: 'token expired', fault: { on: work, do: 'meanwhile', run: deeds.expire } },
    {
      name: '429',
      fault: { on: work, do: 'answer', status: 429, headers: { 'Retry-After': '2' } },
    },
  ];
  const ofProxies: readonly Stage[] = [
    {
      name: '413 above 8 MiB',
      fault: { on: work, do: 'limit-body', bytes: BODY_LIMIT_BYTES },
      when: ({ contentLength = 0 }) => contentLength > BODY_LIMIT_BYTES,
    },
    { name: 'cached HEAD', fault: { on: { method: 'HEAD' }, do: 'replay-answer' } },
  ];
  const lastLost: Stage = {
    name: 'last answer lost',
    fault: { on: work, do: 'swallow-response', by: 'rst' },
    when: ({ headers, contentLength = 0 }) =>
      isEmpty || Number(headers['upload-offset']) + contentLength === sizeBytes,
  };
  if (isEmpty) return [create, badGateway, busy, ...ofProcesses, lastLost];
  const cut: Stage = {
    name: 'RST',
    fault: { on: work, do: 'cut-request', afterBodyBytes: cutAfter, by: 'rst' },
  };
  // After the cut and the half too little may be left of a chunk for the limit to matter.
  const limited = ofProxies.filter(({ name }) => name === 'cached HEAD' || sizeBytes > 2 * chunkBytes);
  // The cache answers once more where that is a lie: after the lost answer, when the server has everything.
  const stale: Stage = {
    name: 'cached HEAD that is out of date',
    fault: { on: { method: 'HEAD' }, do: 'replay-answer' },
  };
  return [create, cut, badGateway, busy, ...ofChunks, ...ofProcesses, ...limited, lastLost, stale];
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
