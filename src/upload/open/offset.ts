import { PulseError } from '../../errors.ts';
import { parseByteCount } from '../../protocol/headers.ts';
import type { Answer } from '../../protocol/wire.ts';
import { protocolFault } from '../faults.ts';
import { type Asker, ask, type Result, warn } from '../job.ts';

export interface ServerOffset {
  readonly offsetBytes: number;
  /** Absent where the server does not state the upload's length. */
  readonly lengthBytes?: number;
  /** Its length is still to be said. */
  readonly isDeferred?: true;
  /** The header that shows that a cache answered in the server's place. */
  readonly cached?: string;
}

interface OffsetQuestion {
  /** There is no file whose size could count where the server states no length. */
  readonly isOfNoFile?: true;
}

/** What the server says it holds: the only truth about an upload. */
export function askOffset(
  job: Asker,
  url: URL,
  { isOfNoFile }: OffsetQuestion = {},
): Promise<Result<ServerOffset>> {
  const request = job.protocol.status(url);
  return ask(job, request, (answer, sent) => {
    const offsetBytes = parseByteCount(answer.headers['upload-offset']);
    if (offsetBytes === undefined) {
      const said = answer.headers['upload-offset'];
      const missing =
        said === undefined ? 'without Upload-Offset' : `with an unusable Upload-Offset (${said})`;
      return { fault: protocolFault(sent, answer, missing) };
    }
    const lengthBytes = parseByteCount(answer.headers['upload-length']);
    const isOpen = lengthBytes === undefined;
    const isDeferred = isOpen && answer.headers['upload-defer-length'] !== undefined;
    if (isOpen && !isDeferred && !isOfNoFile && job.tools.host.isNews('no Upload-Length'))
      warn(
        job,
        'the server does not say how long its uploads are (no Upload-Length); the file’s own size counts',
      );
    const cached = cacheSign(answer);
    return {
      value: {
        offsetBytes,
        ...(lengthBytes !== undefined && { lengthBytes }),
        ...(isDeferred && { isDeferred }),
        ...(cached !== undefined && { cached }),
      },
    };
  });
}

/** Age is what every cache must send (RFC 9111, 5.1); the others are customs of common ones. */
function cacheSign({ headers }: Answer): string | undefined {
  const signs: readonly (readonly [string, RegExp])[] = [
    ['age', /^\d+$/],
    ['x-cache', /hit/i],
    ['cf-cache-status', /hit/i],
    ['cache-status', /;\s*hit/i],
  ];
  const sign = signs.find(([name, pattern]) => pattern.test(headers[name] ?? ''));
  return sign === undefined ? undefined : `${sign[0]}: ${headers[sign[0]]}`;
}

/** An upload whose length the server did not take in is not complete there, whatever its offset is. */
export function stillOpen(sizeBytes: number): PulseError {
  return new PulseError(
    'protocol',
    `the server was told that the upload has ${sizeBytes} bytes and has them all, yet HEAD says that its length is unknown`,
    { hint: 'run pulse-upload verify on this server; --size avoids unknown lengths' },
  );
}
