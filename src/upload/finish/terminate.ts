import { PulseError } from '../../errors.ts';
import { withoutQuery } from '../../protocol/urls.ts';
import { errorOf, type Fault, isGone } from '../faults.ts';
import { type Asker, ask } from '../job.ts';
import { askOffer } from '../open/discover.ts';
import { askOffset, type ServerOffset } from '../open/offset.ts';

/** `removed`: it was there, and no longer is. `gone`: it was not there any more. */
export type Ended = 'removed' | 'gone';

export interface Ending {
  readonly url: URL;
  /** Nobody can ask for it. */
  readonly isHeadless: boolean;
  /** Whether an upload of which every byte is there may be a finished one: that is never removed. */
  readonly isFinishedWhenComplete: boolean;
  /** How long it is to become, where that is known here. */
  readonly sizeBytes?: number;
  /** The server never said that it is ours: what holds bytes is not, since none were sent. */
  readonly isUnsure?: boolean;
}

/**
 * Ends an unfinished upload at the server. HEAD before shows that there is one, HEAD after that there is none.
 * Throws `refused` where the server offers no termination, or the upload is complete.
 */
export async function terminateUpload(asker: Asker, ending: Ending): Promise<Ended> {
  const { protocol } = asker;
  const { url, isHeadless } = ending;
  const before = isHeadless ? 'there' : await lookFor(asker, ending, isNotThere);
  if (before === 'gone') return 'gone';
  if (before === 'complete') throw complete(url);
  const offer = protocol.discover?.isOptional ? await askOffer(asker) : {};
  if (protocol.terminate === undefined) throw notOffered(url, 'its protocol has no such request');
  if (offer.extensions?.has('termination') === false) throw notOffered(url, 'OPTIONS does not list it');
  const asked = await ask(asker, protocol.terminate(url), () => ({ value: true }));
  const after = isHeadless ? undefined : await lookFor(asker, ending, isGone);
  if ('fault' in asked) {
    if (after === 'gone') return 'gone';
    const { status = 0, reason } = asked.fault;
    throw [404, 405, 410, 501].includes(status) ? notOffered(url, reason) : errorOf(asked.fault);
  }
  if (after === undefined || after === 'gone') return 'removed';
  throw new PulseError(
    'protocol',
    `DELETE of ${withoutQuery(url)} was answered, yet the upload is still there`,
    {
      hint: 'run pulse-upload verify on this server and show its report to who runs it',
    },
  );
}

async function lookFor(
  asker: Asker,
  { url, isFinishedWhenComplete, sizeBytes, isUnsure }: Ending,
  isMissing: (fault: Fault) => boolean,
): Promise<'there' | 'complete' | 'gone'> {
  const asked = await askOffset(asker, url, { isOfNoFile: true });
  if ('fault' in asked) {
    if (isMissing(asked.fault)) return 'gone';
    throw errorOf(asked.fault);
  }
  const { lengthBytes: stated = sizeBytes, offsetBytes: held } = asked.value;
  const isOther = sizeBytes !== undefined && (stated !== sizeBytes || held > sizeBytes);
  if (isOther || (isUnsure && held > 0)) throw another(url, asked.value);
  if (!isFinishedWhenComplete) return 'there';
  const { offsetBytes, isDeferred, lengthBytes = isDeferred ? Infinity : sizeBytes } = asked.value;
  if (lengthBytes === undefined) throw maybeComplete(url, offsetBytes);
  return offsetBytes >= lengthBytes ? 'complete' : 'there';
}

/** Before a DELETE 403 may stand for a wrong token. */
function isNotThere({ status }: Fault): boolean {
  return status === 404 || status === 410;
}

function complete(url: URL): PulseError {
  return new PulseError(
    'refused',
    `${withoutQuery(url)} is complete, expected an unfinished upload; it was left alone`,
    {
      hint: "remove a finished file with the server's own tools; pulse-upload forget drops what is remembered of it",
    },
  );
}

/** Ids are given out again, and whoever else has the name of an upload may have made one there. */
function another(url: URL, { offsetBytes, lengthBytes }: ServerOffset): PulseError {
  return new PulseError(
    'protocol',
    `HEAD of ${withoutQuery(url)} says offset ${offsetBytes} and Upload-Length ${lengthBytes ?? 'none'}, so that it is another upload; it was left alone`,
    { hint: 'pulse-upload forget drops what is remembered of it' },
  );
}

/** What cannot be told from a finished file is none of ours to remove. */
function maybeComplete(url: URL, offsetBytes: number): PulseError {
  return new PulseError(
    'protocol',
    `HEAD of ${withoutQuery(url)} says offset ${offsetBytes} and no Upload-Length, so that it may be complete; it was left alone`,
    { hint: "name the file whose upload it is, or remove it with the server's own tools" },
  );
}

function notOffered(url: URL, why: string): PulseError {
  return new PulseError('refused', `the server offers no termination of ${withoutQuery(url)}: ${why}`, {
    hint: 'pulse-upload forget drops what is remembered here; the upload stays until the server removes it',
  });
}
