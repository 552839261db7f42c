import { PulseError } from '../../errors.ts';
import { parseByteCount } from '../../protocol/headers.ts';
import { belowPrefix, withoutQuery } from '../../protocol/urls.ts';
import { checkThere, errorOf, type Fault, isSuccess, mayHaveActed, unlessThere } from '../faults.ts';
import { finalizeTimeoutMs } from '../finish/finalize.ts';
import { ask, gaveUp, type Job, sizeOf, warn } from '../job.ts';
import { assertPrefix } from '../open/accepted-prefix.ts';
import { candidateOf } from '../open/metadata.ts';
import { namedPlace } from '../open/named-place.ts';
import type { OpenUpload } from '../open/open-upload.ts';
import { elsewhere } from '../send-once.ts';
import type { UploadRecord } from '../state/record.ts';
import { tidily } from '../tidily.ts';
import type { JoinRecord } from './part-jobs.ts';
import type { PartPlan } from './parts.ts';

/** What was begun in parts goes on in parts, also without --parallel. */
export const inOnePiece = 'leave out --parallel and add --no-resume: the file then goes in one piece';

const joinedTwice =
  'the answer to an earlier request that joins the parts was lost, or led nowhere: the server may hold the file a second time';

/** Writes down how far the joining is. */
type Remember = (changes: JoinRecord) => Promise<UploadRecord>;

/** How often it is looked whether the server has joined the parts. */
const LOOK_EVERY_MS = 1_000;

/**
 * What an earlier run has joined already; undefined where it has not, or where that is gone. Throws `unknown` where
 * nobody has seen it yet: what is asked for once more may be there twice then.
 */
export async function joinedBefore(
  job: Job,
  { record }: PartPlan,
  remember: Remember,
): Promise<OpenUpload | undefined> {
  if (record?.joinedUrl === undefined) return undefined;
  const named = new URL(record.joinedUrl);
  const url = await find(job, named, `${named.pathname}${named.search}`);
  if (url === undefined && record.joining) throw neverSeen(named);
  if (url === undefined) return undefined;
  const { sha256 } = record.prefix;
  // Earlier versions knew the digest only of one that waits for its proof; else their prefix is but a count.
  if (sha256 !== '') await assertPrefix(job, record);
  const { source, tools } = job;
  tools.report({ type: 'upload.resumed', file: source.name, url: url.href, offsetBytes: sizeOf(job) });
  const seen = record.joining ? await remember({ joinedUrl: url.href, sha256 }) : record;
  return { url, offsetBytes: sizeOf(job), record: seen };
}

/**
 * Asks the server to join the parts, and waits until it has. Where an answer was lost, by this run or by an earlier one
 * that ended there (`joining`), the server may join them twice: nobody can find what it made the first time, so that is
 * said. Throws `unknown` when it cannot be asked again then, and where HEAD finds nothing after it.
 */
export async function joinParts(
  job: Job,
  urls: readonly URL[],
  { joining, ...sent }: Pick<JoinRecord, 'joining' | 'sha256'>,
  remember: Remember,
): Promise<OpenUpload> {
  const { protocol, settings, source, tools } = job;
  if (protocol.joining === undefined) throw new Error('nothing joins parts here');
  let answerLost = joining === true;
  const onFault = (fault: Fault) => {
    if (mayHaveActed(fault)) answerLost = true;
    return fault;
  };
  const request = protocol.joining.request(settings.server, urls, candidateOf(job).metadata);
  // A server may copy every byte before it answers.
  const answerTimeoutMs = finalizeTimeoutMs(settings.timeoutMs, sizeOf(job));
  // The next run has to know, should this one be killed before the answer is there.
  await remember({ joining: true, ...sent });
  const forgetAsking = () =>
    tidily(job, 'the note that the parts were to be joined', async () => void (await remember({})));
  const created = await ask(job, request, namedPlace, { onFault, answerTimeoutMs }).catch(
    async (error: unknown) => {
      if (!answerLost && gaveUp(job, error)) await forgetAsking();
      throw error;
    },
  );
  if ('fault' in created) {
    const { fault } = created;
    if (isSuccess(fault)) throw joinedNowhere(job, fault, answerLost);
    if (!answerLost) await forgetAsking();
    throw refusedJoin(fault, answerLost);
  }
  if (answerLost) warn(job, joinedTwice);
  const { url: named, location } = created.value;
  // Joined they are all the same: the next run, which has to ask again, must know.
  if (named.origin !== settings.server.origin) throw elsewhere(named, settings.server);
  // At once: whatever ends this run, the next one looks there, and does not ask for a second file.
  await remember({ joining: true, joinedUrl: named.href, ...sent });
  const url = await find(job, named, location);
  // Of the parts every byte was acknowledged; of the whole nobody ever said that it holds one.
  const record = url && (await remember({ joinedUrl: url.href, ...sent }));
  tools.report({ type: 'upload.created', file: source.name, url: (url ?? named).href });
  if (url === undefined || record === undefined) throw neverSeen(named);
  return { url, offsetBytes: sizeOf(job), record };
}

