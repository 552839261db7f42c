import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { PulseError } from '../errors.ts';
import { recordingLines } from '../output/verify/recordings.ts';
import { verifyReport } from '../output/verify/report.ts';
import { reportWriters } from '../output/verify/reports/index.ts';
import { suiteDigest } from '../output/verify/suite-digest.ts';
import { createVerifyOutput } from '../output/verify/verify-output.ts';
import { createDial } from '../transport/raw.ts';
import { systemClock } from '../upload/system-clock.ts';
import { suite } from '../verify/suite.ts';
import { allChecks, type VerifyTools, verify } from '../verify/verify.ts';
import { type CommandLine, commandText } from './command-line.ts';
import { type Interruption, watchForSignals } from './interruption.ts';
import type { Given } from './option-table.ts';
import { shellQuote } from './shell-quote.ts';
import { announcement, askForConsent, needsConsent } from './verify-consent.ts';
import { readBackBy, restartBy } from './verify-hooks.ts';
import { type VerifyValues, verifyOptions, verifyOutputChoice } from './verify-options.ts';
import { selectedChecks } from './verify-selection.ts';
import { refuseUnwritable, serverOf, verifySettings } from './verify-settings.ts';
import { packageVersion } from './version.ts';

/** A run against a server; everything that it needs is put together here. */
export async function runVerify({ operands, given }: CommandLine, values: VerifyValues): Promise<number> {
  const server = serverOf(operands, process.env);
  const checks = allChecks(suite);
  const chosen = selectedChecks(checks, values);
  for (const { path } of values.report) refuseUnwritable('--report', path);
  if (values.record !== undefined) refuseUnwritable('--record', values.record);
  const settings = verifySettings(
    values,
    given,
    server,
    checks.map(({ id }) => id),
  );
  if (needsConsent(settings)) await askForConsent(announcement(settings, suite, chosen), values.yes);

  const output = await createVerifyOutput(verifyOutputChoice(values), {
    out: process.stdout,
    err: process.stderr,
    environment: process.env,
    now: () => new Date(),
    version: packageVersion(),
  });
  const interruption = watchForSignals();
  const started = new Date();
  try {
    const run = await verify(settings, toolsOf(values, interruption, output.report));
    const interruptedBy = interruption.exitCode();
    const report = verifyReport(run, {
      toolVersion: packageVersion(),
      suite: suiteDigest(suite),
      command: commandOf(given, server, settings.seed),
      seed: settings.seed,
      runId: settings.runId,
      strict: settings.strict,
      started,
      scenarios: new Map(checks.map(({ reads }) => [reads.id, reads.does])),
      reasons: new Map(settings.expectedFailures.map(({ id, reason }) => [id, reason])),
      ...(interruptedBy !== undefined && { interruptedBy }),
    });
    for (const { format, path } of values.report) {
      const write = await reportWriters[format]();
      writeResult('--report', path, write(report));
    }
    if (values.record !== undefined) {
      writeResult('--record', values.record, recordingLines(report, run.target, run.recordings));
    }
    output.finish(report);
    return report.exitCode;
  } finally {
    output.close();
    interruption.release();
  }
}

function toolsOf(values: VerifyValues, { signal }: Interruption, report: VerifyTools['report']): VerifyTools {
  const { readBack, restartCmd } = values;
  return {
    sections: suite,
    dial: createDial({ nowMs: systemClock.nowMs }),
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

/** What selects checks, shows and keeps results does not belong to the command that shows one check again. */
const ofThisRunOnly: ReadonlySet<string> = new Set<keyof typeof verifyOptions>([
  'only',
  'skip',
  'strict',
  'expectFailures',
  'report',
  'record',
  'json',
  'quiet',
  'verbose',
  'noColor',
]);

function commandOf(given: Given, server: URL, seed: number): string {
  const kept = new Map([...given].filter(([key]) => !ofThisRunOnly.has(key)));
  const url = server.href.replace(/\/$/, '');
  return commandText(verifyOptions, kept.set('seed', [String(seed)]), ['verify', url], (word) =>
    shellQuote(word, process.platform),
  );
}

function writeResult(flag: string, path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new PulseError('input', `${flag} ${path} could not be written: ${code}`, {
      hint: 'the run itself is done: check the folder, and run it again',
      cause: error,
    });
  }
}
