import { createHash, randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fault, FaultProxy, ProxiedRequest } from '../../fixtures/proxies/fault-proxy.ts';
import { startFaultProxy } from '../../fixtures/proxies/fault-proxy.ts';
import type { PulseEvent } from '../../src/events.ts';
import { createTransport } from '../../src/transport/http.ts';
import { type Clock, defaultSettings, type UploadSettings } from '../../src/upload/settings.ts';
import { openStateStore } from '../../src/upload/state/state-store.ts';
import { uploadFiles } from '../../src/upload/upload-files.ts';
import { type RestartableServer, type Stored, startSubject, storedIn } from './subject.ts';
import type { Plan, Trouble } from './trouble.ts';

/** One run of the uploader. */
export interface Run {
  readonly exitCode: number;
  readonly events: readonly PulseEvent[];
  /** As the proxy saw them, in order. */
  readonly requests: readonly ProxiedRequest[];
  /** What its pauses would have taken. */
  readonly pausedMs: number;
  readonly elapsedMs: number;
}

/** All that is known of one plan when it is over. */
export interface Observed {
  readonly plan: Plan;
  readonly file: Stored;
  readonly first: Run;
  /** The file was changed in mid-upload. */
  readonly altered: boolean;
  /** The same upload once more, without any trouble; absent where the first ended well. */
  readonly second?: Run;
  readonly finished: readonly Stored[];
  readonly unfinishedBytes: readonly number[];
}

/** Short, so that a silence ends soon; a busy machine that is slower than this is one more trouble, not an error. */
const TIMEOUT_MS = 400;

/** For what never falls silent, and so needs no time-out to end. */
const PATIENT_MS = 30_000;

/** Whether nothing but a time-out ends it. */
function isSilent(trouble: Trouble): boolean {
  return (
    (trouble.do === 'stall-request' && trouble.ms === undefined) ||
    (trouble.do === 'swallow-response' && trouble.by === 'silence')
  );
}

/** Retries come a hundred times faster than they would. */
const HASTE = 100;

/** Whoever is still at it then never ends. */
const HANG_MS = 90_000;

/** How, and while which PATCH (counted from 1), the file is changed. */
export interface Alteration {
  readonly atPatch: number;
  readonly how: 'append' | 'rewrite';
}

/** Carries out one plan against a reference server on its own folder, behind a fault proxy. */
export async function runPlan(plan: Plan, alteration?: Alteration): Promise<Observed> {
  const dir = await mkdtemp(join(tmpdir(), 'pulse-upload-plan-'));
  const stored = join(dir, 'uploads');
  const server = await startSubject(stored, plan.protocol, { compares: plan.compares });
  const proxy = await startFaultProxy({ target: server.url });
  const path = join(dir, 'video.mp4');
  try {
    const content = randomBytes(plan.sizeBytes);
    await writeFile(path, content);
    const pending: Promise<unknown>[] = [];
    const troubles = plan.troubles.map((trouble) => toFault(trouble, { server, proxy, pending }));
    let altered = false;
    const alter = ({ atPatch, how }: Alteration): Fault => ({
      on: { method: 'PATCH', nth: atPatch },
      do: 'meanwhile',
      run: async () => {
        await (how === 'append' ? appendFile(path, 'x') : rewriteByte(path, plan.sizeBytes));
        altered = true;
      },
    });
    proxy.setFaults([...(alteration === undefined ? [] : [alter(alteration)]), ...troubles]);
    const place = { dir, path, proxy };
    // The control arm must not give up for another reason before it sees that the file has changed.
    const retries = alteration === undefined ? defaultSettings.retries : 50;
    const timeoutMs = plan.troubles.some(isSilent) ? TIMEOUT_MS : PATIENT_MS;
    const first = await run(plan, { ...place, timeoutMs, retries });
    proxy.setFaults([]);
    await Promise.all(pending);
    const isOver = first.exitCode === 0 || alteration !== undefined;
    const patient = { ...place, timeoutMs: PATIENT_MS, retries };
    const second = isOver ? undefined : await run(plan, patient);
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    const file = { sizeBytes: content.length, sha256 };
    return {
      plan,
      file,
      altered,
      first,
      ...(second && { second }),
      ...(await storedIn(stored, plan.protocol)),
    };
  } finally {
    await proxy.close();
    await server.close();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Another byte in the middle; size and place stay. */
async function rewriteByte(path: string, sizeBytes: number): Promise<void> {
  const handle = await open(path, 'r+');
  const at = Math.floor(sizeBytes / 2);
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  await handle.write(Buffer.of((byte[0] ?? 0) ^ 0xff), 0, 1, at);
  await handle.close();
}

interface Scene {
  readonly server: RestartableServer;
  readonly proxy: FaultProxy;
  /** What goes on although the run may be over. */
  readonly pending: Promise<unknown>[];
}

function toFault(trouble: Trouble, { server, proxy, pending }: Scene): Fault {
  const kept = (task: Promise<void>) => {
    pending.push(task);
    return task;
  };
  if (trouble.do === 'restart') {
    return { on: trouble.on, do: 'meanwhile', run: () => kept(server.restart(trouble.loseBytes)) };
  }
  if (trouble.do === 'outage') {
    const outage = async () => {
      await proxy.goDown();
      await wait(trouble.ms);
      await proxy.comeBack();
    };
    return { on: trouble.on, do: 'meanwhile', run: () => kept(outage()) };
  }
  return trouble;
}

interface Place {
  readonly dir: string;
  readonly path: string;
  readonly proxy: FaultProxy;
  readonly timeoutMs: number;
  readonly retries: number;
}

async function run(plan: Plan, { dir, path, proxy, timeoutMs, retries }: Place): Promise<Run> {
  const before = proxy.log.length;
  const events: PulseEvent[] = [];
  const clock = hastyClock();
  const transport = createTransport();
  const settings: UploadSettings = {
    ...defaultSettings,
    server: new URL(proxy.url),
    protocol: plan.protocol,
    body: plan.body,
    chunkBytes: plan.chunkBytes,
    timeoutMs,
    retries,
  };
  const startedMs = performance.now();
  const hung = new AbortController();
  const watchdog = setTimeout(() => hung.abort(new Error('it hung')), HANG_MS);
  try {
    const { exitCode } = await uploadFiles([path], settings, {
      send: transport.send,
      report: (event) => events.push(event),
      clock,
      random: () => 0.5,
      store: openStateStore(join(dir, 'state')),
      signal: hung.signal,
    });
    return {
      exitCode,
      events,
      requests: proxy.log.slice(before),
      pausedMs: clock.pausedMs(),
      elapsedMs: performance.now() - startedMs,
    };
  } finally {
    clearTimeout(watchdog);
    await transport.close();
  }
}

/** A clock that tells the time as if nothing were hastened. */
function hastyClock(): Clock & { readonly pausedMs: () => number } {
  let pausedMs = 0;
  return {
    pausedMs: () => pausedMs,
    nowMs: () => performance.timeOrigin + performance.now() + pausedMs * (1 - 1 / HASTE),
    dateMs: () => Date.now() + pausedMs * (1 - 1 / HASTE),
    sleep: async (ms, signal) => {
      pausedMs += ms;
      await wait(ms / HASTE, undefined, signal === undefined ? {} : { signal });
    },
  };
}
