import { parseByteCount } from '../../protocol/headers.ts';
import { belowPrefix } from '../../protocol/urls.ts';
import type { Outcome, WireRequest } from '../../protocol/wire.ts';
import { faultOf, isPassing, isSuccess } from '../faults.ts';
import { createPatience } from '../host/patience.ts';
import type { Job } from '../job.ts';
import { payloadCounter } from '../send/send-chunk.ts';
import { elsewhere, sendOnce } from '../send-once.ts';
import { type NamedPlace, namedPlace } from './named-place.ts';
import { askOffset } from './offset.ts';

/** What goes with a creation is sent again when its answer is lost, so it is never more, however large the chunks are. */
const MOST_BYTES = 1_048_576;

interface Begun {
  readonly url: URL;
  readonly offsetBytes: number;
  /** How much was sent. */
  readonly endBytes: number;
}

/**
 * Creates an upload together with its first bytes, where the server offers that. Undefined where it does not, or where
 * that came to nothing: then the upload is created without, as if this had not been tried. The last byte never goes
 * along: an upload whose answer is lost must stay an unfinished one, and not become a second copy of the file.
 */
export async function createWithData(job: Job, creation: WireRequest): Promise<Begun | undefined> {
  const { protocol, source, settings, tools } = job;
  const { host } = tools;
  const mostBytes = Math.min(MOST_BYTES, (source.sizeBytes() ?? 0) - 1, settings.chunkBytes);
  // Nothing says that a checksum is compared here, and proof is worth more than a round trip.
  if (!isOffered(job) || job.digest !== undefined || mostBytes < 1) return undefined;
  await host.chunkLimit.load();
  const chunk = await job.reader.chunk(0, Math.min(mostBytes, host.chunkLimit.bytes()));
  const endBytes = chunk.bytes.byteLength;
  const request = protocol.createWithData?.(creation, chunk.bytes) ?? creation;
  const { request: last, outcome } = await sendOnce(job, request, {
    onBodyBytes: payloadCounter(job, chunk, () => {}),
  });
  const named = outcome.kind === 'answer' && isSuccess(outcome) ? namedPlace(outcome, last) : undefined;
  if (named === undefined || 'fault' in named) {
    job.reader.forgetBuffers();
    await leave(job, last, outcome);
    return undefined;
  }
  const { url } = named.value;
  if (url.origin !== settings.server.origin) throw elsewhere(url, settings.server);
  const offsetBytes = saidBy(outcome, job, named.value) ?? (await headOf(job, url));
  if (offsetBytes !== undefined && offsetBytes <= endBytes) return { url, offsetBytes, endBytes };
  host.learned.createsBare = true;
  return undefined;
}

function isOffered({ offer, protocol, tools }: Job): boolean {
  const isListed = offer.extensions?.has('creation-with-upload') === true;
  return isListed && protocol.createWithData !== undefined && !tools.host.learned.createsBare;
}

/** What came to nothing with data is not tried so again in this run; what may pass is given its time. */
async function leave(job: Job, request: WireRequest, outcome: Outcome): Promise<void> {
  const { tools } = job;
  tools.host.learned.createsBare = true;
  const fault = faultOf(request, outcome, tools.clock.dateMs());
  if (!isPassing(fault)) return;
  await createPatience(job).lasts(fault);
}

/** Upload-Offset of the creation, unless a proxy may have made its Location wrong: that only HEAD shows. */
function saidBy(outcome: Outcome, { settings }: Job, { location }: NamedPlace): number | undefined {
  if (outcome.kind === 'break' || belowPrefix(location, settings.server) !== undefined) return undefined;
  return parseByteCount(outcome.headers['upload-offset']);
}

async function headOf(job: Job, url: URL): Promise<number | undefined> {
  const asked = await askOffset(job, url);
  if ('fault' in asked) return undefined;
  const { offsetBytes, lengthBytes } = asked.value;
  if (lengthBytes !== undefined && lengthBytes !== job.source.sizeBytes()) return undefined;
  job.tools.host.learned.answersHead = true;
  return offsetBytes;
}
