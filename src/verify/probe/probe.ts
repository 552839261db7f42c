import type { Redact } from '../../protocol/redaction.ts';
import type { Clock } from '../clock.ts';
import { dialects } from '../dialect.ts';
import { literalPayload, MP4_OPENING, type Payload, positionPayload } from '../payload.ts';
import { type Random, seededRandom, seedOf } from '../random.ts';
import type { Exchange } from '../recording.ts';
import type { Target } from '../target.ts';
import { forever } from '../unless-aborted.ts';
import { createContent, type ReadContent } from './content.ts';
import { isCreation, isUnderWay } from './creations.ts';
import { createFinish, type FinishUpload } from './finish.ts';
import { createOffsets, type Offsets } from './offsets.ts';
import type { Aside, Patience } from './patience.ts';
import { patiently, type ReadBack } from './read-back.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { type Access, createRequests, type Requests } from './requests.ts';
import { createRestart } from './restart.ts';
import { createUploads, type Uploads } from './uploads.ts';

/** Everything a scenario can do. Nothing here throws for what a server does, but `create` and `finalize` (Blocked). */
export interface Probe extends Uploads, Offsets, Omit<Requests, 'close' | 'download' | 'isStarved'> {
  readonly target: Target;
  /** Every exchange of this scenario so far, in order. */
  readonly exchanges: readonly Exchange[];
  /** Sends what is missing of a file, as a client would. */
  readonly finish: FinishUpload;
  /** Compares what the server holds with what was sent. For pulse this finalizes the upload. */
  readonly content: ReadContent;
  /** Bytes that tell their position; another name gives other bytes. */
  readonly payload: (sizeBytes: number, name?: string) => Payload;
  /** Bytes whose look matters. */
  readonly literal: (bytes: Uint8Array | string) => Payload;
  /** The same as a whole file: behind what its kind of file begins with, where servers look at it. */
  readonly literalFile: (bytes: Uint8Array | string) => Payload;
  /** Seeded by the run and the scenario. */
  readonly random: Random;
  /** How often races are run. */
  readonly rounds: number;
  /** What the scenarios that need `large` count as a GiB. */
  readonly gibibyteBytes: number;
  /** The longest pause that the user allows for a deadline of the server. */
  readonly maxWaitMs: number;
  /** The user's tokens, for requests that misplace or misspell one; recordings never show them. */
  readonly tokens: Access['tokens'];
  /** The pairing link as the user gave it; recordings never show it. */
  readonly link: string | undefined;
  /** What each token is good for, where tokens are bound to artifacts: creations declare that they are related to it. */
  readonly artifacts: NonNullable<Access['artifacts']>;
  /** Keeps a secret that the server has just given out of the recording. */
  readonly hide: Recorder['hide'];
  readonly pause: (ms: number) => Promise<void>;
  /** Ms since the scenario began. */
  readonly nowMs: () => number;
  /** A name that says which run and scenario made the file; every call gives another. */
  readonly fileName: () => string;
  /** Runs the user's restart command and waits for the server; only where the scenario needs `restart`. */
  readonly restart: () => Promise<void>;
}

/** What the probes of one run share. */
export interface ProbeSettings {
  readonly access: Access;
  readonly clock: Clock;
  readonly redact: Redact;
  readonly seed: number;
  /** Marks the files of this run, whatever the seed. */
  readonly runId: string;
  readonly rounds: number;
  readonly gibibyteBytes: number;
  readonly maxWaitMs: number;
  readonly patience: Patience;
  readonly link?: string;
  readonly readBack?: ReadBack;
  readonly restart?: () => Promise<void>;
}

/** A probe for one scenario, and what its runner needs of it. */
export interface OpenProbe {
  readonly probe: Probe;
  readonly recorder: Recorder;
  /** Ends all connections at once. */
  readonly close: () => void;
  /** The same; where the signal has fired, what creations under way have created is heard of first, as it is to be removed. */
  readonly end: () => Promise<void>;
  /** Why what was seen says nothing about the server, where that is so. */
  readonly whyStarved: () => string | undefined;
}

