import { asPulseError, type ErrorKind, exitCodes } from '../errors.ts';
import type { PulseEvent } from '../events.ts';
import { protocols } from '../protocol/protocols/index.ts';
import { isRedirect, isRedirectToItself } from '../upload/faults.ts';
import { createRunTools } from '../upload/host/host.ts';
import { type Chosen, chooseProtocol } from '../upload/open/discover.ts';
import type { Tools, UploadSettings } from '../upload/settings.ts';
import { prune, type RunOutcome } from '../upload/upload-files.ts';
import type { Item } from './items.ts';
import type { Known } from './ledger/known.ts';
import type { Ledger } from './ledger/ledger-file.ts';
import type { Plan } from './plan.ts';
import { type Run, type Sent, type SentItem, sendItem } from './send-item.ts';
import { createServerTrouble, type ServerTrouble } from './server-trouble.ts';
import { createStop, type Stop } from './stop.ts';
import { reasonOf, stopInTime, stopWhereLost } from './stop-by-itself.ts';

export interface BulkSettings {
  readonly upload: UploadSettings;
  /** Files at a time; each of them is sent strictly in order. */
  readonly jobs: number;
  /** So many failed files end the run. */
  readonly maxFailures?: number;
  /** The first failed file ends the run, and what is under way with it. */
  readonly failFast: boolean;
  readonly maxDurationMs?: number;
}

export interface BulkTools extends Tools {
  readonly known: Known;
  /** Closed when the run has ended. */
  readonly ledger?: Ledger;
  readonly readTokenFile: (path: string) => string;
  /** Told of every file that is done, and written to the ledger where one is kept. */
  readonly onDone?: (item: Item, sent: Pick<SentItem, 'gone'>) => void | Promise<void>;
}

export interface BulkOutcome extends RunOutcome {
  /** Present where every file that was tried was redirected elsewhere; `to`: where the server is, as far as that is known. */
  readonly redirected?: { readonly to?: URL };
}

interface Counts {
  done: number;
  failed: number;
  interrupted: number;
  redirected: number;
  readonly kinds: Set<ErrorKind>;
}

/**
 * Sends what a plan holds, several files at a time. Everything that happens is reported, `run.end` included. A file
 * that fails stops no other; a server that refuses or loses everything stops the run, and the rest is not attempted.
 */
export async function runBulk(plan: Plan, settings: BulkSettings, given: BulkTools): Promise<BulkOutcome> {
  const { report, signal, clock } = given;
  const { items, sizeBytes, skipped, young, duplicates } = plan;
  const tooYoung = young.length;
  const jobs = Math.min(settings.jobs, items.length);
  report({ type: 'run.start', files: items.length, sizeBytes, jobs, skipped, tooYoung, duplicates });
  const stop = createStop(signal, ({ message, hint }) =>
    // A reason may repeat what a server said.
    run.tools.report({ type: 'run.stopped', message, ...(hint !== undefined && { hint }) }),
  );
  const failed: string[] = [];
  const counts: Counts = { done: 0, failed: 0, interrupted: 0, redirected: 0, kinds: new Set() };
  const run = createRun(settings, given, stop);
  const release = stopInTime(settings.maxDurationMs, clock, stop);
  const forget = stopWhereLost(given.ledger, stop);
  try {
    await inParallel(jobs, items, stop, async (item) => {
      const sent = await sendItem(item, run);
      count(sent, counts);
      if (sent.status === 'failed') failed.push(item.file);
      if (sent.status === 'done' && !sent.unrecorded) await given.onDone?.(item, sent);
      judge(sent, { settings, counts, trouble: run.trouble, stop });
    });
  } finally {
    release();
    forget();
  }
  const notAttempted = items.length - counts.done - counts.failed;
  // What was not attempted is for the next run to go on with, however old it is.
  if (!stop.signal.aborted && notAttempted === 0) await prune(failed, settings.upload, run.tools);
  await given.ledger?.close().catch((error) => report(lockStays(error)));
  const exitCode = exitCodeOf(counts, notAttempted, stop, signal);
  const outcome = { exitCode, done: counts.done, failed: counts.failed, notAttempted };
  report({ type: 'run.end', ...outcome, interrupted: counts.interrupted, skipped, tooYoung });
  const isRedirected = counts.redirected > 0 && counts.redirected === counts.failed && counts.done === 0;
  const to = run.tools.host.learned.redirectsTo;
  return { ...outcome, ...(isRedirected && { redirected: { ...(to !== undefined && { to }) } }) };
}

