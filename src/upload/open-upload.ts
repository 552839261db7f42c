import { PulseError } from '../errors.ts';
import { belowPrefix } from '../protocol/urls.ts';
import type { WireRequest } from '../protocol/wire.ts';
import { type ChosenId, chooseId, offsetOfOwn } from './chosen-id.ts';
import type { Checked } from './chunk-checks.ts';
import { createChunkReader } from './chunk-reader.ts';
import { createWithData } from './create-with-data.ts';
import { isExpired } from './expiry.ts';
import { errorOf, type Fault, mayHaveActed } from './faults.ts';
import { ask, type Job, sizeOf, warn } from './job.ts';
import { candidateOf } from './metadata.ts';
import { namedPlace } from './named-place.ts';
import { askOffset } from './offset.ts';
import { assertOwnPlace } from './own-place.ts';
import { elsewhere } from './send-once.ts';
import { sameFile } from './source.ts';
import type { UploadRecord } from './state-store.ts';

/** An upload that exists at the server. */
export interface OpenUpload {
  readonly url: URL;
  readonly offsetBytes: number;
  /** Its size is still to be said, with the bytes. */
  readonly sizeFollows?: true;
  /** So much may have been sent before, by earlier runs above all; `offsetBytes` where absent. */
  readonly sentEndBytes?: number;
  /** So many of them went with the creation of this run; none where absent. */
  readonly createdBytes?: number;
  /** What is known of it from sending in this run; what the record says where absent. */
  readonly checked?: Checked;
  readonly record: UploadRecord;
}

/** Creates an upload and stores its URL before the first byte is sent, except for those that go with the creation. */
export async function createUpload(job: Job): Promise<OpenUpload> {
  const { settings, tools } = job;
  const chosen = await chooseId(job);
  const { draft, request, sizeFollows } = await draftOf(job, chosen);
  // A creation whose answer is lost must be repeated under the same name.
  if (chosen !== undefined) await tools.store.write({ ...draft, url: chosen.url.href, phase: 'creating' });
  let mayExist = chosen?.earlier !== undefined;
  const onFault = (fault: Fault) => {
    if (mayHaveActed(fault)) mayExist = true;
    return fault;
  };
  const begun = chosen === undefined ? await createWithData(job, request) : undefined;
  if (begun !== undefined) {
    const { url, offsetBytes, endBytes } = begun;
    const record = await opened(job, { ...draft, url: url.href, phase: 'sending' });
    const created = { url, offsetBytes, sentEndBytes: endBytes, createdBytes: offsetBytes, record };
    return { ...created, ...(sizeFollows && { sizeFollows }) };
  }
  const created = await ask(job, request, namedPlace, { onFault });
  if ('fault' in created) {
    if (chosen !== undefined && mayExist) return ownUpload(job, chosen, draft, created.fault);
    if (chosen !== undefined) await tools.store.remove(job.key);
    throw refusedCreation(job, created.fault);
  }
  if (created.value.url.origin !== settings.server.origin)
    throw elsewhere(created.value.url, settings.server);

  const place = await locate(job, created.value.url, belowPrefix(created.value.location, settings.server));
  const record = await opened(job, {
    ...draft,
    url: place.url.href,
    phase: 'sending',
    ...(place.headless && { headless: true }),
  });
  return { url: place.url, offsetBytes: 0, record, ...(sizeFollows && { sizeFollows }) };
}

async function opened(job: Job, record: UploadRecord): Promise<UploadRecord> {
  const { source, tools } = job;
  assertOwnPlace(job, new URL(record.url));
  await tools.store.write(record);
  tools.report({ type: 'upload.created', file: source.name, url: record.url });
  return record;
}

