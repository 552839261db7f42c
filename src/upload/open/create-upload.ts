import type { PulseError } from '../../errors.ts';
import { belowPrefix } from '../../protocol/urls.ts';
import type { WireRequest } from '../../protocol/wire.ts';
import { errorOf, type Fault, isRedirect, mayHaveActed } from '../faults.ts';
import { ask, type Job, sizeOf, warn } from '../job.ts';
import { createChunkReader } from '../send/chunk-reader.ts';
import { elsewhere } from '../send-once.ts';
import type { UploadRecord } from '../state/state-store.ts';
import { forget } from '../tidily.ts';
import { assertPrefix, knownEnd, nameTaken, touched } from './accepted-prefix.ts';
import { type ChosenId, chooseId, offsetOfOwn } from './chosen-id.ts';
import { createWithData } from './create-with-data.ts';
import { locate, lookOnce } from './locate-upload.ts';
import { candidateOf } from './metadata.ts';
import { namedPlace } from './named-place.ts';
import type { OpenUpload } from './open-upload.ts';
import { assertOwnPlace } from './own-place.ts';
import { redirectedTo } from './redirected.ts';

/** Creates an upload and stores its URL before the first byte is sent, except for those that go with the creation. */
export async function createUpload(job: Job): Promise<OpenUpload> {
  const { settings, tools } = job;
  const chosen = await chooseId(job);
  const { draft, request, sizeFollows } = await draftOf(job, chosen);
  // A creation whose answer is lost must be repeated under the same name. What the server said is ours stays known as
  // that: it may have answered 404 in passing.
  const isOurs = chosen?.earlier !== undefined && chosen.earlier.phase !== 'creating';
  const replaced =
    isOurs || chosen === undefined ? undefined : await tools.store.read(job.key, () => undefined);
  if (chosen !== undefined && !isOurs)
    await tools.store.write({ ...draft, url: chosen.url.href, phase: 'creating' });
  let mayExist = chosen?.earlier !== undefined;
  const onFault = (fault: Fault) => {
    if (mayHaveActed(fault)) mayExist = true;
    return fault;
  };
  const begun = chosen === undefined ? await createWithData(job, request) : undefined;
  if (begun !== undefined) {
    const { url, offsetBytes: saidBytes, endBytes: sentEndBytes } = begun;
    const known = await opened(job, { ...draft, url: url.href, phase: 'sending' });
    const { offsetBytes, headless } = await lookOnce(job, url, { saidBytes, sentBytes: sentEndBytes });
    const record = headless ? { ...known, headless } : known;
    if (headless) await tools.store.write(record);
    const created = { url, offsetBytes, sentEndBytes, createdBytes: offsetBytes, record };
    return { ...created, ...(sizeFollows && { sizeFollows }) };
  }
  const created = await ask(job, request, namedPlace, { onFault });
  if ('fault' in created) {
    if (chosen !== undefined && mayExist) return ownUpload(job, chosen, draft, created.fault, request.url);
    // What the name is taken by may be what this run was not to go on with, and whoever ends it must find it.
    const isOursThere = replaced?.chosenId === chosen?.id && replaced?.phase !== 'creating';
    if (replaced !== undefined && isOursThere && created.fault.status === 409)
      await tools.store.write(replaced);
    else if (chosen !== undefined) await forget(job);
    throw refusedCreation(job, created.fault, request.url);
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
      ...(source.changedNs !== undefined && { changedNs: source.changedNs }),
      createdAt: new Date(tools.clock.dateMs()).toISOString(),
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
  asked: URL,
): Promise<OpenUpload> {
  const { source, tools } = job;
  const offsetBytes = await offsetOfOwn(job, chosen, fault);
  // Nobody shall go on with it or end it as if it were ours.
  if (offsetBytes === 'others') await forget(job);
  if (offsetBytes === 'others' || offsetBytes === undefined) throw refusedCreation(job, fault, asked);
  const { url, earlier } = chosen;
  if (earlier !== undefined) await assertPrefix(job, earlier);
  // While the answer to its creation was not known, nothing was sent.
  const knownEndBytes =
    earlier === undefined || earlier.phase === 'creating' ? undefined : await knownEnd(job, earlier);
  if (knownEndBytes !== undefined && offsetBytes > knownEndBytes) {
    const why = touched(offsetBytes, knownEndBytes);
    const taken = nameTaken(job, earlier ?? {}, why);
    if (taken !== undefined) throw taken;
    await forget(job);
    warn(job, `${why}; starting a new upload`);
    return createUpload(job);
  }
  const { finishError, ...known } = earlier ?? draft;
  // What was declared, what was acknowledged and how that ended is what the earlier try heard, and not this one.
  const isAtEnd = finishError !== undefined && offsetBytes === sizeOf(job);
  const record: UploadRecord = {
    ...known,
    ...job.key,
    ...(isAtEnd && { finishError }),
    url: url.href,
    phase: 'sending',
  };
  await tools.store.write(record);
  tools.report({ type: 'upload.resumed', file: source.name, url: url.href, offsetBytes });
  const end = knownEndBytes !== undefined && { knownEndBytes };
  return { url, offsetBytes, sentEndBytes: sizeOf(job), ...end, record };
}

/** Where a status means something else for a creation than it does for a chunk. */
const creationHints: Readonly<Record<number, string>> = {
  405: 'check --server: the URL below which /uploads is found, or with tus the one that creates uploads; and --protocol',
  409: 'the server has an upload of this name or id already; give it another one with --name, or ask who runs it',
  413: 'the file is larger than the server accepts; ask who runs it for a higher limit',
};

function refusedCreation({ protocol, settings, tools }: Job, fault: Fault, asked: URL): PulseError {
  const { status, answer, answeredAt = asked } = fault;
  if (isRedirect(status)) {
    const location = answer?.headers.location ?? '';
    const to = redirectedTo(settings.server, asked, location, answeredAt);
    // It would have been followed, had not so many been before it: a circle, which goes on from any of its URLs.
    const isCircle = (status === 307 || status === 308) && to?.origin === answeredAt.origin;
    // A server may echo a token in it; parsed, one of digits is an address.
    const isOpen = [location, to?.href ?? ''].every((text) => tools.clean(text) === text);
    if (to === undefined || isCircle || !isOpen) return errorOf(fault);
    tools.host.learned.redirectsTo = to;
    return errorOf(fault, { hint: `name the URL to which it redirects: --server ${to.href}` });
  }
  const isElsewhere = fault.status === 404 || fault.status === 405;
  const hint =
    isElsewhere && tools.host.learned.showsNoSign
      ? wasAssumed(protocol.id, settings.server)
      : fault.status === 409 && protocol.naming !== undefined
        ? `the server has something under this ${protocol.naming.key} already: give another one, or ask for a new pairing link, which is good for one upload only`
        : creationHints[fault.status ?? 0];
  if (fault.status === 422) return errorOf({ ...fault, kind: 'refused' });
  return hint === undefined ? errorOf(fault) : errorOf({ ...fault, kind: 'refused' }, { hint });
}

/** What is guessed must be said where the guess may be the mistake. */
function wasAssumed(protocol: string, server: URL): string {
  const example = `${server.href.replace(/\/$/, '')}/files`;
  return `no sign of any protocol was seen there, so ${protocol} was assumed: check --server; for plain tus it is the URL that creates uploads, for example ${example}`;
}
