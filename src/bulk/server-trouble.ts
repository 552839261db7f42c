import type { PulseError } from '../errors.ts';
import type { Outcome, Send } from '../protocol/wire.ts';
import { isRedirect, isRedirectToItself, isUnreachable } from '../upload/faults.ts';
import type { RunTools } from '../upload/host/host.ts';
import type { UploadSettings } from '../upload/settings.ts';
import { createServerProgress } from './server-progress.ts';
import { createSilence, isNobodyBehind, isSilence } from './silence.ts';
import type { StopReason } from './stop.ts';

/** So many files in a row that fail alike, and none that passes, are the server's word on all of them. */
const FAILURES_IN_A_ROW = 3;

const LONGEST_STEP_MS = 30_000;

type Words = Required<StopReason>;

/** What a server may say about everything at once. */
const refusals: Readonly<Record<number, Words>> = {
  401: {
    kind: 'refused',
    message: 'the server refuses the token (401), file after file',
    hint: 'check the token, then run the same command again',
  },
  403: {
    kind: 'refused',
    message: 'the server forbids these uploads (403), file after file',
    hint: 'check the token and what it allows, then run the same command again',
  },
  507: {
    kind: 'temporary',
    message: 'the server has no room left (507)',
    hint: 'make room on the server, then run the same command again',
  },
};

/** One file, as it finds the server. */
export interface Watched {
  /** A transport that remembers how the last request of the file ended, and how far the server is with it. */
  readonly send: Send;
  readonly last: () => Outcome | undefined;
  /** Whether, after a pause, the file is worth another try, since the server and not the file is to blame. */
  readonly isWorthAnother: (error: PulseError, last: Outcome | undefined) => Promise<boolean>;
}

/** Tells a broken server from a broken file: of the latter there may be thousands, of the former there is one. */
export interface ServerTrouble {
  readonly watched: (send: Send) => Watched;
  /** A file is done. */
  readonly passed: () => void;
  /** The reason to stop, where the failure of this file shows one. */
  readonly failed: (error: PulseError, last: Outcome | undefined) => StopReason | undefined;
}

/** What one file met since the server last advanced with it, and how far the others were when that began. */
interface OwnTrouble {
  readonly sinceMs: number;
  readonly passes: number;
  readonly advances: number;
  steps: number;
}

