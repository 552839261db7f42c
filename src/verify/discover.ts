import { PulseError } from '../errors.ts';
import { creationUrlNamed, withoutSegment } from '../protocol/creation-url.ts';
import { belowPrefix } from '../protocol/urls.ts';
import { headerMembers, headerOf, isSuccess, offsetOf, outcomeOf } from './answers.ts';
import { Blocked, type ProtocolId } from './check.ts';
import { dialects } from './dialect.ts';
import { adviceOn, bindingOf, guardOf } from './discover-credentials.ts';
import { chunkForm } from './probe/form.ts';
import { openProbe, type Probe, type ProbeSettings } from './probe/probe.ts';
import type { Upload } from './probe/uploads.ts';
import type { Exchange, Recording } from './recording.ts';
import { type Oracle, type Target, whyNoChunks } from './target.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface Discovery {
  readonly target: Target;
  readonly recording: Recording;
}

export interface DiscoverySettings {
  readonly server: URL;
  readonly protocol: ProtocolId | 'auto';
  readonly signal: AbortSignal;
}

/** A server that does not answer is not waited for as long as one that may be busy. */
const FIRST_ANSWER_MS = 10_000;
/** Whoever kept silent once is asked again, but not waited for as long. */
const SECOND_ANSWER_MS = 3000;

/**
 * Finds out what the scenarios must know: the protocol, where things are, and what the server offers.
 * Throws PulseError `temporary` where nothing answers by HTTP, `refused` where TLS is not agreed on.
 */
export async function discover(
  { server, protocol, signal }: DiscoverySettings,
  settings: ProbeSettings,
): Promise<Discovery> {
  const started = settings.clock.nowMs();
  const recordings: Exchange[] = [];
  const asking = async <T>(
    target: Target,
    ask: (probe: Probe) => Promise<T>,
    // Files are named by this, and no two may have one name.
    name = 'discovery',
  ): Promise<T> => {
    const { probe, recorder, close } = openProbe(settings, target, name, signal);
    // Whatever waits for an answer learns that there will be none.
    signal.addEventListener('abort', close, { once: true });
    try {
      return await unlessAborted(ask(probe), signal);
    } finally {
      signal.removeEventListener('abort', close);
      close();
      recordings.push(
        ...recorder.exchanges.map((exchange) => ({ ...exchange, n: recordings.length + exchange.n })),
      );
    }
  };

  const spoken = await asking(blankTarget(server, 'pulse'), (probe) =>
    recognised(probe, server, protocol, settings.access),
  );
  let target: Target = { ...blankTarget(server, spoken.protocol), assumptions: [spoken.because] };
  const learn = (facts: Partial<Target>) => {
    target = { ...target, ...facts, assumptions: [...target.assumptions, ...(facts.assumptions ?? [])] };
  };
  learn(await asking(target, advertised));
  learn(await asking(target, (probe) => whatUploadsShow(probe, settings, spoken)));
  if (target.elsewhere === undefined) {
    if (target.protocol === 'pulse') learn(await asking(target, multipartOffered));
    if (target.protocol === 'pulse-v1') {
      learn(await asking(target, (probe) => bindingOf(probe, settings), 'discovery-of-tokens'));
    }
    learn(whereNoChunkIsTaken(target));
    learn(oracleOf(target, settings));
  }

  const elapsedMs = Math.round(settings.clock.nowMs() - started);
  const outcome = { kind: 'seen', seen: target } as const;
  const recording = {
    scenario: 'discovery',
    startedMs: 0,
    elapsedMs,
    sentBytes: 0,
    exchanges: recordings,
    outcome,
  };
  return { target, recording };
}

function blankTarget(server: URL, protocol: ProtocolId): Target {
  const base = server.href.replace(/\/+$/, '');
  return { protocol, server: base, extensions: [], assumptions: [], ...dialects[protocol].places(server) };
}

interface Spoken {
  readonly protocol: ProtocolId;
  /** How that was concluded, in words. */
  readonly because: string;
  /** Whether the server showed a sign of this protocol. */
  readonly isSeen: boolean;
}

/** In the order in which the uploader looks for them. */
const order: readonly ProtocolId[] = ['pulse-v1', 'pulse', 'tus'];

