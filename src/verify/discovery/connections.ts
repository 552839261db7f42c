import { dialects } from '../dialect.ts';
import type { Probe } from '../probe/probe.ts';
import type { Target } from '../target.ts';

/** How long whoever is served beside others waits for a small answer at most. */
const BESIDE_MS = 2000;
/** Sooner than this it comes where nobody is in the way: a server that is slow is none that serves one at a time. */
const ALONE_MS = 1000;

/** Whether anybody is served while another connection is open and idle, as the single thread of a small server may not. */
export async function connectionsAtOnce(probe: Probe): Promise<Partial<Target>> {
  const { aliveUrl, protocol } = probe.target;
  const question = { method: dialects[protocol].aliveMethod, url: new URL(aliveUrl), timeoutMs: BESIDE_MS };
  const first = await probe.open();
  const asked = await first.send(question);
  if (asked.answer === undefined) return {};
  // One over which nothing was asked yet is in the way as well.
  const idle = first.isReusable() ? first : await probe.open();
  const second = await probe.open();
  const beside = await second.send(question);
  for (const link of [first, idle, second]) link.close();
  if (beside.broken?.cause !== 'timeout') return {};
  const { answer, startedMs, endedMs = Infinity } = await probe.alive();
  if (answer === undefined || endedMs - startedMs > ALONE_MS) return {};
  const assumption =
    'the server serves one connection at a time: one scenario at a time is run, and each request has a connection of its own';
  return { oneConnection: true, assumptions: [assumption] };
}
