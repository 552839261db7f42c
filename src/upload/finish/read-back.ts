import { createHash } from 'node:crypto';
import type { WireRequest } from '../../protocol/wire.ts';
import { errorOf } from '../faults.ts';
import { ask, type Job } from '../job.ts';

/** Asks for the content of an upload and hashes it as it comes: nothing is kept. Throws where the server serves none. */
export async function readBack(
  job: Job,
  request: WireRequest,
): Promise<{ sizeBytes: number; sha256: string }> {
  let hash = createHash('sha256');
  let sizeBytes = 0;
  const onAnswerBytes = (bytes: Uint8Array, beforeBytes: number) => {
    if (beforeBytes === 0) hash = createHash('sha256');
    hash.update(bytes);
    sizeBytes = beforeBytes + bytes.byteLength;
  };
  // Compressed on the way it would be other bytes (RFC 9110, 12.5.3).
  const plain = { ...request, headers: { ...request.headers, 'Accept-Encoding': 'identity' } };
  const asked = await ask(job, plain, () => ({ value: true }), { onAnswerBytes });
  if ('fault' in asked) throw errorOf(asked.fault);
  return { sizeBytes, sha256: hash.digest('hex') };
}
