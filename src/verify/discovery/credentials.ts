import { outcomeOf } from '../answers.ts';
import { Blocked } from '../check.ts';
import type { Probe, ProbeSettings } from '../probe/probe.ts';
import type { Upload } from '../probe/uploads.ts';
import type { Exchange } from '../recording.ts';
import type { Target } from '../target.ts';

/** What is found out about credentials before the first scenario. */

/** What the user can do about a refusal for want of the right credential. */
export function adviceOn(
  { answer }: Exchange,
  { access }: ProbeSettings,
  { protocol }: Target,
): Pick<Target, 'advice'> {
  if (answer?.status !== 401 && answer?.status !== 403) return {};
  if (access.tokens.owner === undefined) {
    return {
      advice:
        'the server asks for a credential: give it by --token-file <path>, PULSE_UPLOAD_TOKEN or --header',
    };
  }
  const mayBeBound = protocol === 'pulse-v1' && access.artifacts?.owner === undefined;
  const binding = mayBeBound ? ' Is it bound to an artifact? --artifact <uuid> names that' : '';
  return { advice: `the server does not take this token: is it the right one, and still good?${binding}` };
}

/** Whether the same request without a credential is refused; only asked where there is one to leave out. */
export async function guardOf(probe: Probe, { access }: ProbeSettings): Promise<Partial<Target>> {
  if (access.tokens.owner === undefined) return {};
  const status = (await probe.post(1, { as: 'nobody' })).answer?.status;
  if (status === 401 || status === 403) return { guarded: 'creation' };
  return probe.target.protocol === 'pulse' ? { guarded: 'finalize' } : {};
}

/** Whether finalize is refused for want of a credential, as it may be where creations and chunks are open to all. */
export async function finalizeGuardOf(
  probe: Probe,
  settings: ProbeSettings,
  upload: Upload,
  { guarded }: Partial<Target>,
): Promise<Partial<Target>> {
  // The creation has shown that the token is good.
  if (guarded === 'creation') return {};
  const finalized = await probe.finalize(upload);
  const advised = adviceOn(finalized, settings, probe.target);
  return advised.advice === undefined ? {} : { refusesFinalize: outcomeOf(finalized), ...advised };
}

/** What the tokens are good for; only where v1 creations are guarded. */
export async function bindingOf(probe: Probe, { access }: ProbeSettings): Promise<Partial<Target>> {
  if (probe.target.guarded !== 'creation') return {};
  const related: Partial<Target> =
    access.artifacts?.owner === undefined
      ? {}
      : { hidesGone: true, assumptions: ['every upload is related to the artifact of the token'] };
  if (access.tokens.stranger === undefined) return related;
  const second = await secondToken(probe);
  return {
    ...related,
    ...second,
    assumptions: [...(related.assumptions ?? []), ...(second.assumptions ?? [])],
  };
}

/** Whether an upload of the second token is closed to the first. */
async function secondToken(probe: Probe): Promise<Partial<Target>> {
  const created = await probe.post(10, { as: 'stranger' });
  const said = (unbound: string): Partial<Target> => ({ unbound, assumptions: [unbound] });
  let upload: Upload;
  try {
    upload = probe.uploadOf(created, 10);
  } catch (thrown) {
    if (!(thrown instanceof Blocked)) throw thrown;
    return said(
      `the second token creates nothing: ${outcomeOf(created)} (--second-artifact <uuid> names its artifact)`,
    );
  }
  const asked = await probe.head(upload);
  const isClosed = [401, 403, 404].includes(asked.answer?.status ?? 0);
  if (!isClosed) return said('the first token is good for what the second one creates, too');
  return { bound: true, hidesGone: true, assumptions: ['the tokens are good for different artifacts'] };
}
