import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { redactor } from '../../src/protocol/redaction.ts';
import { createDial } from '../../src/transport/raw.ts';
import type { Clock } from '../../src/verify/clock.ts';
import { createPatience } from '../../src/verify/probe/patience.ts';
import { type OpenProbe, openProbe, type ProbeSettings } from '../../src/verify/probe/probe.ts';
import type { Target } from '../../src/verify/target.ts';
import { clock } from '../proof/run.ts';
import { startPeer } from '../transport/raw-peer.ts';

/** Probes against servers of a few lines, for tests of what a probe sends and makes of the answers. */

const cleanup: (() => unknown)[] = [];

export async function stopAll(): Promise<void> {
  for (const undo of cleanup.splice(0).reverse()) await undo();
}

export function settingsOf(origin: string, changes: Partial<ProbeSettings['access']> = {}): ProbeSettings {
  const tokens = changes.tokens ?? {};
  return {
    access: { dial: createDial(), origin, timeoutMs: 5000, tokens, headers: {}, ...changes },
    clock,
    redact: redactor(Object.values(tokens).map((value) => ({ label: '<token>', value }))),
    seed: 1,
    runId: 'test',
    gibibyteBytes: 2 ** 30,
    maxWaitMs: 0,
    patience: createPatience(),
    rounds: 2,
  };
}

export function targetAt(origin: string, changes: Partial<Target> = {}): Target {
  return {
    protocol: 'pulse',
    server: origin,
    createUrl: `${origin}/uploads`,
    finalizeUrl: `${origin}/uploads/finalize`,
    aliveUrl: `${origin}/health`,
    extensions: [],
    oracle: 'finalize',
    assumptions: [],
    ...changes,
  };
}

export function probeAt(
  origin: string,
  target: Partial<Target> = {},
  access: Partial<ProbeSettings['access']> = {},
  changes: Partial<ProbeSettings> = {},
): OpenProbe {
  const open = openProbe(
    { ...settingsOf(origin, access), ...changes },
    targetAt(origin, target),
    'test',
    new AbortController().signal,
  );
  cleanup.push(open.close);
  return open;
}

/** Time in which nothing is waited for: a pause is over at once, and has passed. */
export function hurriedClock(): Clock {
  let passedMs = 0;
  return {
    nowMs: () => passedMs,
    sleep: async (ms) => {
      passedMs += ms;
    },
  };
}

/** What a busy machine does to a process. */
export function standStill(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

/** A server that says what the test says, byte by byte. */
export async function rawServer(serve: (socket: Socket) => void) {
  const peer = await startPeer(serve);
  cleanup.push(peer.stop);
  return { origin: peer.origin.origin, received: () => Buffer.concat(peer.received).toString('latin1') };
}

/** An ordinary HTTP server. */
export async function httpServer(
  answer: (request: IncomingMessage & { body: Buffer }, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece);
    } catch {
      return;
    }
    answer(Object.assign(request, { body: Buffer.concat(pieces) }), response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
