import { setTimeout as wait } from 'node:timers/promises';
import type { Fault, FaultProxy, ProxiedRequest } from '../../fixtures/proxies/fault-proxy.ts';
import { mulberry32 } from '../../fixtures/proxies/random-faults.ts';
import { until } from './scene.ts';

/** When something is killed. Plain data, so that it can be printed. */
export type Moment =
  /** So long after the command was started: in the middle of anything. */
  | { readonly at: 'time'; readonly ms: number }
  | {
      /** Its head has arrived; so much of its body has; the server has answered, but the client does not know; or it does. */
      readonly at: 'head' | 'body' | 'answer' | 'afterwards';
      /** Counted from 1. */
      readonly request: number | 'finalize';
      /** Of the body that has arrived, or milliseconds afterwards. */
      readonly amount: number;
    };

const MOST_MS = 900;

/** One upload's size and the moment of its crash; the same for the same seed. */
export function drawCrash(
  seed: number,
  chunkBytes: number,
): { readonly sizeBytes: number; readonly moment: Moment } {
  const random = mulberry32(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const chunks = 2 + below(5);
  const sizeBytes = (chunks - 1) * chunkBytes + 1 + below(chunkBytes);
  const at = (['time', 'head', 'body', 'answer', 'answer', 'afterwards'] as const)[below(6)] ?? 'time';
  if (at === 'time') return { sizeBytes, moment: { at, ms: below(MOST_MS) } };
  // Finalize is one request of many, and its crash the worst: it gets a share of its own.
  const request = at !== 'body' && below(3) === 0 ? 'finalize' : 1 + below(chunks + 4);
  const amount = at === 'body' ? below(chunkBytes) : below(6);
  return { sizeBytes, moment: { at, request, amount } };
}

/** Arranges the moment at the proxy and resolves to true once it has come; to false where the upload ends before. */
export async function momentOf(moment: Moment, proxy: FaultProxy, ended: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  if (moment.at === 'time') {
    await Promise.race([wait(moment.ms), ended]);
    return !isOver;
  }
  const { at, request, amount } = moment;
  const on = request === 'finalize' ? { path: '/uploads/finalize', nth: 1 } : { nth: request };
  const holds: Partial<Record<Moment['at'], Fault>> = {
    head: { on, do: 'stall-request', afterBodyBytes: 0 },
    body: { on, do: 'stall-request', afterBodyBytes: amount },
    answer: { on, do: 'swallow-response', by: 'silence' },
  };
  const hold = holds[at];
  if (hold !== undefined) proxy.addFault(hold);
  const struck = () =>
    request === 'finalize'
      ? proxy.log.find(({ path }) => path.endsWith('/uploads/finalize'))
      : proxy.log[request - 1];
  const hasCome: Record<'head' | 'body' | 'answer' | 'afterwards', (seen: ProxiedRequest) => boolean> = {
    head: () => true,
    body: (seen) => seen.bodyBytesForwarded >= amount,
    answer: (seen) => seen.upstreamStatus !== undefined,
    afterwards: (seen) => seen.end !== undefined,
  };
  await until(
    () => {
      const seen = struck();
      return isOver || (seen !== undefined && (hasCome[at](seen) || seen.end !== undefined));
    },
    `the crash at ${JSON.stringify(moment)}`,
  );
  if (at === 'afterwards') await Promise.race([wait(amount), ended]);
  return !isOver;
}