/** The protocol, by the same signs and in the same order as the uploader looks for them. */
async function recognised(
  probe: Probe,
  server: URL,
  wanted: ProtocolId | 'auto',
  { timeoutMs }: ProbeSettings['access'],
): Promise<Spoken> {
  let patienceMs = Math.min(timeoutMs, FIRST_ANSWER_MS);
  let silence: Exchange | undefined;
  const signs: { readonly protocol: ProtocolId; readonly sign: string }[] = [];
  let hasAnswered = false;
  for (const protocol of order) {
    const { method, url, sign } = dialects[protocol].recognise;
    const exchange = await probe.request(method, url(server).href, { timeoutMs: patienceMs });
    if (exchange.answer !== undefined) hasAnswered = true;
    else silence ??= exchange;
    if (exchange.broken?.cause === 'timeout') patienceMs = Math.min(patienceMs, SECOND_ANSWER_MS);
    const seen = sign(exchange);
    if (seen !== undefined) signs.push({ protocol, sign: seen });
    else if (wanted === 'auto') await refuseCreationUrl(probe, protocol, server, patienceMs);
    if (seen !== undefined && wanted === 'auto') break;
  }
  if (!hasAnswered && silence !== undefined) {
    throw noAnswer(server, silence);
  }
  const isSeen = signs.some(({ protocol }) => wanted === 'auto' || protocol === wanted);
  if (wanted !== 'auto') return { protocol: wanted, because: `${wanted}, as you said`, isSeen };
  const [first] = signs;
  return first === undefined
    ? {
        protocol: 'pulse',
        because: 'pulse, for want of any sign (say --protocol tus if it is plain tus)',
        isSeen,
      }
    : { protocol: first.protocol, because: `${first.protocol}, because ${first.sign}`, isSeen };
}

/** What is tried where a server creates its uploads is half of that server. */
async function refuseCreationUrl(
  probe: Probe,
  protocol: ProtocolId,
  server: URL,
  timeoutMs: number,
): Promise<void> {
  const { recognise } = dialects[protocol];
  const parent = withoutSegment(server, recognise.creation);
  if (parent === undefined) return;
  const exchange = await probe.request(recognise.method, recognise.url(parent).href, { timeoutMs });
  if (recognise.sign(exchange) !== undefined) throw creationUrlNamed(protocol, server, parent);
}

/** A certificate that is refused will be refused the next time too: no matter of time, unlike all else. */
function noAnswer({ origin }: URL, silence: Exchange): PulseError {
  const isTls = silence.broken?.cause === 'tls';
  return new PulseError(isTls ? 'refused' : 'temporary', `${origin} gives no answer: ${outcomeOf(silence)}`, {
    hint: isTls
      ? 'name the authority with --ca-cert <file>, or the client certificate that the server asks for with --cert and --key'
      : 'check the address, and that the server is running and speaks HTTP/1.1 there',
  });
}

/** What OPTIONS on the creation URL says. */
async function advertised(probe: Probe): Promise<Partial<Target>> {
  const options = await probe.options();
  const status = options.answer?.status;
  if (dialects[probe.target.protocol].needsOptions === false && (status === 401 || status === 403)) {
    const refused = `OPTIONS is refused with ${status}`;
    return {
      extensions: ['creation'],
      optionsRefused: refused,
      assumptions: [`${refused}: creation is assumed`],
    };
  }
  const extensions = isSuccess(options) ? headerMembers(options, 'Tus-Extension').filter(Boolean) : [];
  const maxSize = isSuccess(options) ? headerOf(options, 'Tus-Max-Size') : undefined;
  const said = extensions.length > 0 ? `extensions: ${extensions.join(', ')}` : 'no extensions advertised';
  return { extensions, ...(maxSize !== undefined && { maxSize }), assumptions: [said] };
}

/** One small upload: whether HEAD works, what finished uploads serve, and who may do all that. */
async function whatUploadsShow(
  probe: Probe,
  settings: ProbeSettings,
  { isSeen }: Spoken,
): Promise<Partial<Target>> {
  const file = probe.payload(10);
  const created = await probe.post(file.sizeBytes);
  const guarded = await guardOf(probe, settings);
  let upload: Upload;
  try {
    upload = probe.uploadOf(created, file.sizeBytes);
  } catch (thrown) {
    if (!(thrown instanceof Blocked)) throw thrown;
    const place = isSeen ? undefined : elsewhere(created, probe.target);
    if (place !== undefined) return { ...guarded, ...place };
    const refusal = { refusesUploads: thrown.message, assumptions: [thrown.message] };
    return { ...guarded, ...refusal, ...adviceOn(created, settings, probe.target) };
  }
  const place = await placeOf(probe, upload);
  const url = place.url ?? upload.url;
  const facts: Partial<Target> = { ...guarded, ...place.facts };
  const send = () => probe.patch({ ...upload, url }, 0, file.part(0, file.sizeBytes));
  const patched = await send();
  if (!isSuccess(patched)) {
    // One may be refused by chance, and may have been stored for all that: what takes none says the same again.
    const refusesChunks = outcomeOf(patched);
    if (outcomeOf(await send()) !== refusesChunks) return facts;
    // What neither HEAD nor PATCH finds is not where Location says, which is another mistake.
    if (facts.headless !== undefined && patched.answer?.status === 404) return facts;
    return { ...facts, refusesChunks, ...adviceOn(patched, settings, probe.target) };
  }
  if (probe.target.finalizeUrl !== undefined) return facts;
  const got = await probe.request(
    'GET',
    dialects[probe.target.protocol].contentUrl(probe.target, { ...upload, url }),
  );
  const isServed = got.answer?.status === 200 && got.answer.body.sha256 === file.sha256();
  return { ...facts, ...(isServed && { download: true }) };
}