/** A record without what only the server can say, and the request that creates the upload. */
async function draftOf(
  job: Job,
  chosen: ChosenId | undefined,
): Promise<{ draft: Omit<UploadRecord, 'url' | 'phase'>; request: WireRequest; sizeFollows: boolean }> {
  const { offer, protocol, settings, source, tools } = job;
  const candidate = candidateOf(job);
  // Read once more for it: what is declared must be known before the first byte is sent.
  const canDeclare = offer.declare !== undefined && source.once === undefined;
  const declaredSha256 = canDeclare ? await createChunkReader(source, tools.signal).sha256() : undefined;
  const metadata = {
    ...candidate.metadata,
    ...(declaredSha256 !== undefined && offer.declare?.(declaredSha256)),
    ...(chosen !== undefined && protocol.naming !== undefined && { [protocol.naming.key]: chosen.id }),
  };
  return {
    draft: {
      schema: 1,
      ...job.key,
      identity: source.identity,
      createdAt: new Date(tools.clock.nowMs()).toISOString(),
      prefix: { bytes: 0, sha256: '' },
      ...(chosen !== undefined && { chosenId: chosen.id }),
      ...(declaredSha256 !== undefined && { declaredSha256 }),
    },
    request: protocol.create(
      settings.server,
      // The whole has metadata, its parts have none (tus 1.0, Concatenation).
      job.isPart ? { sizeBytes: sizeOf(job), metadata: {}, isPart: true } : { ...candidate, metadata },
    ),
    sizeFollows: candidate.sizeBytes === undefined,
  };
}

/** Goes on with what an earlier try made, whose answer was lost. */
async function ownUpload(
  job: Job,
  chosen: ChosenId,
  draft: Omit<UploadRecord, 'url' | 'phase'>,
  fault: Fault,
): Promise<OpenUpload> {
  const { source, tools } = job;
  const offsetBytes = await offsetOfOwn(job, chosen, fault);
  // Nobody shall go on with it or end it as if it were ours.
  if (offsetBytes === 'others') await tools.store.remove(job.key);
  if (offsetBytes === 'others' || offsetBytes === undefined) throw refusedCreation(job, fault);
  if (chosen.earlier !== undefined) await assertPrefix(job, chosen.earlier);
  const { url } = chosen;
  const record: UploadRecord = {
    ...draft,
    prefix: chosen.earlier?.prefix ?? draft.prefix,
    url: url.href,
    phase: 'sending',
  };
  await tools.store.write(record);
  tools.report({ type: 'upload.resumed', file: source.name, url: url.href, offsetBytes });
  return { url, offsetBytes, sentEndBytes: sizeOf(job), record };
}

/** Where a status means something else for a creation than it does for a chunk. */
const creationHints: Readonly<Record<number, string>> = {
  405: 'check --server: the URL below which /uploads is found, or with tus the one that creates uploads; and --protocol',
  409: 'the server has an upload of this name or id already; give it another one with --name, or ask who runs it',
  413: 'the file is larger than the server accepts; ask who runs it for a higher limit',
};

function refusedCreation({ protocol, settings, tools }: Job, fault: Fault): PulseError {
  const isElsewhere = fault.status === 404 || fault.status === 405;
  const hint =
    isElsewhere && tools.host.learned.showsNoSign
      ? wasAssumed(protocol.id, settings.server)
      : fault.status === 409 && protocol.naming !== undefined
        ? `the server has something under this ${protocol.naming.key} already; a pairing link is good for one upload only: ask for a new one`
        : creationHints[fault.status ?? 0];
  if (fault.status === 422) return errorOf({ ...fault, kind: 'refused' });
  return hint === undefined ? errorOf(fault) : errorOf({ ...fault, kind: 'refused' }, { hint });
}

/** What is guessed must be said where the guess may be the mistake. */
function wasAssumed(protocol: string, server: URL): string {
  const example = `${server.href.replace(/\/$/, '')}/files`;
  return `no sign of any protocol was seen there, so ${protocol} was assumed: check --server; for plain tus it is the URL that creates uploads, for example ${example}`;
}

