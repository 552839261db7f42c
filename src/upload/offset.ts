import { parseByteCount } from '../protocol/headers.ts';
import { protocolFault } from './faults.ts';
import { ask, type Job, type Result } from './job.ts';

export interface ServerOffset {
  readonly offsetBytes: number;
  /** Absent where the server does not state the upload's length. */
  readonly lengthBytes?: number;
}

/** What the server says it holds: the only truth about an upload. */
export function askOffset(job: Job, url: URL): Promise<Result<ServerOffset>> {
  const request = job.protocol.status(url);
  return ask(job, request, (answer) => {
    const offsetBytes = parseByteCount(answer.headers['upload-offset']);
    if (offsetBytes === undefined) {
      const said = answer.headers['upload-offset'];
      const missing =
        said === undefined ? 'without Upload-Offset' : `with an unusable Upload-Offset (${said})`;
      return { fault: protocolFault(request, answer, missing) };
    }
    const lengthBytes = parseByteCount(answer.headers['upload-length']);
    return { value: { offsetBytes, ...(lengthBytes !== undefined && { lengthBytes }) } };
  });
}
