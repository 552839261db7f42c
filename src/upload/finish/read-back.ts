import { createHash, type Hash } from 'node:crypto';
import type { Answer, WireRequest } from '../../protocol/wire.ts';
import { errorOf, protocolFault } from '../faults.ts';
import { ask, type Job, sizeOf } from '../job.ts';
import { notTheContent } from './not-the-content.ts';

/** What came of the content. */
interface Reading {
  readonly hash: Hash;
  readonly sizeBytes: number;
  /** The first piece of it. */
  readonly beginning: Uint8Array;
}

const nothing = (): Reading => ({
  hash: createHash('sha256'),
  sizeBytes: 0,
  beginning: new Uint8Array(0),
});

/**
 * Asks for the content of an upload and hashes it as it comes: nothing is kept, and no more is read than shows that
 * it is longer than the file. Throws where the server serves none, or something else in its place.
 */
export async function readBack(
  job: Job,
  request: WireRequest,
): Promise<{ readonly sizeBytes: number; readonly sha256: string } | { readonly moreThanBytes: number }> {
  const fileBytes = sizeOf(job);
  let reading = nothing();
  const onAnswerBytes = (bytes: Uint8Array, beforeBytes: number) => {
    if (beforeBytes === 0) reading = { ...nothing(), beginning: bytes };
    reading.hash.update(bytes);
    reading = { ...reading, sizeBytes: beforeBytes + bytes.byteLength };
    return reading.sizeBytes <= fileBytes;
  };
  // Compressed on the way it would be other bytes (RFC 9110, 12.5.3).
  const plain = { ...request, headers: { ...request.headers, 'Accept-Encoding': 'identity' } };
  const judge = (answer: Answer, sent: WireRequest) => {
    const { sizeBytes, beginning } = reading;
    const file = { sizeBytes: fileBytes, beginning: job.reader.beginning() };
    const why = notTheContent(answer, { sizeBytes, beginning }, file);
    if (why !== undefined) return { fault: protocolFault(sent, answer, why) };
    if (sizeBytes >= fileBytes || isDelimited(answer)) return { value: reading };
    const short = protocolFault(sent, answer, cutOff(sizeBytes, fileBytes));
    return { fault: { ...short, remedy: 'retry' as const, kind: 'temporary' as const } };
  };
  const asked = await ask(job, plain, judge, {
    onAnswerBytes,
    onFault: (fault) => {
      // The next answer may have no body at all, and then nothing begins anew.
      reading = nothing();
      return fault;
    },
  });
  if ('fault' in asked) throw errorOf(asked.fault);
  const { sizeBytes, hash } = asked.value;
  return sizeBytes > fileBytes ? { moreThanBytes: fileBytes } : { sizeBytes, sha256: hash.digest('hex') };
}

/** Whether it says how long it is: else it ends where its connection does, be it in the middle (RFC 9112, 6.3). */
function isDelimited({ headers }: Answer): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

function cutOff(sizeBytes: number, fileBytes: number): string {
  return `with ${sizeBytes} of ${fileBytes} bytes, and nothing that says whether the connection ended too early`;
}
