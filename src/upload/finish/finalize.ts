import { type ErrorKind, PulseError } from '../../errors.ts';
import type { Finalized, Protocol } from '../../protocol/protocol.ts';
import { uploadIdOf } from '../../protocol/urls.ts';
import type { Answer, WireRequest } from '../../protocol/wire.ts';
import {
  again,
  errorOf,
  type Fault,
  isSuccess,
  mayHaveActed,
  protocolFault,
  unlessThere,
} from '../faults.ts';
import { ask, gaveUp, type Job, type Result, sizeOf, warn } from '../job.ts';
import { uploadMetadata } from '../open/metadata.ts';
import type { OpenUpload } from '../open/open-upload.ts';
import { tidily } from '../tidily.ts';
import { type Shortfall, shortfall } from './shortfall.ts';

/** A server hashes the whole file before it answers: a minute, and a second for every 50 MiB. */
export function finalizeTimeoutMs(timeoutMs: number, sizeBytes: number): number {
  return Math.max(timeoutMs, 60_000 + (1_000 * sizeBytes) / (50 * 1024 * 1024));
}

/**
 * Finalizes a complete upload. Before the request goes out the state says so: whoever finds that state repeats
 * finalize and does not upload again, unless the server lacks bytes. Throws `unknown` when the answer was lost and the server no longer knows.
 */
export async function finalizeUpload(
  job: Job,
  upload: OpenUpload,
): Promise<Finalized | Shortfall | undefined> {
  const { finalize } = job.protocol;
  if (finalize === undefined) return undefined;
  const { store } = job.tools;
  const isRepeated = upload.record.phase === 'finalizing';
  await store.write({ ...upload.record, phase: 'finalizing' });
  const { result, answerLost } = await askFinalize(job, upload, finalize, isRepeated);
  if ('value' in result) {
    warnOfOddities(job, result.value);
    return result.value;
  }
  // It is known what came of it: the next run asks what is there, and has not lost an answer. At once: HEAD may answer nothing.
  if (!answerLost)
    await tidily(job, 'the note that finalize was under way', () =>
      store.write({ ...upload.record, phase: 'complete' }),
    );
  const mayLack =
    'error' in result
      ? // Some servers fail on an upload that lacks bytes, and would in every run.
        isRepeated && hasFailed(result.error)
      : answerLost && !isForToken(result.fault);
  // An upload that is not complete has not been finalized either: HEAD tells which of the two it is.
  const isConflict = 'fault' in result && result.fault.status === 409;
  const asked = isConflict ? shortfall(job, upload) : mayLack ? shortfallIfSaid(job, upload) : undefined;
  const short = await asked;
  if (short === undefined || short === 'gone')
    throw 'error' in result ? result.error : refusedFinalize(result.fault, answerLost);
  await store.write(short.shortOf.record);
  return short;
}

/** What the tries came to: `error` where their budget was spent. `answerLost`: it may have been done all the same. */
interface Asked {
  readonly result: Result<Finalized> | { readonly error: unknown };
  readonly answerLost: boolean;
}

async function askFinalize(
  job: Job,
  upload: OpenUpload,
  finalize: NonNullable<Protocol['finalize']>,
  isRepeated: boolean,
): Promise<Asked> {
  const { settings, source, tools } = job;
  const filename = settings.name ?? uploadMetadata(source.name, {}).filename ?? source.name;
  const request = () => {
    const token = tools.host.token.value();
    return finalize.request(settings.server, {
      uploadId: uploadIdOf(upload.url),
      filename,
      ...(token !== undefined && { token }),
    });
  };
  let answerLost = isRepeated;
  const result = await ask(
    job,
    request(),
    (answer, sent) => {
      const value = finalize.read(answer);
      if (value === undefined) return { fault: protocolFault(sent, answer, 'without the JSON of finalize') };
      return value.hasFailed ? { fault: saysItFailed(sent, answer) } : { value };
    },
    {
      answerTimeoutMs: finalizeTimeoutMs(settings.timeoutMs, sizeOf(job)),
      remake: request,
      onFault: (fault) => {
        if (mayHaveActed(fault)) answerLost = true;
        return fault;
      },
    },
  ).catch((error: unknown) => {
    if (!gaveUp(job, error)) throw error;
    return { error };
  });
  return { result, answerLost };
}

/** The same question where finalize itself was answered: what goes wrong with asking hides none of that. */
async function shortfallIfSaid(job: Job, upload: OpenUpload): Promise<Shortfall | undefined> {
  const short = await shortfall(job, upload).catch(() => undefined);
  return short === 'gone' ? undefined : short;
}

/** Of its own, and not because it is busy. */
function hasFailed(error: unknown): boolean {
  const { status = 0 } = error instanceof PulseError ? error : {};
  return status >= 500 && status !== 503;
}

function isForToken({ status }: Fault): boolean {
  return status === 401 || status === 403;
}

function warnOfOddities(job: Job, { status, otherChecksum, otherSize }: Finalized): void {
  if (status !== undefined && status !== 'complete')
    warn(job, `finalize answered status "${status}", expected "complete"`);
  if (otherSize !== undefined)
    warn(
      job,
      `finalize answered size "${shortened(otherSize)}", expected a number of bytes: it was not compared`,
    );
  if (otherChecksum !== undefined)
    warn(
      job,
      `finalize answered checksum "${shortened(otherChecksum)}", expected "sha256:" and 64 hex digits: it proves nothing`,
    );
}

function shortened(text: string): string {
  return text.length > 140 ? `${text.slice(0, 140)}…` : text;
}

/** A server that says so is believed, be its status 200 and its checksum the right one. */
function saysItFailed(sent: WireRequest, answer: Answer): Fault {
  return {
    ...protocolFault(sent, answer, 'but says that it failed'),
    kind: 'refused',
    hint: `ask who runs the server; to finalize once more, ${again}`,
  };
}

function isFailure(fault: Fault): boolean {
  return isSuccess(fault) && fault.kind === 'refused';
}

function refusedFinalize(fault: Fault, answerLost: boolean): PulseError {
  const { status = 0 } = fault;
  // Whatever says no now may say it of the second time only.
  if (answerLost && ([404, 409, 410].includes(status) || isFailure(fault))) {
    return new PulseError(
      'unknown',
      `the answer to an earlier finalize was lost, and now ${fault.reason}: whether the upload succeeded cannot be determined`,
      { hint: unlessThere },
    );
  }
  const says = finalizeWords[status];
  return says === undefined ? errorOf(fault) : errorOf({ ...fault, kind: says.kind }, { hint: says.hint });
}

/** Where a status means something else here than it does for a chunk. */
const finalizeWords: Readonly<Record<number, { readonly kind: ErrorKind; readonly hint: string }>> = {
  400: {
    kind: 'refused',
    hint: `if it is the name of the file that the server does not take, give it another with --name and ${again}`,
  },
  409: {
    kind: 'refused',
    hint: 'the server acknowledged every byte, yet does not take the upload for complete; run pulse-upload verify on it',
  },
  422: {
    kind: 'integrity',
    hint: 'the server rejects the content; to send it afresh, run the same command again',
  },
};