export function createServerTrouble(
  { server, maxOutageMs = 0, retryDelayMs }: UploadSettings,
  { clock, random, report, signal, host }: Pick<RunTools, 'clock' | 'random' | 'report' | 'signal' | 'host'>,
): ServerTrouble {
  let refusedAs = 0;
  let inRow = 0;
  let waitedInVain = 0;
  let passes = 0;
  let advances = 0;
  const silence = createSilence();
  /** Since then nobody got any further, or even an answer. */
  let outage: { readonly sinceMs: number; readonly isSilent: boolean } | undefined;

  const began = (sinceMs: number, reason: string, isSilent: boolean) => {
    if (outage !== undefined) return;
    outage = { sinceMs, isSilent };
    report({ type: 'outage.start', server: server.origin, reason, maxOutageMs });
  };
  const advanced = () => {
    advances += 1;
    if (outage === undefined) return;
    const elapsedMs = Math.round(clock.nowMs() - outage.sinceMs);
    report({ type: 'outage.end', server: server.origin, elapsedMs });
    outage = undefined;
  };
  /** Undefined where it was waited for as long as it may. */
  const pauseMs = (own: OwnTrouble): number | undefined => {
    const sinceMs = Math.min(own.sinceMs, outage?.sinceMs ?? own.sinceMs);
    const leftMs = maxOutageMs - (clock.nowMs() - sinceMs);
    if (leftMs <= 0) return undefined;
    const stepMs = Math.min(LONGEST_STEP_MS, retryDelayMs * 2 ** own.steps);
    own.steps += 1;
    return Math.min(leftMs, stepMs * (0.75 + random() / 2));
  };
  const isTooLong = () => outage !== undefined && clock.nowMs() - outage.sinceMs >= maxOutageMs;

  return {
    watched: (send) => {
      const progress = createServerProgress();
      let last: Outcome | undefined;
      let own: OwnTrouble | undefined;
      return {
        send: async (request, conditions) => {
          last = await send(request, conditions);
          const endsSilence = silence.saw(last) && outage?.isSilent === true;
          if (progress.saw(request, last) || endsSilence) {
            own = undefined;
            advanced();
          }
          return last;
        },
        last: () => last,
        isWorthAnother: async (error, judged) => {
          if (host.pause.isTooLong()) return false;
          const isSilent = isSilence(error, judged);
          const silentFiles = isSilent ? silence.met(progress) : 0;
          // A file alone may be the cause of what its own requests meet, and of what the first one asks for all it is not.
          const isEveryones = isSilent && (last === undefined || silentFiles >= FAILURES_IN_A_ROW);
          if (maxOutageMs === 0 || !(isEveryones || isNobodyBehind(error, judged))) return false;
          own ??= { sinceMs: clock.nowMs(), passes, advances, steps: 0 };
          // Others pass, and this one does not: then it is the file after all.
          if (passes !== own.passes) return false;
          // Others advance: that is no outage, yet it may be one of several servers behind the proxy.
          if (advances === own.advances) began(own.sinceMs, error.message, isSilent);
          const ms = pauseMs(own);
          if (ms === undefined) {
            waitedInVain += 1;
            return false;
          }
          await clock.sleep(ms, signal);
          progress.begunAgain();
          return true;
        },
      };
    },
    passed: () => {
      inRow = 0;
      waitedInVain = 0;
      passes += 1;
      advanced();
    },
    failed: (error, last) => {
      if (host.pause.isTooLong()) return leftAlone(host.pause.leftMs());
      // Judged by what the file ended with: after a refusal HEAD may have been asked, or a DELETE sent.
      const { status = 0 } = error;
      const words = refusals[status] ?? redirection(error);
      if (words?.kind === error.kind) {
        inRow = status === refusedAs ? inRow + 1 : 1;
        refusedAs = status;
        return inRow >= FAILURES_IN_A_ROW ? words : undefined;
      }
      // What the first file asks for all, and in vain, has no request of the others that shows it.
      if (last === undefined)
        return error.kind === 'temporary' && host.outage.isOver() ? unreachable(error) : undefined;
      if (isSilence(error, last)) {
        const isInVain = maxOutageMs === 0 && silence.files() >= FAILURES_IN_A_ROW;
        return isTooLong() || isInVain ? unreachable(error) : undefined;
      }
      if (last.kind === 'break')
        return error.kind === 'temporary' && isUnreachable(last) ? unreachable(error) : undefined;
      const isInVain = isTooLong() || waitedInVain >= FAILURES_IN_A_ROW;
      return isInVain && isNobodyBehind(error, last) ? unreachable(error) : undefined;
    },
  };
}

/** Where a server is, or whether a login page stands before it, is no affair of a single file. */
function redirection(error: PulseError) {
  const { status = 0, hint = 'name the final URL with --server' } = error;
  if (!isRedirect(status)) return undefined;
  const where = isRedirectToItself(error) ? 'itself' : 'another place';
  const message = `the server redirects to ${where} (${status}), file after file`;
  return { kind: 'protocol', message, hint } as const;
}

/** No file that follows would get a request through. */
function leftAlone(leftMs: number): StopReason {
  return {
    kind: 'temporary',
    message: `the server asks to be left alone for another ${Math.ceil(leftMs / 1000)} s (Retry-After)`,
    hint: 'run the same command again later',
  };
}

/** By now it was waited for as long as `--max-outage` allows. */
function unreachable({ message }: PulseError): StopReason {
  return {
    kind: 'temporary',
    message: `the server cannot be reached: ${message}`,
    hint: 'run the same command again once it is back',
  };
}
