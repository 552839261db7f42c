import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../fixtures/free-port.ts';
import { type FaultProxy, startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import { type BinEnd, runBin, type ServeProcess, startBin, startServe } from './bin.ts';
import { drawCrash, type Moment, momentOf } from './moments.ts';
import { freshFolder } from './scene.ts';

const CHUNK_BYTES = 65_536;

/** A server with its folder, as a process that crashes and comes back; one for many uploads. */
export interface CrashingServer {
  readonly dir: string;
  readonly current: () => ServeProcess;
  readonly crash: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function startCrashingServer(): Promise<CrashingServer> {
  const folder = await freshFolder();
  // The same when it is back: somebody else may be given a port that it leaves, and be taken for it.
  const port = await freePort();
  let serve = await startServe(folder.path, port);
  return {
    dir: folder.path,
    current: () => serve,
    crash: async () => {
      await serve.kill();
      serve = await startServe(folder.path, port);
    },
    close: async () => {
      await serve.kill();
      await folder.remove();
    },
  };
}

/** One crash, and how it was got over. */
export interface CrashReport {
  readonly moment: Moment;
  /** False: the upload had ended before the moment came. */
  readonly struck: boolean;
  /** How often the same command was run until it ended well. */
  readonly runs: number;
  readonly wrong: readonly string[];
}

/** Kills the client at the moment that the seed says; then the same command has to end it. */
export async function crashClient(seed: number, server: CrashingServer): Promise<CrashReport> {
  return withUpload(seed, server, async ({ start, run, proxy, moment, name }) => {
    const child = start();
    const struck = await momentOf(moment, proxy, child.ended);
    const killed = await child.kill();
    proxy.setFaults([]);
    const kept = await storedFor(server.dir, name);
    if (killed.events.some(isDone)) return { struck, ends: [killed], wrong: [] };
    const end = await run();
    return { struck, ends: [killed, end], wrong: goesOn(killed, end, kept) };
  });
}

/** Kills the server at that moment and starts it again; the client that is under way, or the same command, has to end it. */
export async function crashServer(seed: number, server: CrashingServer): Promise<CrashReport> {
  return withUpload(seed, server, async ({ start, run, proxy, moment, name }) => {
    const child = start();
    const struck = await momentOf(moment, proxy, child.ended);
    if (struck) await server.crash();
    proxy.setFaults([]);
    // What the proxy holds back would wait for ever: the connections end with the server.
    if (struck && moment.at !== 'time') {
      await proxy.goDown();
      await proxy.comeBack();
    }
    const first = await child.ended;
    if (first.code === 0) return { struck, ends: [first], wrong: [] };
    const wrong = first.code === 4 ? [] : [`the client ended with exit code ${first.code}: ${first.stderr}`];
    const kept = await storedFor(server.dir, name);
    const end = await run();
    return { struck, ends: [first, end], wrong: [...wrong, ...goesOn(first, end, kept)] };
  });
}

interface Upload {
  readonly start: () => ReturnType<typeof startBin>;
  readonly run: () => Promise<BinEnd>;
  readonly proxy: FaultProxy;
  readonly moment: Moment;
  /** The file's name at the server, without its extension. */
  readonly name: string;
}

interface Played {
  readonly struck: boolean;
  readonly ends: readonly BinEnd[];
  readonly wrong: readonly string[];
}

async function withUpload(
  seed: number,
  server: CrashingServer,
  play: (upload: Upload) => Promise<Played>,
): Promise<CrashReport> {
  const folder = await freshFolder();
  const proxy = await startFaultProxy({ target: server.current().url });
  try {
    const { sizeBytes, moment } = drawCrash(seed, CHUNK_BYTES);
    const name = `video-${seed}`;
    const file = join(folder.path, `${name}.mp4`);
    const content = randomBytes(sizeBytes);
    await writeFile(file, content);
    const patience = ['--retries', '20', '--retry-delay', '100ms'];
    const args = [file, '--server', proxy.url, '--chunk-size', String(CHUNK_BYTES), ...patience, '--json'];
    const stateDir = join(folder.path, 'state');
    const start = () => startBin(args, stateDir);
    const run = () => runBin(args, stateDir);
    const { struck, ends, wrong } = await play({ start, run, proxy, moment, name });
    const sha256 = createHash('sha256').update(content).digest('hex');
    const all = [
      ...wrong,
      ...endsProven(ends.at(-1), sha256),
      ...storedOnce(await storedFor(server.dir, name), sha256),
      ...wastesLittle(proxy, sizeBytes),
    ];
    return { moment, struck, runs: ends.length, wrong: all };
  } finally {
    await proxy.close();
    await folder.remove();
  }
}

function isDone({ type }: Readonly<Record<string, unknown>>): boolean {
  return type === 'upload.done';
}

function endsProven(end: BinEnd | undefined, sha256: string): readonly string[] {
  const done = end?.events.find(isDone);
  if (done?.proven === true && done.sha256 === sha256) return [];
  return [`the last run ended with exit code ${end?.code}, proven: ${done?.proven}; ${end?.stderr}`];
}

/** What the server still had is gone on with, as far as it goes. */
function goesOn(killed: BinEnd, end: BinEnd, kept: Stored): readonly string[] {
  if (end.code !== 0) return [];
  const keptBytes = Math.max(0, ...kept.unfinishedBytes, ...kept.finished.map(({ sizeBytes }) => sizeBytes));
  if (keptBytes === 0) return [];
  const resumed = end.events.find(({ type }) => type === 'upload.resumed');
  if (Number(resumed?.offsetBytes) >= keptBytes) return [];
  return [
    `the server had ${keptBytes} bytes, but the next run went on from ${resumed?.offsetBytes ?? 'zero'} (after ${killed.events.length} events)`,
  ];
}

function storedOnce({ finished, unfinishedBytes }: Stored, sha256: string): readonly string[] {
  return [
    ...(finished.length === 1 ? [] : [`${finished.length} finished uploads, expected one`]),
    ...finished
      .filter((one) => one.sha256 !== sha256)
      .map(() => 'the server holds other bytes than the file'),
    ...unfinishedBytes
      .filter((bytes) => bytes > 0)
      .map((bytes) => `an upload with ${bytes} bytes was left behind`),
  ];
}

/** One chunk may be cut by the crash, and one by what the crash left hanging. */
function wastesLittle(proxy: FaultProxy, sizeBytes: number): readonly string[] {
  const sentBytes = proxy.log
    .filter(({ method }) => method === 'PATCH')
    .reduce((sum, { bodyBytesReceived }) => sum + bodyBytesReceived, 0);
  const mostBytes = sizeBytes + 2 * CHUNK_BYTES;
  return sentBytes <= mostBytes
    ? []
    : [`${sentBytes} bytes were sent of ${sizeBytes}, expected ${mostBytes} at most`];
}

interface Stored {
  readonly finished: readonly { readonly sizeBytes: number; readonly sha256: string }[];
  readonly unfinishedBytes: readonly number[];
}

/** What the server's folder holds of the file with this name. */
async function storedFor(dir: string, name: string): Promise<Stored> {
  const names = (await readdir(dir)).filter(
    (entry) => entry.startsWith(`${name}.`) || entry.startsWith(`${name}-`),
  );
  const finished = await Promise.all(
    names.map(async (entry) => {
      const bytes = await readFile(join(dir, entry));
      return { sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    }),
  );
  const work = join(dir, '.incomplete');
  const unfinishedBytes: number[] = [];
  for (const entry of (await readdir(work)).filter((one) => one.endsWith('.json'))) {
    const info = await readFile(join(work, entry), 'utf8').catch(() => '{}');
    const metadata = String(JSON.parse(info).metadata ?? '');
    const data = await stat(join(work, entry.replace(/json$/, 'data'))).catch(() => undefined);
    if (data !== undefined && metadata.includes(Buffer.from(`${name}.mp4`).toString('base64')))
      unfinishedBytes.push(data.size);
  }
  return { finished, unfinishedBytes };
}
