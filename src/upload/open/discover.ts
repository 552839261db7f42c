import { creationUrlNamed, withoutSegment } from '../../protocol/creation-url.ts';
import type { Offer, Protocol } from '../../protocol/protocol.ts';
import type { Answer, WireRequest } from '../../protocol/wire.ts';
import { errorOf, type Fault, protocolFault } from '../faults.ts';
import type { RunTools } from '../host/host.ts';
import { type Asker, ask } from '../job.ts';
import type { Sender } from '../send-once.ts';
import type { UploadSettings } from '../settings.ts';

/** The protocol to speak, and how that was concluded where the server was asked. */
export interface Chosen {
  readonly protocol: Protocol;
  readonly concluded?: string;
}

/** The protocol that the user named, or else that the server shows; says where it does not have what was asked for. */
export async function chooseProtocol(
  known: readonly [Protocol, ...Protocol[]],
  settings: UploadSettings,
  file: string,
  tools: RunTools,
): Promise<Chosen> {
  const chosen = await choose(known, settings, file, tools);
  const { id, hasForms } = chosen.protocol;
  if (settings.body === 'multipart' && !hasForms) {
    const message = `protocol ${id} has no chunks as form data: --body multipart has no effect, they are sent raw`;
    tools.report({ type: 'upload.warning', file, message });
  }
  return chosen;
}

/** Asks the server for the sign of each protocol in turn; the one that is assumed is the fallback. Throws when it cannot be reached. */
async function choose(
  known: readonly [Protocol, ...Protocol[]],
  settings: UploadSettings,
  file: string,
  tools: RunTools,
): Promise<Chosen> {
  const named = known.find((protocol) => protocol.id === settings.protocol);
  if (named !== undefined) return { protocol: named };
  for (const protocol of known) {
    const job = { protocol, settings, tools, tally: { sentBytes: 0, retries: 0 }, source: { name: file } };
    const concluded = await signAt(settings.server, job);
    if (concluded !== undefined) return { protocol, concluded };
    const parent = withoutSegment(settings.server, protocol.recognise.creation);
    if (parent !== undefined && (await signAt(parent, job)) !== undefined)
      throw creationUrlNamed(protocol.id, settings.server, parent);
  }
  const protocol = known.find(({ isAssumed }) => isAssumed) ?? known[0];
  tools.host.learned.showsNoSign = true;
  return { protocol, concluded: 'no sign of any protocol was seen' };
}

/** The sign of the protocol that the server below this URL shows, in words. */
async function signAt(server: URL, job: Asker): Promise<string | undefined> {
  const { protocol } = job;
  const request = protocol.recognise.request(server);
  const seen = await ask(job, request, (answer) => {
    const sign = protocol.recognise.sign(answer);
    if (sign !== undefined) keepOffer(protocol, request, answer, job);
    return { value: sign };
  });
  // No answer at all is no sign of another protocol.
  if ('fault' in seen && seen.fault.broken !== undefined) throw errorOf(seen.fault);
  return 'value' in seen ? seen.value : undefined;
}

/** Where the answer that shows the protocol also says what the server offers, it need not be asked twice. */
function keepOffer(
  protocol: Protocol,
  request: WireRequest,
  answer: Answer,
  { tools, settings }: Sender,
): void {
  const asking = protocol.discover?.request(settings.server);
  if (asking?.method !== request.method || asking.url.href !== request.url.href) return;
  const offer = protocol.discover?.read(answer);
  if (offer !== undefined) tools.host.offers.set(protocol.id, Promise.resolve(offer));
}

/** What the server says of itself, asked once a run; empty where the protocol has no words for that. */
export function askOffer(sender: Asker): Promise<Offer> {
  const { host } = sender.tools;
  const known = host.offers.get(sender.protocol.id);
  if (known !== undefined) return known;
  const asked = discoverOffer(sender);
  host.offers.set(sender.protocol.id, asked);
  // What went wrong for one file may go right for the next one.
  asked.catch(() => host.offers.delete(sender.protocol.id));
  return asked;
}

async function discoverOffer(sender: Asker): Promise<Offer> {
  const { discover } = sender.protocol;
  if (discover === undefined) return {};
  const request = discover.request(sender.settings.server);
  if (discover.isOptional) return optionalOffer(sender, request, discover.read);
  const asked = await ask(sender, request, (answer, sent) => {
    const offer = discover.read(answer);
    return offer === undefined
      ? { fault: protocolFault(sent, answer, 'without what the server is able to do') }
      : { value: offer };
  });
  if ('fault' in asked) throw errorOf(asked.fault);
  return asked.value;
}

/** Whatever is no useful answer says that the server offers nothing; only where nobody is there it is an error. */
async function optionalOffer(
  sender: Asker,
  request: WireRequest,
  read: (answer: Answer) => Offer | undefined,
): Promise<Offer> {
  let last: Fault | undefined;
  try {
    const asked = await ask(sender, request, (answer) => ({ value: read(answer) ?? {} }), {
      onFault: (fault) => {
        last = fault;
        return knowsNoSuchRequest(fault) ? { ...fault, remedy: 'stop' } : fault;
      },
    });
    if ('value' in asked) return asked.value;
  } catch (error) {
    if (last === undefined || sender.tools.signal?.aborted) throw error;
  }
  if (last?.broken !== undefined && !last.broken.delivered) throw errorOf(last);
  return {};
}

/** 500 is what servers answer to a method that they never thought of; one that is silent stays so. */
function knowsNoSuchRequest({ status, broken }: Fault): boolean {
  return status === 500 || (broken?.cause === 'timeout' && broken.delivered);
}
