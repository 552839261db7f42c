import { PulseError } from '../errors.ts';
import type { Protocol } from '../protocol/protocol.ts';
import type { Answer, Outcome, WireRequest } from '../protocol/wire.ts';
import type { ChunkReader } from './chunk-reader.ts';
import { type Fault, faultOf } from './faults.ts';
import { createPatience } from './patience.ts';
import type { Tools, UploadSettings } from './settings.ts';
import type { Source } from './source.ts';
import type { UploadKey } from './state-store.ts';

/** One file on its way to one server. */
export interface Job {
  readonly source: Source;
  readonly reader: ChunkReader;
  readonly key: UploadKey;
  readonly protocol: Protocol;
  readonly settings: UploadSettings;
  readonly tools: Tools;
  /** What is counted for the final report, restarts included. */
  readonly tally: { sentBytes: number; retries: number };
}

export interface AskOptions {
  readonly answerTimeoutMs?: number;
  /** Sees every fault before it is acted on, and may put it in other words. */
  readonly onFault?: (fault: Fault) => Fault;
}

/** What a request led to: the value that was asked for, or the fault that its caller must decide on. */
export type Result<T> = { readonly value: T } | { readonly fault: Fault };

/** Sends with the user's headers and token, which go to the origin that the user named and nowhere else. */
export function sendOnce(
  job: Pick<Job, 'protocol' | 'settings' | 'tools'>,
  request: WireRequest,
  options: { readonly answerTimeoutMs?: number; readonly onBodyBytes?: (sentBytes: number) => void } = {},
): Promise<Outcome> {
  const { protocol, settings, tools } = job;
  if (request.url.origin !== settings.server.origin) throw elsewhere(request.url, settings.server);
  const credentials = settings.token === undefined ? {} : protocol.credentials(settings.token);
  return tools.send(
    { ...request, headers: { ...settings.headers, ...credentials, ...request.headers } },
    { idleTimeoutMs: settings.timeoutMs, ...options, ...(tools.signal && { signal: tools.signal }) },
  );
}

export function elsewhere(url: URL, server: URL): PulseError {
  return new PulseError(
    'protocol',
    `the server names an upload URL on another origin (${url.origin}), expected ${server.origin}; nothing was sent there`,
    { hint: 'a server behind a proxy must name its public URL in Location; ask who runs it' },
  );
}

/**
 * Asks until there is an answer: transient faults are tried again within the budget of one request.
 * `read` turns a 2xx into a value or a fault. Throws when the budget is spent.
 */
export async function ask<T>(
  job: Pick<Job, 'protocol' | 'settings' | 'tools' | 'tally'> & { readonly source: Pick<Source, 'name'> },
  request: WireRequest,
  read: (answer: Answer) => Result<T>,
  options: AskOptions = {},
): Promise<Result<T>> {
  const { settings, tools, tally } = job;
  const patience = createPatience({ file: job.source.name, settings, tools, onRetry: () => tally.retries++ });
  const { onFault = (fault: Fault) => fault, ...timing } = options;
  for (;;) {
    const outcome = await sendOnce(job, request, timing);
    const result =
      outcome.kind === 'answer' && isSuccess(outcome)
        ? read(outcome)
        : { fault: faultOf(request, outcome, tools.clock.nowMs()) };
    if ('value' in result) return result;
    const fault = onFault(result.fault);
    if (fault.remedy !== 'retry' && fault.remedy !== 'wait') return { fault };
    await patience.spend(fault);
  }
}

export function isSuccess(answer: Answer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

export function warn(job: Pick<Job, 'source' | 'tools'>, message: string): void {
  job.tools.report({ type: 'upload.warning', file: job.source.name, message });
}
