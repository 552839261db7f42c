import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Fault } from '../fixtures/proxies/fault-proxy.ts';
import {
  bin,
  ended,
  holds,
  onBadLine,
  type Run,
  type Scene,
  type Started,
  type Trial,
  troubles,
} from './trials.ts';

/** What our uploader does beyond a file in chunks, where a server offers what that takes. */
export interface Way {
  readonly title: string;
  /** The extension without which the server is not asked for it. */
  readonly needs: string;
  /** What happens to the connection. */
  readonly troubles: Readonly<Record<string, readonly Fault[]>>;
  readonly attempt: (
    scene: Scene,
    server: Server,
    faults: readonly Fault[],
  ) => Promise<Omit<Trial, 'trouble'>>;
}

type Server = Pick<Started, 'url' | 'dir'>;

/** What became of a way on one server. */
export interface WaySeen {
  readonly title: string;
  /** The extension that is not offered. */
  readonly lacks?: string;
  readonly trials: readonly Trial[];
}

/** The right end of an upload whose creation carried nothing after all. */
export const WITHOUT_FIRST_BYTES = 'whole, but without them';

const goodLine = { 'a good line': [] } as const;

export const ways: readonly Way[] = [
  {
    title: 'from a pipe, its length deferred',
    needs: 'creation-defer-length',
    troubles,
    attempt: (scene, server) =>
      upload(scene, server, { args: ['-', '--name', 'video.mp4'], input: scene.content }),
  },
  {
    title: 'in four parts (`--parallel 4`)',
    needs: 'concatenation',
    troubles: {
      ...troubles,
      'the creation of a part lost': [{ on: { method: 'POST', nth: 2 }, do: 'swallow-response', by: 'rst' }],
      'the answer to the joining lost': [
        { on: { method: 'POST', nth: 5 }, do: 'swallow-response', by: 'rst' },
      ],
    },
    attempt: (scene, server) => upload(scene, server, { args: [scene.file, '--parallel', '4'] }),
  },
  {
    title: 'with its first bytes in the creation',
    needs: 'creation-with-upload',
    troubles: {
      ...goodLine,
      'the creation cut by FIN': [
        { on: { method: 'POST', nth: 1 }, do: 'cut-request', afterBodyBytes: 400_000, by: 'fin' },
      ],
      'the creation cut by RST': [
        { on: { method: 'POST', nth: 1 }, do: 'cut-request', afterBodyBytes: 400_000, by: 'rst' },
      ],
      'its answer lost': [{ on: { method: 'POST', nth: 1 }, do: 'swallow-response', by: 'rst' }],
    },
    attempt: async (scene, server) => {
      const trial = await upload(scene, server, { args: [scene.file, '--checksum', 'none'] });
      const [created] = scene.proxy.log.filter(({ method }) => method === 'POST');
      return { ...trial, ...(!created?.bodyBytesReceived && { rightly: WITHOUT_FIRST_BYTES }) };
    },
  },
  {
    title: 'with checksums of its chunks',
    needs: 'checksum',
    troubles,
    attempt: async (scene, server) => {
      const run = await upload(scene, server, { args: [scene.file, '--checksum', 'auto'] });
      const { proof } = doneIn(run.said) ?? {};
      return { ...run, rightly: proof === 'checksum' ? 'whole and proven' : 'whole, not proven' };
    },
  },
  {
    title: 'broken off and removed by `abort`',
    needs: 'termination',
    troubles: {
      ...goodLine,
      'a DELETE cut': [{ on: { method: 'DELETE', nth: 1 }, do: 'cut-request', afterBodyBytes: 0, by: 'rst' }],
      'its answer lost': [{ on: { method: 'DELETE', nth: 1 }, do: 'swallow-response', by: 'rst' }],
    },
    attempt: abortMidway,
  },
];

