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

/** Whether a refusal that the head alone allows came without the body. */
export interface Refused extends Invited {
  /** No final answer came: the body was sent after all. */
  readonly isBodySent: boolean;
}

/** RFC 9110, 10.1.1 gives no time; a client that waits longer than this for the invitation sends anyway. */
const INVITATION_MS = 3000;
/** For an answer that needs nothing but the head. */
const REFUSAL_MS = 5000;
const LOOK_MS = 50;

/** An invitation or an answer; other interim answers say nothing about the body. */
const DECISIVE = /(?:^|\r\n\r\n)HTTP\/1\.[01] (?:100|[2-5])/;
const FINAL = /(?:^|\r\n\r\n)HTTP\/1\.[01] [2-5]/;

type Begun = OpenRequest & { readonly link: Link };

/** Waits to be asked for a body that was held back, sends it unless the answer has come already, and reads the answer. */
export async function afterInvitation(probe: Probe, begun: Begun): Promise<Invited> {
  const { isBodySent: _, ...invited } = await afterWaiting(probe, begun, DECISIVE, INVITATION_MS);
  return invited;
}

/**
 * Waits for a refusal that needs no body, and sends the body where none comes. RFC 9110, 10.1.1 lets a proxy ask for the
 * body by itself (nginx does, as installed), and such a proxy passes nothing on before it has the body.
 */
export async function afterRefusal(probe: Probe, begun: Begun): Promise<Refused> {
  return afterWaiting(probe, begun, FINAL, REFUSAL_MS);
}

async function afterWaiting(probe: Probe, begun: Begun, awaited: RegExp, limitMs: number): Promise<Refused> {
  const fromMs = probe.nowMs();
  let early = await begun.link.stray(LOOK_MS);
  // Looks are counted, not milliseconds: in a standstill of this whole process (a busy machine) nobody was looking.
  for (let looks = 1; looks * LOOK_MS < limitMs; looks++) {
    if (awaited.test(early.text) || early.peer !== 'open') break;
    early = await begun.link.stray(LOOK_MS);
  }
  const waitedMs = Math.round(probe.nowMs() - fromMs);
  // Whoever has refused already does not want the body any more.
  const isBodySent = !FINAL.test(early.text);
  if (isBodySent) await begun.sendRest();
  const exchange = await begun.answer();
  begun.link.close();
  return { early, waitedMs, isBodySent, exchange };
}