/**
 * HEAD once before the first byte: it shows whether the server answers HEAD at all, and whether Location can be
 * believed. Only an upload that was made a moment ago tells the two apart from a lost one. What one upload of the run
 * has shown holds for the others, unless their Location has to be doubted anew.
 */
async function locate(job: Job, url: URL, other: URL | undefined): Promise<{ url: URL; headless: boolean }> {
  const { learned } = job.tools.host;
  if (learned.answersHead && other === undefined) return { url, headless: false };
  const fault = await newlyCreated(job, url);
  if (fault === undefined) {
    learned.answersHead = true;
    return { url, headless: false };
  }
  if (other !== undefined && (await newlyCreated(job, other)) === undefined) {
    warn(
      job,
      `the server names its upload ${url.pathname}, but it is found at ${other.pathname}; going on there`,
    );
    return { url: other, headless: false };
  }
  warn(job, 'the server does not answer HEAD: an interrupted upload will have to start over');
  const otherHasIt = other !== undefined && !(await takesChunks(job, url)) && (await takesChunks(job, other));
  return { url: otherHasIt ? other : url, headless: true };
}

/** Whether an empty chunk finds the upload: asked only where HEAD cannot say which of two places it is at. */
async function takesChunks(job: Job, url: URL): Promise<boolean> {
  const nothing = { offsetBytes: 0, bytes: new Uint8Array(0) };
  const asked = await ask(job, job.protocol.append(url, nothing, job.settings.body), () => ({ value: true }));
  return 'value' in asked || asked.fault.remedy !== 'gone';
}

/** Undefined where HEAD shows the empty upload, the fault where this URL answers no HEAD. */
async function newlyCreated(job: Job, url: URL): Promise<Fault | undefined> {
  const sizeBytes = job.source.sizeBytes();
  const asked = await askOffset(job, url);
  if ('fault' in asked) {
    if (asked.fault.status === 404 || asked.fault.status === 405 || asked.fault.status === 501)
      return asked.fault;
    throw errorOf(asked.fault);
  }
  const { offsetBytes, lengthBytes = sizeBytes } = asked.value;
  if (offsetBytes !== 0) {
    throw new PulseError(
      'protocol',
      `HEAD of the upload just created says offset ${offsetBytes}, expected 0`,
      {
        hint: 'run pulse-upload verify on this server and show its report to who runs it',
      },
    );
  }
  if (lengthBytes !== sizeBytes) {
    throw new PulseError(
      'protocol',
      `HEAD says Upload-Length ${lengthBytes}, but ${sizeBytes} was declared`,
      {
        hint: 'run pulse-upload verify on this server and show its report to who runs it',
      },
    );
  }
  return undefined;
}

/** The upload that an earlier run left behind, if it can be gone on with; says why where it cannot. */
export async function findUpload(job: Job): Promise<OpenUpload | undefined> {
  const { key, source, settings, tools } = job;
  const record = await tools.store.read(key, (message) => warn(job, message));
  if (record === undefined || record.phase === 'creating') return undefined;
  const startOver = (why: string) => {
    warn(job, `${why}; starting a new upload`);
    return undefined;
  };
  if (!sameFile(record.identity, source.identity))
    return startOver('the file changed since its upload was begun');
  const given = settings.metadata[job.protocol.naming?.key ?? ''];
  if (given !== undefined && record.chosenId !== undefined && given !== record.chosenId)
    return startOver('the saved upload was given another name');
  const url = new URL(record.url);
  if (url.origin !== settings.server.origin) return startOver('the saved upload is on another origin');
  const resumed = (offsetBytes: number): OpenUpload => {
    if (
      record.finishError !== undefined &&
      offsetBytes === sizeOf(job) &&
      job.protocol.finalize === undefined
    )
      throw unfinished(record.finishError);
    tools.report({ type: 'upload.resumed', file: source.name, url: url.href, offsetBytes });
    // How far an earlier run came is not known: a cache may have answered HEAD with less.
    return { url, offsetBytes, sentEndBytes: sizeOf(job), record };
  };
  if (record.phase === 'finalizing') return resumed(sizeOf(job));
  if (record.headless) return startOver('this server does not answer HEAD, so the upload cannot be resumed');

  warnOfTerm(job, record);
  const offsetBytes = await resumableOffset(job, url, record);
  if (typeof offsetBytes === 'string') return startOver(offsetBytes);
  await assertPrefix(job, record);
  return resumed(offsetBytes);
}

