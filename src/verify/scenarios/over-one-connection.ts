import { endedMeanwhile } from '../answers.ts';
import type { Link } from '../probe/link.ts';
import type { Probe } from '../probe/probe.ts';
import type { Request } from '../probe/request.ts';
import type { Exchange } from '../recording.ts';

/** A server may end a connection at any time (RFC 9112, 9.3): then, and only then, the next one is opened. */
export function overOneConnection(probe: Probe) {
  let link: Link | undefined;
  let connections = 0;
  const fresh = async () => {
    link?.close();
    connections += 1;
    link = await probe.open();
    return link;
  };
  return {
    connections: () => connections,
    close: () => link?.close(),
    request: async (request: Request): Promise<Exchange> => {
      const isKept = link?.isReusable() ?? false;
      const exchange = await (isKept && link ? link : await fresh()).send(request);
      return isKept && endedMeanwhile(exchange) ? (await fresh()).send(request) : exchange;
    },
  };
}
