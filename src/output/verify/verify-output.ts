import type { PulseError } from '../../errors.ts';
import type { ReportVerify, VerifyEvent } from '../../verify/events.ts';
import { counted } from '../../verify/verdict.ts';
import { labelled } from '../labelled.ts';
import type { Surroundings } from '../output.ts';
import { createPaint, wantsColor } from '../paint.ts';
import { harmless } from '../text.ts';
import { columnsOf } from '../text-stream.ts';
import { type VerifyFailed, verifyEventLine, verifyFailed } from './events.ts';
import { harmlessValue } from './harmless-value.ts';
import { headerLines } from './header.ts';
import { liveProgress, noLiveProgress } from './live-progress.ts';
import type { VerifyReport } from './report.ts';
import { quietReportLines, reportLines } from './text.ts';
import type { VerifyView } from './view.ts';

export interface VerifyOutputChoice {
  /** NDJSON events on stdout, and nothing else there. */
  readonly json: boolean;
  /** Nothing but what is wrong. */
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly noColor: boolean;
  /** Files with reports and recordings of the run. */
  readonly written: readonly string[];
}

export interface VerifySurroundings extends Surroundings {
  /** Of this tool. */
  readonly version: string;
}

/** What the user sees of a verify run. */
export interface VerifyOutput {
  readonly report: ReportVerify;
  /** What concerns the whole run and must be seen, also with --quiet and --json: on stderr. */
  readonly warn: (message: string) => void;
  /** The end of the run: the findings and the verdict, or the last event; and which files could not be written. */
  readonly finish: (report: VerifyReport, unkept?: readonly Unkept[]) => void;
  /** A signal ended the run before its first check. */
  readonly stopped: (exitCode: number) => void;
  /** A second signal ended it while it was removing what it had created. */
  readonly stoppedAtOnce: (runId: string) => void;
  /** Takes away what is still drawn. */
  readonly close: () => void;
}

/** A file that could not be written, which the exit code is about then. */
interface Unkept {
  readonly path: string;
  readonly why: PulseError;
}

type Ended = Pick<VerifyReport, 'exitCode' | 'elapsedMs' | 'counts' | 'staleExpectations'>;

export async function createVerifyOutput(
  choice: VerifyOutputChoice,
  { out, err, environment, now, version }: VerifySurroundings,
): Promise<VerifyOutput> {
  const paint = await createPaint(wantsColor(out, environment, choice.noColor));
  const livePaint = await createPaint(wantsColor(err, environment, choice.noColor));
  const isLive = err.isTTY === true && environment.TERM !== 'dumb' && !choice.quiet && !choice.json;
  const live = isLive ? liveProgress(err, livePaint) : noLiveProgress;
  const view = (unkept: readonly Unkept[] = []): VerifyView => ({
    paint,
    verbose: choice.verbose,
    written: choice.written.filter((file) => unkept.every(({ path }) => path !== file)),
    ...(out.isTTY && { columns: columnsOf(out) }),
  });
  const print = (lines: readonly string[]) => {
    live.clear();
    out.write(lines.map((line) => `${line}\n`).join(''));
  };
  const writeEvent = (event: VerifyEvent | VerifyFailed) =>
    out.write(verifyEventLine(event, now(), choice.verbose));

  const showEvent: ReportVerify = (event) => {
    if (event.type === 'verify.start' && !choice.quiet) {
      print(headerLines(harmlessValue(event), version, view()));
    }
    live.follow(event);
  };
  const showReport = (report: VerifyReport, unkept: readonly Unkept[]) =>
    print(choice.quiet ? quietReportLines(report, view(unkept)) : reportLines(report, view(unkept)));
  const writeEnd = ({ exitCode, elapsedMs, counts, staleExpectations }: Ended) => {
    const stale = staleExpectations.map(({ id }) => id);
    writeEvent({ type: 'run.end', exitCode, elapsedMs, ...counts, ...(stale.length > 0 && { stale }) });
  };
  const finish = (report: VerifyReport, unkept: readonly Unkept[] = []) => {
    const exitCode = unkept[0]?.why.exitCode ?? report.exitCode;
    if (!choice.json) showReport(report, unkept);
    for (const { why } of unkept) {
      if (choice.json) writeEvent(verifyFailed(why));
      const { message, hint } = why;
      const lines = labelled(
        [
          ['error', harmless(message)],
          ['next', hint && harmless(hint)],
        ],
        livePaint,
      );
      err.write(lines.map((line) => `${line}\n`).join(''));
    }
    if (choice.json) writeEnd({ ...report, exitCode });
  };
  const writeStopped = (how: string) => err.write(`${labelled([['stopped', how]], livePaint).join('')}\n`);
  const stopped = (exitCode: number) => {
    live.close();
    if (choice.json) writeEnd({ exitCode, elapsedMs: 0, counts: counted([]), staleExpectations: [] });
    else writeStopped('before the first check');
  };
  const stoppedAtOnce = (runId: string) => {
    live.close();
    writeStopped(`at once; uploads may be left there: Upload-Metadata names them pulse-verify-${runId}-…`);
  };

  return {
    report: choice.json ? writeEvent : showEvent,
    warn: (message) => {
      live.clear();
      err.write(`${labelled([['warning', harmless(message)]], livePaint).join('')}\n`);
    },
    finish,
    stopped,
    stoppedAtOnce,
    close: live.close,
  };
}