/** What is left of a server's term when it is worth a word. */
const SHORT_TERM_MS = 10 * 60_000;

function warnOfTerm(job: Job, { expiresAt }: UploadRecord): void {
  const leftMs = Date.parse(expiresAt ?? '') - job.tools.clock.nowMs();
  if (!(leftMs > 0 && leftMs < SHORT_TERM_MS)) return;
  warn(
    job,
    `its upload expires at the server in ${Math.round(leftMs / 1000)} s (${expiresAt}), unless the server prolongs that as it is gone on with`,
  );
}

/** The server has all bytes, but failed in what it does with a complete upload: no success, and no failure either. */
export function unfinished(reason: string): PulseError {
  return new PulseError(
    'unknown',
    `the server has every byte, but failed at the end: ${reason}; whether the upload succeeded cannot be learned`,
    { hint: 'look at the server whether the file is there; if it is not, upload it again with --no-resume' },
  );
}

/** The offset to go on from, or the reason why the stored URL is of no use. */
async function resumableOffset(job: Job, url: URL, record: UploadRecord): Promise<number | string> {
  const sizeBytes = sizeOf(job);
  let asked = await askOffset(job, url);
  // The server's term is past: only a complete upload, or a generous server, is still there, and neither hides.
  if ('fault' in asked && isGone(asked.fault) && isExpired(record, job.tools.clock.nowMs()))
    return `the upload expired at the server (${record.expiresAt})`;
  if ('fault' in asked && isGone(asked.fault)) {
    // Servers have answered 404 in passing for uploads that they still had (server defect S33).
    await job.tools.clock.sleep(job.settings.retryDelayMs, job.tools.signal);
    asked = await askOffset(job, url);
  }
  if ('fault' in asked) {
    if (isGone(asked.fault)) return 'the server no longer has the upload';
    throw errorOf(asked.fault);
  }
  const { offsetBytes, lengthBytes = sizeBytes } = asked.value;
  if (lengthBytes !== sizeBytes)
    return `the server's upload is for ${lengthBytes} bytes, the file has ${sizeBytes}`;
  if (offsetBytes > sizeBytes) {
    throw new PulseError(
      'protocol',
      `the server says offset ${offsetBytes}, but the file has only ${sizeBytes} bytes`,
      {
        hint: 'start over with --no-resume',
      },
    );
  }
  return offsetBytes;
}

/**
 * 403 is one of the answers that tus 1.0 allows for an upload that does not exist (Core, HEAD): then it is the
 * protocol's own. One of a firewall, or for a token, says nothing about the upload.
 */
function isGone({ status, answer }: Fault): boolean {
  if (status === 403) return answer?.headers['tus-resumable'] !== undefined;
  return status === 404 || status === 410;
}

/** The part that was sent must still be what it was, even where size and times are (rule 3 of the uploader). */
async function assertPrefix(job: Job, { prefix }: UploadRecord): Promise<void> {
  if (prefix.bytes === 0) return;
  const now = await job.reader.hashPrefix(prefix.bytes);
  if (now.sha256 === prefix.sha256) return;
  throw new PulseError(
    'input',
    `the first ${prefix.bytes} bytes of ${job.source.name} are no longer those that were sent, although its size and times are`,
    { hint: 'if the file is right as it is now, upload it from the start with --no-resume' },
  );
}