/**
 * A pause lets the server go on with what it was sent. It is made of short ones: after a standstill of this whole process
 * (a busy machine) timers fire before anything is read, and a single pause would be over while nothing has moved.
 */
const SHORT_PAUSE_MS = 20;
const MOST_PAUSES = 20;
/** Creations are answered at once, or not for a long time: 2 s in all. */
const MOST_PAUSES_FOR_CREATIONS = 100;

export function openProbe(
  settings: ProbeSettings,
  target: Target,
  scenarioId: string,
  signal: AbortSignal,
  aside: Aside = (work) => work(),
): OpenProbe {
  const { access, clock, seed, runId, patience } = settings;
  const recorder = createRecorder(settings.redact, clock.nowMs);
  const random = seededRandom(seedOf(seed, scenarioId));
  const sleep = (ms: number) =>
    clock.sleep(ms, signal).catch((thrown: unknown) => {
      if (signal.aborted) return forever();
      throw thrown;
    });
  const pause = async (ms: number) => {
    const shortMs = Math.max(SHORT_PAUSE_MS, Math.ceil(ms / MOST_PAUSES));
    let leftMs = ms;
    for (; leftMs > shortMs; leftMs -= shortMs) await sleep(shortMs);
    await sleep(leftMs);
  };
  let files = 0;
  const fileName = () => `pulse-verify-${runId}-${scenarioId}-${++files}${dialects[target.protocol].ending}`;

  const time = { pause, nowMs: recorder.nowMs, patience, aside };
  const requests = createRequests(access, target, recorder, signal, time);
  const uploads = createUploads(requests, target, access, fileName, random);
  const offsets = createOffsets(uploads, target, recorder.exchanges, time);
  const content = createContent({
    uploads,
    target,
    exchanges: recorder.exchanges,
    download: requests.download,
    pause,
    ...(settings.readBack && { readBack: patiently(settings.readBack, { pause, nowMs: recorder.nowMs }) }),
  });

  const probe: Probe = {
    ...uploads,
    ...offsets,
    request: requests.request,
    begin: requests.begin,
    open: requests.open,
    target,
    exchanges: recorder.exchanges,
    finish: createFinish(uploads, offsets, time, target),
    content,
    payload: (sizeBytes, name = 'file') =>
      positionPayload(seedOf(seed, scenarioId, name), sizeBytes, dialects[target.protocol].opening),
    literalFile: (bytes) =>
      literalPayload(
        Buffer.concat([
          dialects[target.protocol].opening ? MP4_OPENING : Buffer.alloc(0),
          Buffer.from(bytes as Uint8Array),
        ]),
      ),
    literal: (bytes) => literalPayload(typeof bytes === 'string' ? Buffer.from(bytes) : bytes),
    random,
    rounds: settings.rounds,
    gibibyteBytes: settings.gibibyteBytes,
    maxWaitMs: settings.maxWaitMs,
    tokens: access.tokens,
    link: settings.link,
    artifacts: access.artifacts ?? {},
    hide: recorder.hide,
    pause,
    nowMs: recorder.nowMs,
    fileName,
    restart: createRestart({
      command: settings.restart,
      open: requests.open,
      alive: uploads.alive,
      pause,
      nowMs: recorder.nowMs,
    }),
  };
  const heardOfCreations = async () => {
    const isAwaited = (exchange: Exchange) => isCreation(exchange, target) && isUnderWay(exchange);
    for (let pauses = 0; pauses < MOST_PAUSES_FOR_CREATIONS; pauses++) {
      if (!recorder.exchanges.some(isAwaited)) break;
      await clock.sleep(SHORT_PAUSE_MS);
    }
  };
  const end = async () => {
    if (signal.aborted) {
      await heardOfCreations();
      recorder.cutAll();
    }
    requests.close();
  };
  const whyStarved = () =>
    requests.isStarved()
      ? `needs more connections at once than the server serves (${target.servesAtOnce})`
      : undefined;
  return { probe, recorder, close: requests.close, end, whyStarved };
}