/** Known only once forms have been tried, too. */
function whereNoChunkIsTaken(target: Target): Partial<Target> {
  const why = whyNoChunks(target);
  if (why === undefined) return {};
  const advice =
    target.advice ?? 'let PATCH take a chunk first, for all else builds on that: see core.patch.204';
  return { assumptions: [why], advice };
}

/** What answers there knows of no creation, nor of the protocol: to list that as findings would be a report on a typing error. */
function elsewhere(created: Exchange, { createUrl, server, protocol }: Target): Partial<Target> | undefined {
  const { answer } = created;
  const isPage = answer?.status === 200 && /html/i.test(headerOf(created, 'Content-Type') ?? '');
  if (answer === undefined || !(isPage || noSuchPlace.has(answer.status))) return undefined;
  const came = `${outcomeOf(created)}${isPage ? ' with an HTML page' : ''}`;
  const why = `this URL does not create uploads: POST ${createUrl} answered ${came}`;
  const advice = `check the URL: ${protocol} wants ${dialects[protocol].wants}`;
  const other = `plain tus wants ${dialects.tus.wants}, for example ${server}/files`;
  return {
    refusesUploads: why,
    elsewhere: why,
    assumptions: [why],
    advice: protocol === 'tus' ? `check the URL: ${other}` : `${advice}; ${other}`,
  };
}

const noSuchPlace: ReadonlySet<number> = new Set([404, 405, 410, 501]);

/** HEAD right after the creation: found as named, found below a stripped prefix, or not offered. */
async function placeOf(
  probe: Probe,
  upload: Upload,
): Promise<{ readonly url?: string; readonly facts: Partial<Target> }> {
  const asked = await probe.head(upload);
  const status = asked.answer?.status;
  if (status !== 404 && status !== 405 && status !== 501) return { facts: {} };
  const location = headerOf(upload.created, 'Location') ?? '';
  const other = belowPrefix(location, new URL(probe.target.server));
  if (other !== undefined && isSuccess(await probe.head(other.href))) {
    const assumption = `uploads are below ${probe.target.server}, though Location says ${location}`;
    return { url: other.href, facts: { prefixed: true, assumptions: [assumption] } };
  }
  const headless = `the server has no HEAD for uploads (answered ${status})`;
  return { facts: { headless, assumptions: [`${headless}: offsets are learned by empty PATCHes`] } };
}

/** A chunk as a form: an answer that refuses it means that this server takes raw chunks only. */
async function multipartOffered(probe: Probe): Promise<Partial<Target>> {
  const created = await probe.post(10);
  try {
    const upload = probe.uploadOf(created, 10);
    const { body, type } = chunkForm(probe.payload(10).bytes(0, 10));
    const patched = await probe.patch(upload, 0, body, { headers: { 'Content-Type': type } });
    return isSuccess(patched) && offsetOf(patched) !== undefined
      ? { multipart: true, assumptions: ['multipart chunks are taken'] }
      : { assumptions: ['chunks are raw only (multipart is refused)'] };
  } catch (thrown) {
    if (thrown instanceof Blocked) return {};
    throw thrown;
  }
}

function oracleOf(target: Target, { readBack }: ProbeSettings): Partial<Target> {
  const oracle: Oracle | undefined =
    target.finalizeUrl !== undefined
      ? 'finalize'
      : target.download
        ? 'get'
        : readBack !== undefined
          ? 'read-back'
          : undefined;
  const words: Record<Oracle | 'none', string> = {
    finalize: "content is compared by finalize's checksum",
    get: 'content is read back by GET',
    'read-back': 'content is read back by your command',
    none: 'content not verified: nothing reads back what was stored (--read-back <cmd>)',
  };
  return { ...(oracle && { oracle }), assumptions: [words[oracle ?? 'none']] };
}
