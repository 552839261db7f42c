import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../fixtures/free-port.ts';
import type { DefectScale } from '../../src/server/defects/defect.ts';
import { type Behaviour, type RunningServer, startServer } from '../../src/server/server.ts';
import { createDial } from '../../src/transport/raw.ts';
import type { ProtocolId } from '../../src/verify/check.ts';
import type { Clock } from '../../src/verify/clock.ts';
import type { ReadBack } from '../../src/verify/probe/read-back.ts';
import { suite } from '../../src/verify/suite.ts';
import type { Permissions } from '../../src/verify/target.ts';
import { type VerifyRun, type VerifySettings, type VerifyTools, verify } from '../../src/verify/verify.ts';
import { cert } from '../transport/raw-tls-identity.ts';
import { startTlsFront } from './tls-front.ts';

/** Runs of the tester against the reference server, in process: what every proof is made of. */

export const TOKEN = 'proof-token-of-the-owner';
const SECOND_TOKEN = 'proof-token-of-a-stranger';
const ARTIFACT = '6f1c2d3e-4a5b-4c6d-8e7f-90a1b2c3d4e5';
const SECOND_ARTIFACT = '0b7e9a52-1c3d-4e5f-8a6b-7c8d9e0f1a2b';

export const clock: Clock = {
  nowMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await wait(ms, undefined, signal === undefined ? {} : { signal });
  },
};

export interface ReferenceSettings {
  readonly protocol: ProtocolId;
  readonly behaviour?: Behaviour;
  /** The server asks for TOKEN. */
  readonly guarded?: boolean;
  /** Each token is good for an artifact of its own, and for those related to it. */
  readonly bound?: boolean;
  readonly maxSizeBytes?: number;
  /** Clients reach it by https, through a front that the server knows nothing of. */
  readonly https?: boolean;
}

export interface Reference {
  readonly url: URL;
  /** A pairing link more, where the protocol has them. */
  readonly pairingLink?: () => string;
  /** The bytes of a file that was finalized, as they lie in the folder of the server. */
  readonly readBack: ReadBack;
  /** Ends the server, and starts it again on the same port and folder: at once, or so much later. */
  readonly restart: (awayMs?: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startReference({
  protocol,
  behaviour,
  guarded,
  bound,
  maxSizeBytes,
  https,
}: ReferenceSettings): Promise<Reference> {
  const dir = await mkdtemp(join(tmpdir(), 'pulse-proof-'));
  const start = (port: number): Promise<RunningServer> =>
    startServer({
      host: '127.0.0.1',
      port,
      dir,
      protocol,
      // A killed process does not wait for anybody either.
      limits: { closeGraceMs: 0 },
      ...(behaviour && { behaviour }),
      ...(guarded && !bound && { token: TOKEN }),
      ...(bound && { boundTokens }),
      ...(maxSizeBytes !== undefined && { maxSizeBytes }),
    });
  // Its own while it is away: somebody else would be taken for it.
  let server = await start(await freePort());
  const front = https ? await startTlsFront(server.port) : undefined;
  const url = new URL(server.url);
  if (front !== undefined) url.protocol = 'https:';
  if (front !== undefined) url.port = String(front.port);
  return {
    url,
    ...(server.pairingLink && { pairingLink: () => server.pairingLink?.() ?? '' }),
    readBack: async ({ filename }) =>
      readFile(join(dir, filename)).catch((error: Error) => ({ failed: error.message })),
    restart: async (awayMs = 0) => {
      await server.close();
      await wait(awayMs);
      server = await start(server.port);
    },
    stop: async () => {
      await front?.close();
      await server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const boundTokens = [
  { token: TOKEN, artifactId: ARTIFACT },
  { token: SECOND_TOKEN, artifactId: SECOND_ARTIFACT },
];

/** What the tester is given for such a server: its tokens, and what they are good for. */
export function keysFor({
  guarded,
  bound,
}: Pick<ReferenceSettings, 'guarded' | 'bound'>): Pick<VerifySettings, 'tokens' | 'artifacts'> {
  return {
    tokens: guarded ? { owner: TOKEN, stranger: SECOND_TOKEN } : {},
    ...(bound && { artifacts: { owner: ARTIFACT, stranger: SECOND_ARTIFACT } }),
  };
}

const everythingAllowed: Permissions = {
  intrusive: true,
  slow: true,
  restart: true,
};

/** Large files of 1/128 of their size, larger than all others: no proof needs gigabytes, and the soak has the full size. */
export const smallScale: DefectScale = { gibibyteBytes: 2 ** 23 };

export interface RunChanges extends Partial<VerifySettings> {
  /** The rows of large files too. */
  readonly large?: boolean;
}

export function settingsFor(server: URL, { large, ...changes }: RunChanges = {}): VerifySettings {
  return {
    server,
    protocol: 'auto',
    only: [],
    skip: [],
    expectedFailures: [],
    strict: false,
    seed: 1,
    runId: 'proof',
    jobs: 4,
    rounds: 5,
    // Enough for the seconds of the expiring servers of the proof.
    maxWaitMs: 10_000,
    ...smallScale,
    // A lock that is never let go is waited for in vain.
    busyMs: 4000,
    timeoutMs: 30_000,
    scenarioTimeoutMs: 240_000,
    runTimeoutMs: 560_000,
    tokens: {},
    headers: {},
    permissions: {
      ...everythingAllowed,
      ...(large && { large: true as const }),
      ...(changes.tokens?.owner !== undefined && { token: true as const }),
      ...(changes.tokens?.stranger !== undefined && { secondToken: true as const }),
      ...(changes.link !== undefined && { link: true as const }),
      ...(changes.artifacts?.owner !== undefined && { artifact: true as const }),
      ...(changes.artifacts?.stranger !== undefined && { secondArtifact: true as const }),
    },
    ...changes,
  };
}

export async function runAgainst(
  reference: Pick<Reference, 'url'> & Partial<Reference>,
  changes: RunChanges = {},
  tools: Partial<VerifyTools> = {},
): Promise<VerifyRun> {
  const link = reference.pairingLink?.();
  return verify(settingsFor(reference.url, { ...(link !== undefined && { link }), ...changes }), {
    sections: suite,
    dial: createDial({ tls: { ca: cert } }),
    clock,
    report: () => {},
    ...(reference.restart && { restart: reference.restart }),
    ...tools,
  });
}