/** Every way that the server offers, over each of its lines. */
export async function waysOn(server: Server): Promise<readonly WaySeen[]> {
  const offered = await extensionsOf(server.url);
  const seen: WaySeen[] = [];
  for (const way of ways) {
    const isOffered = offered.includes(way.needs);
    const trials: Trial[] = [];
    for (const trouble of isOffered ? Object.keys(way.troubles) : [])
      trials.push(await tryWay(way, server, trouble));
    seen.push({ title: way.title, trials, ...(!isOffered && { lacks: way.needs }) });
  }
  return seen;
}

/** One attempt over one line. Where nothing happened to the connection after all, it shows nothing and counts as failed. */
export async function tryWay(way: Way, server: Server, trouble: string): Promise<Trial> {
  const faults = way.troubles[trouble] ?? [];
  return onBadLine(server.url, faults, async (scene) => {
    const trial = await way.attempt(scene, server, faults);
    const missed = faults.filter((fault) => !struck(fault, scene));
    if (missed.length === 0) return { trouble, ...trial };
    const said = `never happened: ${JSON.stringify(missed)}\n${trial.said}`;
    return { trouble, exitCode: trial.exitCode, isStored: false, said };
  });
}

function struck({ on, do: what }: Fault, { proxy }: Scene): boolean {
  return proxy.log.some(({ method, faults }) => method === on.method && faults.includes(what));
}

/** What OPTIONS lists. */
export async function extensionsOf(url: string): Promise<readonly string[]> {
  const { headers } = await fetch(url, { method: 'OPTIONS' });
  return (headers.get('tus-extension') ?? '').split(',').map((name) => name.trim());
}

async function upload(
  { content, work, proxy }: Scene,
  { dir }: Server,
  { args, input }: Pick<Run, 'args' | 'input'>,
): Promise<Omit<Trial, 'trouble'>> {
  const flags = ['--server', proxy.url, '--protocol', 'tus', '--retry-delay', '200ms', '--json'];
  const { exitCode, said } = await ended(ours([...args, ...flags], work, input), work);
  return { exitCode, isStored: holds(dir, content), said };
}

/** An upload that breaks off for good in its second chunk, and its removal. */
async function abortMidway(
  { file, work, proxy }: Scene,
  { dir }: Server,
  faults: readonly Fault[],
): Promise<Omit<Trial, 'trouble'>> {
  const flags = ['--server', proxy.url, '--retry-delay', '100ms', '--json'];
  const noMore: Fault = {
    on: { method: 'PATCH', nth: 2, times: 1000 },
    do: 'cut-request',
    afterBodyBytes: 0,
    by: 'fin',
  };
  proxy.setFaults([noMore]);
  const before = bytesIn(dir);
  const broken = await ended(
    ours([file, ...flags, '--protocol', 'tus', '--checksum', 'none', '--retries', '1'], work),
    work,
  );
  if (broken.exitCode !== 4 || bytesIn(dir) === before)
    return { exitCode: broken.exitCode || 1, isStored: false, said: `it did not break off: ${broken.said}` };
  proxy.setFaults(faults);
  const { exitCode, said } = await ended(ours(['abort', file, ...flags], work), work);
  return { exitCode, isStored: bytesIn(dir) === before, said, rightly: 'gone' };
}

function ours(args: readonly string[], work: string, input?: Uint8Array): Run {
  const env = { PULSE_UPLOAD_STATE_DIR: join(work, 'state') };
  return { file: process.execPath, args: [bin, ...args], env, ...(input && { input }) };
}

/** What the files below a folder hold, the few bytes that servers write down about an upload left out. */
function bytesIn(dir: string): number {
  const paths = readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name));
  const sizes = paths.map((path) => statSync(path)).flatMap((stat) => (stat.isFile() ? [stat.size] : []));
  return sizes.filter((sizeBytes) => sizeBytes > 100_000).reduce((total, sizeBytes) => total + sizeBytes, 0);
}

function doneIn(said: string): { readonly proof?: string } | undefined {
  const line = said.split('\n').find((text) => text.includes('"type":"upload.done"'));
  return line === undefined ? undefined : JSON.parse(line);
}
