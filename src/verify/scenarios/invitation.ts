import type { Link, OpenRequest } from '../probe/link.ts';
import type { Probe } from '../probe/probe.ts';
import type { Exchange, StrayRecord } from '../recording.ts';

/** What became of a request whose body waits for 100 Continue. */
export interface Invited {
  /** What came before the body was sent. */
  readonly early: StrayRecord;
  readonly waitedMs: number;
  readonly exchange: Exchange;
}

/** RFC 9110, 10.1.1 gives no time; a client that waits longer than this for the invitation sends anyway. */
const INVITATION_MS = 3000;
const LOOK_MS = 50;

/** An invitation or an answer; other interim answers say nothing about the body. */
const DECISIVE = /(?:^|\r\n\r\n)HTTP\/1\.[01] (?:100|[2-5])/;
const FINAL = /(?:^|\r\n\r\n)HTTP\/1\.[01] [2-5]/;

/** Waits to be asked for a body that was held back, sends it unless the answer has come already, and reads the answer. */
export async function afterInvitation(probe: Probe, begun: OpenRequest & { link: Link }): Promise<Invited> {
  const fromMs = probe.nowMs();
  let early = await begun.link.stray(LOOK_MS);
  while (!DECISIVE.test(early.text) && early.peer === 'open' && probe.nowMs() - fromMs < INVITATION_MS) {
    early = await begun.link.stray(LOOK_MS);
  }
  const waitedMs = Math.round(probe.nowMs() - fromMs);
  // Whoever has refused already does not want the body any more.
  if (!FINAL.test(early.text)) await begun.sendRest();
  const exchange = await begun.answer();
  begun.link.close();
  return { early, waitedMs, exchange };
}
