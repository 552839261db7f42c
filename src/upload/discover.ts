import type { Offer, Protocol } from '../protocol/protocol.ts';
import { errorOf, protocolFault } from './faults.ts';
import type { RunTools } from './host.ts';
import { ask, type Job } from './job.ts';
import type { Sender } from './send-once.ts';
import type { UploadSettings } from './settings.ts';

/** The protocol to speak, and how that was concluded where the server was asked. */
export interface Chosen {
  readonly protocol: Protocol;
  readonly concluded?: string;
}

/** Asks the server for the sign of each protocol in turn; the one that is assumed is the fallback. Throws when it cannot be reached. */
export async function chooseProtocol(
  known: readonly [Protocol, ...Protocol[]],
  settings: UploadSettings,
  file: string,
  tools: RunTools,
): Promise<Chosen> {
  const named = known.find((protocol) => protocol.id === settings.protocol);
  if (named !== undefined) return { protocol: named };
  for (const protocol of known) {
    const request = protocol.recognise.request(settings.server);
    const job = { protocol, settings, tools, tally: { sentBytes: 0, retries: 0 }, source: { name: file } };
    const seen = await ask(job, request, (answer) => ({ value: protocol.recognise.sign(answer) }));
    // No answer at all is no sign of another protocol.
    if ('fault' in seen && seen.fault.broken !== undefined) throw errorOf(seen.fault);
    if ('value' in seen && seen.value !== undefined) return { protocol, concluded: seen.value };
  }
  const protocol = known.find(({ isAssumed }) => isAssumed) ?? known[0];
  return { protocol, concluded: 'no sign of any protocol was seen' };
}

/** What the server says of itself, asked once a run; empty where the protocol has no words for that. */
export function askOffer(sender: Sender & Pick<Job, 'tally'>): Promise<Offer> {
  const { host } = sender.tools;
  const known = host.offers.get(sender.protocol.id);
  if (known !== undefined) return known;
  const asked = discoverOffer(sender);
  host.offers.set(sender.protocol.id, asked);
  // What went wrong for one file may go right for the next one.
  asked.catch(() => host.offers.delete(sender.protocol.id));
  return asked;
}

async function discoverOffer(sender: Sender & Pick<Job, 'tally'>): Promise<Offer> {
  const { discover } = sender.protocol;
  if (discover === undefined) return {};
  const asked = await ask(sender, discover.request(sender.settings.server), (answer, sent) => {
    const offer = discover.read(answer);
    return offer === undefined
      ? { fault: protocolFault(sent, answer, 'without what the server is able to do') }
      : { value: offer };
  });
  if ('fault' in asked) throw errorOf(asked.fault);
  return asked.value;
}
