import { PulseError } from '../../errors.ts';
import { creationUrlNamed, withoutSegment } from '../../protocol/creation-url.ts';
import { outcomeOf } from '../answers.ts';
import type { ProtocolId } from '../check.ts';
import { dialects } from '../dialect.ts';
import type { Probe, ProbeSettings } from '../probe/probe.ts';
import type { Exchange } from '../recording.ts';

/** A server that does not answer is not waited for as long as one that may be busy. */
const FIRST_ANSWER_MS = 10_000;
/** Whoever kept silent once is asked again, but not waited for as long. */
const SECOND_ANSWER_MS = 3000;

/** Said by a gateway of a server that it does not reach. */
const noneBehind: ReadonlySet<number> = new Set([502, 504]);

export interface Spoken {
  readonly protocol: ProtocolId;
  /** How that was concluded, in words. */
  readonly because: string;
  /** Whether the server showed a sign of this protocol. */
  readonly isSeen: boolean;
}

/** In the order in which the uploader looks for them. */
const order: readonly ProtocolId[] = ['pulse-v1', 'pulse', 'tus'];

/** The protocol, by the same signs and in the same order as the uploader looks for them. */
export async function recognised(
  probe: Probe,
  server: URL,
  wanted: ProtocolId | 'auto',
  { timeoutMs }: ProbeSettings['access'],
): Promise<Spoken> {
  let patienceMs = Math.min(timeoutMs, FIRST_ANSWER_MS);
  let silence: Exchange | undefined;
  const signs: { readonly protocol: ProtocolId; readonly sign: string }[] = [];
  let hasAnswered = false;
  let gateway: Exchange | undefined;
  for (const protocol of order) {
    const { method, url, sign } = dialects[protocol].recognise;
    const exchange = await probe.request(method, url(server).href, { timeoutMs: patienceMs });
    if (exchange.answer === undefined) silence ??= exchange;
    else if (noneBehind.has(exchange.answer.status)) gateway ??= exchange;
    else hasAnswered = true;
    if (exchange.broken?.cause === 'timeout') patienceMs = Math.min(patienceMs, SECOND_ANSWER_MS);
    const seen = sign(exchange);
    if (seen !== undefined) signs.push({ protocol, sign: seen });
    else if (wanted === 'auto') await refuseCreationUrl(probe, protocol, server, patienceMs);
    if (seen !== undefined && wanted === 'auto') break;
  }
  if (!hasAnswered && gateway !== undefined) throw nobodyBehind(server, gateway);
  if (!hasAnswered && silence !== undefined) throw noAnswer(server, silence);
  const isSeen = signs.some(({ protocol }) => wanted === 'auto' || protocol === wanted);
  if (wanted !== 'auto') return { protocol: wanted, because: `${wanted}, as you said`, isSeen };
  const [first] = signs;
  return first === undefined
    ? {
        protocol: 'pulse',
        because: 'pulse, for want of any sign (say --protocol tus if it is plain tus)',
        isSeen,
      }
    : { protocol: first.protocol, because: `${first.protocol}, because ${first.sign}`, isSeen };
}

/** What is tried where a server creates its uploads is half of that server. */
async function refuseCreationUrl(
  probe: Probe,
  protocol: ProtocolId,
  server: URL,
  timeoutMs: number,
): Promise<void> {
  const { recognise } = dialects[protocol];
  const parent = withoutSegment(server, recognise.creation);
  if (parent === undefined) return;
  const exchange = await probe.request(recognise.method, recognise.url(parent).href, { timeoutMs });
  if (recognise.sign(exchange) !== undefined) throw creationUrlNamed(protocol, server, parent);
}

/** A certificate that is refused will be refused the next time too: no matter of time, unlike all else. */
function noAnswer({ origin }: URL, silence: Exchange): PulseError {
  const isTls = silence.broken?.cause === 'tls';
  return new PulseError(isTls ? 'refused' : 'temporary', `${origin} gives no answer: ${outcomeOf(silence)}`, {
    hint: isTls
      ? 'name the authority with --ca-cert <file>, or the client certificate that the server asks for with --cert and --key'
      : 'check the address, and that the server is running and speaks HTTP/1.1 there',
  });
}

/** All that it answers is its own word: to judge it would be a report on a server that is not there. */
function nobodyBehind({ origin }: URL, said: Exchange): PulseError {
  return new PulseError(
    'temporary',
    `nobody is behind ${origin}: it answers ${outcomeOf(said)} to everything`,
    {
      hint: 'check that the server is running, and that the gateway in front of it knows its address',
    },
  );
}