function count(sent: Sent, counts: Counts): void {
  if (sent.status === 'done') {
    counts.done += 1;
    return;
  }
  counts.failed += 1;
  if (isRedirect(sent.error.status) && !isRedirectToItself(sent.error)) counts.redirected += 1;
  if (sent.error.kind === 'interrupted') counts.interrupted += 1;
  else counts.kinds.add(sent.error.kind);
}

const ledgerAnew: PulseEvent = {
  type: 'upload.warning',
  file: '',
  message: 'the ledger was removed while this run wrote to it; it was written anew, with all that it held',
};

/** What was done is done, and stands in the ledger. */
function lockStays(error: unknown): PulseEvent {
  const message = `the lock of the ledger could not be removed: ${asPulseError(error).message}`;
  return { type: 'upload.warning', file: '', message };
}

interface Judging {
  readonly settings: BulkSettings;
  readonly counts: Readonly<Counts>;
  readonly trouble: ServerTrouble;
  readonly stop: Stop;
}

/** Whether the run can go on after this file. */
function judge(sent: Sent, { settings, counts, trouble, stop }: Judging): void {
  if (sent.status === 'done') {
    trouble.passed();
    return;
  }
  const reason = trouble.failed(sent.error, sent.last);
  if (reason !== undefined) stop.soon(reason);
  if (settings.failFast) stop.now({ message: 'a file failed (--fail-fast)' });
  const failures = counts.failed - counts.interrupted;
  if (failures === settings.maxFailures)
    stop.soon({ message: `${failures} files failed (--max-failures ${settings.maxFailures})` });
}

/** Ends early where the run is to stop; resolves once everything that was begun has ended. */
async function inParallel(
  jobs: number,
  items: readonly Item[],
  stop: Stop,
  send: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const work = async () => {
    for (let next = queue.next(); !next.done && !stop.asked(); next = queue.next()) await send(next.value);
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

function createRun(settings: BulkSettings, given: BulkTools, stop: Stop): Run {
  const { upload } = settings;
  const { ledger, known } = given;
  const tools = createRunTools(upload, { ...given, signal: stop.signal });
  const trouble = createServerTrouble(upload, tools);
  const asking = trouble.watched(tools.send);
  let chosen: Promise<Chosen> | undefined;
  return {
    settings: upload,
    tools,
    trouble,
    choose: (file) => {
      chosen ??= chooseProtocol(protocols, upload, file, { ...tools, send: asking.send }).catch((error) => {
        chosen = undefined; // the next file asks again
        const reason = reasonOf(error);
        if (reason.kind === 'usage') stop.soon(reason);
        throw error;
      });
      return chosen;
    },
    lastAsked: asking.last,
    readTokenFile: given.readTokenFile,
    triedBefore: known.attempts,
    ...(ledger !== undefined && {
      record: async (outcome) => {
        try {
          const appended = await ledger.append(outcome);
          if (appended === 'anew' && tools.host.isNews('ledger')) tools.report(ledgerAnew);
          return true;
        } catch (error) {
          stop.now(reasonOf(error));
          return false;
        }
      },
    }),
  };
}

function exitCodeOf(
  counts: Counts,
  notAttempted: number,
  stop: Stop,
  signal: AbortSignal | undefined,
): number {
  if (signal?.aborted && (notAttempted > 0 || counts.interrupted > 0)) return exitCodes.interrupted;
  const kind = stop.reason()?.kind;
  if (kind !== undefined) return exitCodes[kind];
  const [first, ...others] = counts.kinds;
  if (first === undefined) return 0;
  return others.length === 0 ? exitCodes[first] : exitCodes.verdict;
}
