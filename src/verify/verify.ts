import { PulseError } from '../errors.ts';
import type { Dial } from '../protocol/connection.ts';
import { redactor, secretHeaders } from '../protocol/redaction.ts';
import type { Check, ProtocolId, Section } from './check.ts';
import { cleanUp, type Leftovers, leftThere } from './clean-up.ts';
import type { Clock } from './clock.ts';
import { discover } from './discovery/discover.ts';
import { readBackError } from './discovery/read-back-trial.ts';
import type { ReportVerify } from './events.ts';
import { type ExpectedFailure, type Matched, matchExpected } from './expect-failures.ts';
import type { CheckResult } from './judge.ts';
import { tokensIn, usableToken } from './pairing-link.ts';
import { createPatience } from './probe/patience.ts';
import type { ProbeSettings } from './probe/probe.ts';
import type { ReadBack } from './probe/read-back.ts';
import type { Identity } from './probe/request.ts';
import type { Recording } from './recording.ts';
import { runChecks } from './run-checks.ts';
import { selected } from './select.ts';
import type { Permissions, Target } from './target.ts';
import { type Counts, counted, exitCodeOf } from './verdict.ts';

/** What the user asked for, validated. */
export interface VerifySettings {
  /** http or https, a path prefix allowed, no query, fragment or userinfo. */
  readonly server: URL;
  readonly protocol: ProtocolId | 'auto';
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly expectedFailures: readonly ExpectedFailure[];
  /** A broken SHOULD counts as a failure. */
  readonly strict: boolean;
  /** Same seed, same requests. */
  readonly seed: number;
  /** Marks the files of this run: fresh for every run. */
  readonly runId: string;
  readonly jobs: number;
  readonly rounds: number;
  /** Less than 2^30 makes the rows of `large` smaller, for servers that wrap or give up earlier; 2^30 where absent. */
  readonly gibibyteBytes?: number;
  /** The longest pause for a deadline that the server states; none where absent. */
  readonly maxWaitMs?: number;
  /** How long a busy server is waited for; as long as leases last where absent. */
  readonly busyMs?: number;
  /** For connecting, writing and answering, each. */
  readonly timeoutMs: number;
  readonly scenarioTimeoutMs: number;
  readonly runTimeoutMs: number;
  readonly tokens: Readonly<Partial<Record<Identity, string>>>;
  /** A pairing link that the operator hands out; its token is used for nothing else. */
  readonly link?: string;
  /** What each token is good for, where tokens are bound to artifacts. */
  readonly artifacts?: Readonly<Partial<Record<Identity, string>>>;
  /** Sent with every request to the server's origin. */
  readonly headers: Readonly<Record<string, string>>;
  readonly permissions: Permissions;
}

/** Everything of the outside world that a run uses. */
export interface VerifyTools {
  readonly sections: readonly Section[];
  readonly dial: Dial;
  readonly clock: Clock;
  readonly report: ReportVerify;
  readonly readBack?: ReadBack;
  /** Restarts the server by the user's command. */
  readonly restart?: () => Promise<void>;
  readonly signal?: AbortSignal;
}

export interface VerifyRun {
  readonly target: Target;
  /** One for each selected check, in the order of the suite. */
  readonly results: readonly CheckResult[];
  readonly recordings: readonly Recording[];
  readonly counts: Counts;
  readonly expectedFailures: readonly ExpectedFailure[];
  readonly matched: Matched;
  readonly exitCode: number;
  /** Why the run ended before all scenarios had run, in words. */
  readonly endedEarly?: string;
  readonly leftovers: Leftovers;
  readonly requests: number;
  readonly sentBytes: number;
  readonly elapsedMs: number;
}

/**
 * Drives a server through the selected checks.
 * Throws PulseError: `usage` for a pattern that matches no check, or a read-back command that fails from the start,
 * `refused` where TLS is not agreed on, `temporary` where nothing answers, and that or `interrupted` where the time is
 * over, or the signal fires, before anything is known about the server.
 */
