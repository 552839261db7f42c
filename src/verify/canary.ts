import { offsetOf } from './answers.ts';
import { Blocked } from './check.ts';
import type { Content } from './probe/content.ts';
import type { Finish } from './probe/finish.ts';
import { openProbe, type Probe, type ProbeSettings } from './probe/probe.ts';
import type { Upload } from './probe/uploads.ts';
import type { Exchange, Outcome, Recording } from './recording.ts';
import { outcomeOfThrown } from './run-scenario.ts';
import { type Scenario, scenario } from './scenario.ts';
import { timeLeftMs } from './scenarios/expiration.ts';
import type { Target } from './target.ts';
import { unlessAborted } from './unless-aborted.ts';

/** What the canary saw: an upload that nobody touches while everything else happens. */
export interface SeenByCanary {
  /** What the first PATCH acknowledged. */
  readonly acknowledged: number;
  /** Since the scenario's start: from then on the server may have removed it, as it said. Absent where it said nothing. */
  readonly expiresMs?: number;
  readonly visits: readonly Visit[];
  readonly finish: Finish;
  readonly content: Content;
}

export interface Visit {
  /** What had run since the visit before. */
  readonly after: string;
  readonly alive: Exchange;
  /** Absent where the server has no HEAD. */
  readonly head?: Exchange;
}

export interface Canary {
  /** Looks after the upload; false where the server does not answer any more. A look that is broken off found nothing out. */
  readonly visit: (after: string) => Promise<boolean>;
  /** Finishes the upload and compares its content. */
  readonly end: () => Promise<Recording<SeenByCanary>>;
}

const SIZE_BYTES = 5000;
const FIRST_BYTES = 1200;
/** A server may need a moment to come back; one that needs longer has gone. */
const RETURN_PAUSES_MS = [500, 1500, 3000];

/** The reading of checks that judge what the canary saw. The runner keeps it going beside everything else. */
export const canary: Scenario<SeenByCanary> = scenario({
  id: 'canary',
  does: 'creates an upload, sends a quarter of it, looks after it during the whole run, and finishes it at the end',
  run: async (probe) => {
    const bird = await hatch(probe);
    return bird.end();
  },
});

export function startCanary(
  settings: ProbeSettings,
  target: Target,
  signal: AbortSignal,
  runStartMs: number,
): Canary {
  const startedMs = settings.clock.nowMs();
  const { probe, recorder, end: endProbe } = openProbe(settings, target, canary.id, signal);
  const hatched = hatch(probe).catch((thrown: unknown) => thrown);
  let isGone = false;

  const visit = async (after: string) => {
    const bird = await hatched;
    let alive = isBird(bird) ? await bird.visit(after) : await probe.alive();
    for (const pauseMs of RETURN_PAUSES_MS) {
      if (alive.answer !== undefined) break;
      await probe.pause(pauseMs);
      alive = await probe.alive();
    }
    isGone = alive.answer === undefined;
    return !isGone;
  };
  const end = async () => {
    const bird = await hatched;
    if (!isBird(bird)) throw bird;
    return isGone ? bird.mourn() : bird.end();
  };

  return {
    visit: (after) =>
      unlessAborted(visit(after), signal).catch((thrown: unknown) => {
        if (signal.aborted) return true;
        throw thrown;
      }),
    end: async () => {
      let outcome: Outcome<SeenByCanary>;
      try {
        outcome = { kind: 'seen', seen: await unlessAborted(end(), signal) };
      } catch (thrown) {
        outcome = outcomeOfThrown(signal.aborted ? new Blocked('the run was broken off') : thrown);
      }
      await endProbe();
      return {
        scenario: canary.id,
        startedMs: Math.round(startedMs - runStartMs),
        elapsedMs: Math.round(settings.clock.nowMs() - startedMs),
        sentBytes: recorder.sentBytes(),
        exchanges: recorder.exchanges,
        outcome,
      };
    },
  };
}

interface Bird {
  readonly visit: (after: string) => Promise<Exchange>;
  readonly end: () => Promise<SeenByCanary>;
  /** What was seen as far as it came, of a server that will not answer any more. */
  readonly mourn: () => SeenByCanary;
}

async function hatch(probe: Probe): Promise<Bird> {
  const file = probe.payload(SIZE_BYTES);
  const upload: Upload = await probe.create(file.sizeBytes);
  const first = await probe.patch(upload, 0, file.part(0, FIRST_BYTES));
  const acknowledged = offsetOf(first);
  if (acknowledged === undefined) throw new Blocked('the canary could not be sent', [first]);
  const leftMs = timeLeftMs(first) ?? timeLeftMs(upload.created);
  const seen = {
    acknowledged,
    ...(leftMs !== undefined && { expiresMs: (first.endedMs ?? first.startedMs) + leftMs }),
  };
  const visits: Visit[] = [];
  return {
    visit: async (after) => {
      const alive = await probe.alive();
      const head = probe.target.headless === undefined ? await probe.head(upload) : undefined;
      visits.push({ after, alive, ...(head && { head }) });
      return alive;
    },
    end: async () => {
      const finish = await probe.finish(upload, file);
      return { ...seen, visits, finish, content: await probe.content(upload, file) };
    },
    mourn: () => {
      const unknown = 'the server no longer answers';
      const { record: payload, sizeBytes } = file;
      const expected = { payload, sizeBytes, sha256: file.sha256() };
      const finish = { complete: false, exchanges: [], trouble: unknown };
      return { ...seen, visits, finish, content: { by: 'none', expected, attempts: [], unknown } };
    },
  };
}

function isBird(value: unknown): value is Bird {
  return typeof value === 'object' && value !== null && 'visit' in value;
}
