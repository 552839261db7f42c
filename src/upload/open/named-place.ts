import { resolveLocation } from '../../protocol/urls.ts';
import type { Answer, WireRequest } from '../../protocol/wire.ts';
import { protocolFault } from '../faults.ts';
import type { Result } from '../job.ts';

/** Where an upload is, by the answer to its creation. */
export interface NamedPlace {
  /** As the server wrote it. */
  readonly location: string;
  readonly url: URL;
}

export function namedPlace(answer: Answer, sent: WireRequest): Result<NamedPlace> {
  const { location } = answer.headers;
  if (location === undefined) return { fault: protocolFault(sent, answer, 'without Location') };
  const url = resolveLocation(location, sent.url);
  return url === undefined
    ? { fault: protocolFault(sent, answer, 'with a Location that is no URL') }
    : { value: { location, url } };
}