export async function verify(settings: VerifySettings, tools: VerifyTools): Promise<VerifyRun> {
  const { clock, sections, report } = tools;
  const { seed, runId } = settings;
  // Fixed before the first request, so that the denominator cannot shrink.
  const checks = selected(allChecks(sections), settings.only, settings.skip);
  const runStartMs = clock.nowMs();
  const signal = runSignal(settings, tools);
  const probes = probeSettings(settings, tools);

  const { target, recording, readBackFailure, isBrokenOff } = await discover({ ...settings, signal }, probes);
  const jobs = target.servesAtOnce === undefined ? settings.jobs : 1;
  if (isBrokenOff || readBackFailure !== undefined) {
    const left = await cleanUp([recording], target, probes, jobs);
    if (readBackFailure === undefined) throw endedBefore(signal.reason, left, runId);
    throw readBackError(readBackFailure, { command: tools.readBack?.command, runId }, left);
  }
  const { server, protocol, assumptions } = target;
  report({ type: 'verify.start', target: server, protocol, assumptions, checks: checks.length, seed, runId });
  const found = await runChecks(
    checks,
    { target, discovery: recording, probes, jobs, signal, runStartMs },
    settings,
    tools,
  );
  return concluded(settings, { target, ...found, elapsedMs: Math.round(clock.nowMs() - runStartMs) });
}

export function allChecks(sections: readonly Section[]): readonly Check[] {
  return sections.flatMap(({ checks }) => checks);
}

/** The run with what follows from its results: counts, expectations, exit code and sums. */
export function concluded(
  { expectedFailures, strict }: Pick<VerifySettings, 'expectedFailures' | 'strict'>,
  run: Omit<VerifyRun, 'expectedFailures' | 'matched' | 'counts' | 'exitCode' | 'requests' | 'sentBytes'>,
): VerifyRun {
  const matched = matchExpected(expectedFailures, run.results);
  return {
    ...run,
    expectedFailures,
    matched,
    counts: counted(run.results, matched.expected),
    exitCode: exitCodeOf(run.results, matched, { strict }),
    requests: run.recordings.reduce((total, { exchanges }) => total + exchanges.length, 0),
    sentBytes: run.recordings.reduce((total, { sentBytes }) => total + sentBytes, 0),
  };
}

function probeSettings(settings: VerifySettings, tools: VerifyTools): ProbeSettings {
  const { seed, runId, rounds, gibibyteBytes = 2 ** 30, maxWaitMs = 0 } = settings;
  const { timeoutMs, artifacts = {}, headers, server, link } = settings;
  const linkToken = link === undefined ? undefined : usableToken(link, server.origin);
  const tokens = { ...settings.tokens, ...(linkToken !== undefined && { link: linkToken }) };
  const secrets = [
    ...tokensIn(link ?? '').map((value) => ({ label: "<link's token>", value })),
    ...Object.entries(tokens).map(([identity, value]) => ({ label: `<${identity}'s token>`, value })),
    ...secretHeaders(headers),
  ];
  return {
    access: { dial: tools.dial, origin: server.origin, timeoutMs, tokens, artifacts, headers },
    clock: tools.clock,
    redact: redactor(secrets),
    seed,
    runId,
    rounds,
    gibibyteBytes,
    maxWaitMs,
    patience: createPatience(settings.busyMs),
    ...(link !== undefined && { link }),
    ...(tools.readBack && { readBack: tools.readBack }),
    ...(tools.restart && { restart: tools.restart }),
  };
}

/** Fires when the user interrupts, or when the run has used up its time; the reason is shown as what ended the run. */
function runSignal({ runTimeoutMs }: VerifySettings, { signal }: VerifyTools): AbortSignal {
  const limit = new AbortController();
  const onTimeout = () => limit.abort(outOfTime(runTimeoutMs));
  AbortSignal.timeout(runTimeoutMs).addEventListener('abort', onTimeout, { once: true });
  return signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
}

function outOfTime(limitMs: number): PulseError {
  const minutes = limitMs / 60_000;
  const limit = Number.isInteger(minutes) ? `${minutes} minutes` : `${limitMs / 1000} s`;
  return new PulseError(
    'temporary',
    `the run reached its limit of ${limit}: run fewer checks with --only, or more of them at a time with --jobs`,
  );
}

/** The end of a run of which nothing can be reported, with what it leaves behind. */
function endedBefore(reason: unknown, left: Leftovers, runId: string): PulseError {
  const hint = leftThere(left, runId);
  const stays = hint === undefined ? {} : { hint };
  return reason instanceof PulseError
    ? new PulseError(reason.kind, reason.message, stays)
    : new PulseError('interrupted', 'interrupted before the first check', stays);
}
