import process from 'node:process';
import { PulseError } from '../../errors.ts';
import { refuseTokenInTheOpen } from '../../input/token-in-the-open.ts';
import { type RunFacts, verifyReport } from '../../output/verify/report.ts';
import { suiteDigest } from '../../output/verify/suite-digest.ts';
import { createVerifyOutput } from '../../output/verify/verify-output.ts';
import { createDial } from '../../transport/raw.ts';
import type { TransportSettings } from '../../transport/settings.ts';
import { systemClock } from '../../upload/system-clock.ts';
import { tokensIn } from '../../verify/pairing-link.ts';
import { suite } from '../../verify/suite.ts';
import {
  allChecks,
  type VerifyRun,
  type VerifySettings,
  type VerifyTools,
  verify,
} from '../../verify/verify.ts';
import { type CommandLine, commandText } from '../command-line.ts';
import { type Interruption, watchForSignals } from '../interruption.ts';
import { inOrderWithoutOutput } from '../lost-output.ts';
import { insecureWarnings, networkSettings, openTokenRule } from '../options/network.ts';
import type { Given } from '../options/option-table.ts';
import { type VerifyValues, verifyOptions, verifyOutputChoice } from '../options/verify.ts';
import { shellQuote } from '../shell-quote.ts';
import { surroundings } from '../surroundings.ts';
import { packageVersion } from '../version.ts';
import { announcement, askForConsent, needsConsent } from './consent.ts';
import { tellGithub } from './github.ts';
import { readBackBy, restartBy } from './hooks.ts';
import { refuseUnwritable, resultsKeeper } from './results.ts';
import { selectedChecks } from './selection.ts';
import { serverOf, verifySettings } from './settings.ts';

/** A run against a server, from the user's words to the exit code. */
export async function runVerify({ operands, given }: CommandLine, values: VerifyValues): Promise<number> {
  const server = serverOf(operands, process.env);
  const chosen = selectedChecks(allChecks(suite), values);
  refuseUnwritable(values);
  const keepResults = await resultsKeeper(values);
  const version = packageVersion();
  const settings = verifySettings(values, given, server, allChecks(suite));
  const network = await networkSettings(values, server, process.env);
  const { owner, stranger } = settings.tokens;
  const credentials = {
    tokens: [owner, stranger, ...tokensIn(settings.link ?? '')],
    headers: settings.headers,
  };
  refuseTokenInTheOpen(server, credentials, {}, openTokenRule(values));
  if (needsConsent(settings)) await askForConsent(announcement(settings, suite, chosen), values.yes);

  const output = await createVerifyOutput(verifyOutputChoice(values), { ...surroundings, version });
  for (const warning of warnings(values, network, server)) output.warn(warning);
  const interruption = watchForSignals(() => output.stoppedAtOnce(settings.runId));
  inOrderWithoutOutput(interruption.interrupt);
  const started = new Date();
  try {
    const run = await runUnlessStopped(
      settings,
      toolsOf(values, network, interruption, output.report),
      interruption,
      output.warn,
    );
    if (typeof run === 'number') {
      output.stopped(run);
      return run;
    }
    const facts = factsOf(settings, {
      toolVersion: version,
      command: commandOf(given, settings, [...choosing, ...showing]),
      wholeCommand: commandOf(given, settings, showing),
      started,
    });
    // A run that was done when the signal came is judged like any other.
    const interruptedBy = run.endedEarly === undefined ? undefined : interruption.exitCode();
    const report = verifyReport(run, { ...facts, ...(interruptedBy !== undefined && { interruptedBy }) });
    const unkept = keepResults(report, run);
    // Before the findings, so that the verdict stays the last line.
    if (!values.json) tellGithub(report, process.env, (text) => process.stdout.write(text));
    output.finish(report, unkept);
    return unkept[0]?.why.exitCode ?? report.exitCode;
  } finally {
    output.close();
    interruption.release();
  }
}

function warnings(values: VerifyValues, { proxyFor }: TransportSettings, server: URL): readonly string[] {
  const isPassedBy = server.protocol === 'http:' && proxyFor?.(server) !== undefined;
  return [
    ...insecureWarnings(values, server),
    ...(isPassedBy
      ? [`the proxy of HTTP_PROXY is not used: it would be what is tested; going straight to ${server.host}`]
      : []),
  ];
}

/** The run, or the exit code of the signal that came before its first check. */
async function runUnlessStopped(
  settings: VerifySettings,
  tools: VerifyTools,
  interruption: Interruption,
  warn: (message: string) => void,
): Promise<VerifyRun | number> {
  try {
    return await verify(settings, tools);
  } catch (thrown) {
    const code = interruption.exitCode();
    if (code === undefined || !(thrown instanceof PulseError) || thrown.kind !== 'interrupted') throw thrown;
    // What stays behind must be seen, whatever is printed.
    if (thrown.hint !== undefined) warn(thrown.hint);
    return code;
  }
}

function toolsOf(
  { readBack, restartCmd }: VerifyValues,
  network: TransportSettings,
  { signal }: Interruption,
  report: VerifyTools['report'],
): VerifyTools {
  return {
    sections: suite,
    dial: createDial({ ...network, nowMs: systemClock.nowMs }),
    clock: systemClock,
    report,
    signal: withReason(signal),
    ...(readBack !== undefined && { readBack: readBackBy(readBack) }),
    ...(restartCmd !== undefined && { restart: restartBy(restartCmd) }),
  };
}

/** The reason is shown as what ended the run. */
function withReason(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  signal.addEventListener('abort', () => controller.abort(new Error('interrupted')), { once: true });
  return controller.signal;
}

function factsOf(
  settings: VerifySettings,
  ofCommand: Pick<RunFacts, 'toolVersion' | 'command' | 'wholeCommand' | 'started'>,
): RunFacts {
  const { seed, runId, strict, expectedFailures } = settings;
  return {
    ...ofCommand,
    suite: suiteDigest(suite),
    seed,
    runId,
    strict,
    scenarios: new Map(allChecks(suite).map(({ reads }) => [reads.id, reads.does])),
    reasons: new Map(expectedFailures.map(({ id, reason }) => [id, reason])),
  };
}

/** What selects checks, and says which of them count, does not belong to the command that shows one check again. */
const choosing = ['only', 'skip', 'strict', 'expectFailures'] as const;
/** What shows and keeps results belongs to no command that repeats anything. */
const showing = ['report', 'record', 'json', 'quiet', 'verbose', 'noColor'] as const;

function commandOf(
  given: Given,
  { server, seed }: VerifySettings,
  without: readonly (keyof typeof verifyOptions)[],
): string {
  const left: ReadonlySet<string> = new Set(without);
  const kept = new Map([...given].filter(([key]) => !left.has(key)));
  const url = server.href.replace(/\/$/, '');
  return commandText(verifyOptions, kept.set('seed', [String(seed)]), ['verify', url], (word) =>
    shellQuote(word, process.platform),
  );
}
