import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { asPulseError, type PulseError } from '../errors.ts';
import type { PulseEvent, Report, UploadResult } from '../events.ts';
import type { Outcome as WireOutcome } from '../protocol/wire.ts';
import { comeBackFor } from '../upload/come-back.ts';
import type { RunTools } from '../upload/host/host.ts';
import type { Chosen } from '../upload/open/discover.ts';
import { cleanError } from '../upload/redact.ts';
import type { UploadSettings } from '../upload/settings.ts';
import { fsPath } from '../upload/source/path-text.ts';
import { type FileIdentity, inputError } from '../upload/source/source.ts';
import { forgetBy } from '../upload/tidily.ts';
import { uploadFile } from '../upload/upload-file.ts';
import { asInterrupted, failureEvent, startEvent } from '../upload/upload-files.ts';
import { type DeferredRemoval, deferredRemoval } from './deferred-removal.ts';
import type { Item } from './items.ts';
import { isoTime, type Outcome as LedgerOutcome } from './ledger/ledger-record.ts';
import type { ServerTrouble } from './server-trouble.ts';

/** What all files of a run share. */
export interface Run {
  readonly settings: UploadSettings;
  readonly tools: RunTools;
  readonly trouble: ServerTrouble;
  /** Asks the server which protocol it speaks, once for all. */
  readonly choose: (file: string) => Promise<Chosen>;
  /** How the last request of that question ended: it is the last one of every file that it kept from being sent. */
  readonly lastAsked: () => WireOutcome | undefined;
  readonly readTokenFile: (path: string) => string;
  /** Absent where no ledger is kept. Resolves with false where the record could not be written; the run then stops. */
  readonly record?: (outcome: LedgerOutcome) => Promise<boolean>;
  /** How often earlier runs tried a file. */
  readonly triedBefore: (file: string) => number;
}

export interface SentItem {
  readonly status: 'done';
  readonly proven: boolean;
  /** The server did not know the upload in the end. */
  readonly gone?: true;
  /** The ledger could not be written: the next run comes back for the file. */
  readonly unrecorded?: true;
}

export type Sent =
  | SentItem
  | { readonly status: 'failed'; readonly error: PulseError; readonly last: WireOutcome | undefined };

/** Sends one file, writes its outcome to the ledger, and reports it, in this order. */
export async function sendItem(item: Item, run: Run): Promise<Sent> {
  const { clock } = run.tools;
  const startedMs = clock.nowMs();
  let watched = run.trouble.watched(run.tools.send);
  const last = () => watched.last() ?? run.lastAsked();
  let removal: DeferredRemoval | undefined;
  let state: Pick<Item, 'sizeBytes' | 'mtimeNs'> = item;
  let own: Pick<Run, 'settings' | 'tools'> = run;
  const settle = async (outcome: Pick<LedgerOutcome, 'status' | 'proven'> & Partial<LedgerOutcome>) => {
    const recorded = await run.record?.({
      time: new Date(clock.dateMs()).toISOString(),
      file: resolve(item.file),
      server: run.settings.server.href,
      sizeBytes: state.sizeBytes,
      mtime: item.problem === undefined ? isoTime(state.mtimeNs) : '',
      attempts: run.triedBefore(item.file) + 1,
      seconds: Math.round(clock.nowMs() - startedMs) / 1000,
      ...outcome,
    });
    if (recorded === true && removal !== undefined)
      await forgetBy({ source: { name: item.file }, tools: own.tools }, removal.settle);
    return recorded !== false;
  };
  try {
    if (item.problem !== undefined) throw item.problem;
    state = await stateOf(item.file);
    await comeBackFor(item.file, run.settings, run.tools);
    own = withOwn(item, run);
    watched = run.trouble.watched(own.tools.send);
    const { report: tell, store } = own.tools;
    removal = deferredRemoval(store);
    const done: PulseEvent[] = [];
    // Whoever reads the events may look into the ledger: it has the outcome first.
    const report = (event: PulseEvent) => (event.type === 'upload.done' ? done.push(event) : tell(event));
    const tools = { ...own.tools, report, send: watched.send, ...(run.record && { store: removal.store }) };
    const all = { ...run, settings: own.settings, tools };
    const start = onceStarted(tell);
    // Whatever it was when it was looked at: the server may have been waited for since.
    const onOpen = ({ sizeBytes, mtimeNs }: FileIdentity) => {
      state = { sizeBytes, mtimeNs: BigInt(mtimeNs) };
    };
    const result = await persistently(
      () => upload(item.file, state.sizeBytes, { ...all, start, onOpen }),
      (error) => watched.isWorthAnother(cleanError(error, tools.clean), last()),
    );
    const { videoId, sha256, proven, gone } = result;
    // A server may put a token into the URL of an upload.
    const url = tools.clean(result.url);
    const known = { url, ...(videoId !== undefined && { videoId }), sha256, proven };
    const isRecorded = await settle({ status: 'done', ...known });
    done.forEach(tell);
    return { status: 'done', proven, ...(gone && { gone }), ...(!isRecorded && { unrecorded: true }) };
  } catch (thrown) {
    const aborted = run.tools.signal?.aborted === true;
    const met = aborted ? asInterrupted(item.file, thrown) : asPulseError(thrown);
    // It may be told as a reason to stop the run, which knows no token of a single file.
    const error = cleanError(met, own.tools.clean);
    // What was interrupted has no outcome yet.
    if (error.kind !== 'interrupted') {
      await settle({ status: 'failed', proven: false, kind: error.kind, message: error.message });
    }
    own.tools.report(failureEvent(item.file, error));
    return { status: 'failed', error, last: last() };
  }
}

async function persistently<T>(
  attempt: () => Promise<T>,
  again: (error: PulseError) => Promise<boolean>,
): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (thrown) {
      if (!(await again(asPulseError(thrown)))) throw thrown;
    }
  }
}

/** Looked at again: hours may have passed since the list was made. */
async function stateOf(file: string): Promise<Pick<Item, 'sizeBytes' | 'mtimeNs'>> {
  try {
    const { size, mtimeNs } = await stat(fsPath(file), { bigint: true });
    return { sizeBytes: Number(size), mtimeNs };
  } catch (error) {
    throw inputError(file, error);
  }
}

/** Settings and tools of one file: those of the run, and what its manifest says. */
function withOwn({ own = {} }: Item, run: Run): Pick<Run, 'settings' | 'tools'> {
  const { name, metadata, tokenFile } = own;
  const settings = {
    ...run.settings,
    ...(name !== undefined && { name }),
    ...(metadata !== undefined && { metadata: { ...run.settings.metadata, ...metadata } }),
  };
  if (tokenFile === undefined) return { settings, tools: run.tools };
  const readToken = () => run.readTokenFile(tokenFile);
  const token = readToken();
  return { settings: { ...settings, token }, tools: run.tools.withToken(token, readToken) };
}

/** Tries after an outage go on with what was begun: only the first of them starts it. */
function onceStarted(report: Report): Report {
  let isStarted = false;
  return (event) => {
    if (!isStarted) report(event);
    isStarted = true;
  };
}

async function upload(
  file: string,
  sizeBytes: number,
  run: Run & { readonly start: Report; readonly onOpen: (identity: FileIdentity) => void },
): Promise<UploadResult> {
  const { settings, tools } = run;
  const chosen = await run.choose(file);
  run.start(startEvent(file, sizeBytes, chosen, settings));
  return uploadFile(file, chosen.protocol, settings, tools, run.onOpen);
}
