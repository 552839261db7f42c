import type { Protocol } from '../protocol/protocol.ts';
import { errorOf } from './faults.ts';
import type { RunTools } from './host.ts';
import { ask } from './job.ts';
import type { UploadSettings } from './settings.ts';

/** The protocol to speak, and how that was concluded where the server was asked. */
export interface Chosen {
  readonly protocol: Protocol;
  readonly concluded?: string;
}

/** Asks the server for the sign of each protocol in turn; the first protocol is the fallback. Throws when it cannot be reached. */
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
  return { protocol: known[0], concluded: 'no sign of any protocol was seen' };
}