/** Where HEAD finds the whole, of the two places that its Location may mean. */
async function find(job: Job, named: URL, location: string): Promise<URL | undefined> {
  if ((await whole(job, named)) === 'whole') return named;
  const other = belowPrefix(location, job.settings.server);
  return other !== undefined && (await whole(job, other)) === 'whole' ? other : undefined;
}

/**
 * Waits until HEAD says that the whole is there. Until the parts are joined it says no offset (tus 1.0, Concatenation),
 * and at most a length. Throws `integrity` where that is not the file's.
 */
async function whole(job: Job, url: URL): Promise<'whole' | 'gone'> {
  const { protocol, settings, tools } = job;
  const sizeBytes = sizeOf(job);
  let looks = 0;
  const giveUpMs = tools.clock.nowMs() + finalizeTimeoutMs(settings.timeoutMs, sizeBytes);
  for (;;) {
    const asked = await ask(job, protocol.status(url), ({ headers }) => ({
      value: {
        offsetBytes: parseByteCount(headers['upload-offset']),
        lengthBytes: parseByteCount(headers['upload-length']),
      },
    }));
    if ('fault' in asked) {
      if (asked.fault.remedy !== 'gone') throw errorOf(asked.fault);
      // Servers have answered 404 in passing for uploads that they had made a moment ago (S33, C09).
      if (looks++ >= settings.retries) return 'gone';
      await tools.clock.sleep(settings.retryDelayMs, tools.signal);
      continue;
    }
    const { offsetBytes, lengthBytes = sizeBytes } = asked.value;
    if (lengthBytes !== sizeBytes) throw otherSize(lengthBytes, sizeBytes);
    if (offsetBytes === sizeBytes) return 'whole';
    if (tools.clock.nowMs() >= giveUpMs) throw notJoined(offsetBytes);
    await tools.clock.sleep(LOOK_EVERY_MS, tools.signal);
  }
}

function otherSize(lengthBytes: number, sizeBytes: number): PulseError {
  return new PulseError(
    'integrity',
    `the server joined the parts to ${lengthBytes} bytes, but the file has ${sizeBytes}`,
    {
      hint: 'the copy on the server is not usable; upload it without --parallel, and run pulse-upload verify on this server',
    },
  );
}

function notJoined(offsetBytes: number | undefined): PulseError {
  const said = offsetBytes === undefined ? 'no offset' : `offset ${offsetBytes}`;
  return new PulseError(
    'temporary',
    `the server has every part, but has not joined them: HEAD says ${said}`,
    {
      hint: `run the same command again; if it ends in the same way, ${inOnePiece}`,
    },
  );
}

function neverSeen(url: URL): PulseError {
  return new PulseError(
    'unknown',
    `the server said that it joined the parts to ${withoutQuery(url)}, but HEAD does not find that: whether it has the file cannot be determined`,
    { hint: unlessThere },
  );
}

/** A success that does not say where: every further one would leave another file, so the next step is another way. */
function joinedNowhere(job: Job, fault: Fault, answerLost: boolean): PulseError {
  if (answerLost) warn(job, joinedTwice);
  return errorOf(fault, {
    hint: `${checkThere}; if it is not, ${inOnePiece}`,
  });
}

function refusedJoin(fault: Fault, answerLost: boolean): PulseError {
  if (answerLost && fault.status !== undefined && fault.status < 500) {
    return new PulseError(
      'unknown',
      `the answer to the request that joins the parts was lost, and now ${fault.reason}: whether they were joined cannot be determined`,
      { hint: unlessThere },
    );
  }
  return errorOf(fault);
}
