import { dialects } from '../dialect.ts';
import type { Link } from '../probe/link.ts';
import type { Probe } from '../probe/probe.ts';
import type { Request } from '../probe/request.ts';
import type { Target } from '../target.ts';

/** How long whoever is served beside others waits for a small answer, at least; a slow server has more. */
const BESIDE_MS = 2000;
const TIMES_ALONE = 4;

/** What a run holds open: a scenario has one or two connections, some have more, and the canary has one. */
function mostOf(jobs: number): number {
  return 2 * jobs + 4;
}

/** How many connections are served while others are open and idle, where that is less than a run has: small servers have few threads. */
export async function connectionsAtOnce(probe: Probe, jobs: number): Promise<Partial<Target>> {
  const { aliveUrl, protocol } = probe.target;
  const question = { method: dialects[protocol].aliveMethod, url: new URL(aliveUrl) };
  const first = await probe.open();
  const { answer, startedMs, endedMs = Infinity } = await first.send({ ...question, timeoutMs: BESIDE_MS });
  const isKept = first.isReusable();
  first.close();
  if (answer === undefined) return {};
  const aloneMs = endedMs - startedMs;
  const patient = { ...question, timeoutMs: Math.max(BESIDE_MS, TIMES_ALONE * aloneMs) };
  const most = mostOf(jobs);
  const areServed = (isEachAsked: boolean) => areAllServed(probe, patient, most, isEachAsked);
  if ((await areServed(false)) && (!isKept || (await areServed(true)))) return {};
  await untilIdle(probe, question, most * aloneMs);
  const served = await servedAtOnce(probe, patient, most);
  if (served === undefined) return {};
  const connections = served === 1 ? 'one connection' : `${served} connections`;
  const assumption = `the server serves ${connections} at a time: one scenario at a time is run, each request has a connection of its own, and what needs more at once is skipped`;
  return { servesAtOnce: served, assumptions: [assumption] };
}

/** The usual case, found out in one go: the last one is asked beside those over which nothing is asked yet, or all are. */
async function areAllServed(
  probe: Probe,
  question: Request,
  most: number,
  isEachAsked: boolean,
): Promise<boolean> {
  const links = await Promise.all(Array.from({ length: most }, () => probe.open()));
  const asked = await Promise.all(links.slice(isEachAsked ? 0 : -1).map((link) => link.send(question)));
  closeAll(links);
  return asked.every(({ broken }) => broken?.cause !== 'timeout');
}

/** A slow server still answers those who have given up, one after another: whoever is asked meanwhile waits for that. */
async function untilIdle(probe: Probe, question: Request, busyMs: number): Promise<void> {
  const link = await probe.open();
  await link.send({ ...question, timeoutMs: BESIDE_MS + busyMs });
  link.close();
}

/** One after another, while the earlier ones stay open; undefined where it is not they that are in the way. */
async function servedAtOnce(probe: Probe, question: Request, most: number): Promise<number | undefined> {
  const held: Link[] = [];
  for (let served = 0; served < most; served++) {
    const link = await probe.open();
    held.push(link);
    const { answer, broken } = await link.send(question);
    if (broken?.cause === 'timeout') {
      closeAll(held);
      const alone = await probe.open();
      const isAnswered = (await alone.send(question)).answer !== undefined;
      alone.close();
      return isAnswered && served > 0 ? served : undefined;
    }
    if (answer === undefined) break;
    // One over which nothing was asked yet is in the way as well.
    if (!link.isReusable()) {
      link.close();
      held.push(await probe.open());
    }
  }
  closeAll(held);
  return undefined;
}

function closeAll(links: readonly Link[]): void {
  for (const link of links) link.close();
}
