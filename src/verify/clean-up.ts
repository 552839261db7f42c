import { headerOf, isGone, isSuccess } from './answers.ts';
import { isCreation, isUnheard } from './probe/creations.ts';
import { openProbe, type Probe, type ProbeSettings } from './probe/probe.ts';
import { placeOf } from './probe/uploads.ts';
import type { Exchange, Recording } from './recording.ts';
import { sideBySide } from './side-by-side.ts';
import type { Target } from './target.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface Leftovers {
  readonly created: number;
  readonly removed: number;
  /** Creations whose answer was not heard, where there are such: so many more may be left. */
  readonly unheard?: number;
}

/** What a run that reports nothing leaves behind, in words; undefined where that is nothing. */
export function leftThere({ created, removed, unheard = 0 }: Leftovers, runId: string): string | undefined {
  const most = created - removed + unheard;
  if (most === 0) return undefined;
  return `left there: ${unheard > 0 ? `up to ${most}` : most}; Upload-Metadata names them pulse-verify-${runId}-…`;
}

/** A server that hangs cannot keep the run from ending, and one that is slow is waited for. */
const patience = { withoutRemovalMs: 15_000, inAllMs: 120_000 };

/** Removes the uploads that the run created, and only those, where the server offers DELETE. */
export async function cleanUp(
  recordings: readonly Recording[],
  target: Target,
  settings: ProbeSettings,
  jobs: number,
  { withoutRemovalMs, inAllMs } = patience,
): Promise<Leftovers> {
  const urls = createdIn(recordings, target);
  const unheard = creationsIn(recordings, target).filter(isUnheard).length;
  const left = { created: urls.length, ...(unheard > 0 && { unheard }) };
  if (!target.extensions.includes('termination')) return { ...left, removed: 0 };
  const standstill = new AbortController();
  const standstillTimer = setTimeout(() => standstill.abort(), withoutRemovalMs).unref();
  const budget = AbortSignal.any([standstill.signal, AbortSignal.timeout(inAllMs)]);
  let removed = 0;
  // One probe for each job, so that its requests follow one another over one connection.
  const probes = Array.from({ length: jobs }, () => openProbe(settings, target, 'clean-up', budget));
  const closeAll = () => {
    for (const { close } of probes) close();
  };
  // Whatever waits for an answer learns that there will be none.
  budget.addEventListener('abort', closeAll, { once: true });
  const shares = probes.map(({ probe }, job) => ({ probe, own: urls.filter((_, at) => at % jobs === job) }));
  await sideBySide(shares, jobs, async ({ probe, own }) => {
    for (const url of own) {
      if (budget.aborted) return;
      // The end of the budget closes the connection, over which the request would then be repeated.
      const isRemoved = await unlessAborted(remove(probe, url), budget).catch((thrown: unknown) => {
        if (budget.aborted) return undefined;
        throw thrown;
      });
      if (isRemoved === undefined) return;
      if (!isRemoved) continue;
      removed += 1;
      standstillTimer.refresh();
    }
  });
  closeAll();
  return { ...left, removed };
}

/** Whether it is gone. Where there are several tokens, one of them has created it. */
async function remove(probe: Probe, url: string): Promise<boolean> {
  const isHidden = ({ answer }: Exchange) => answer?.status === 403 || answer?.status === 401;
  const all = ['owner', 'stranger', 'link'] as const;
  for (const as of all.filter((who) => who === 'owner' || probe.tokens[who] !== undefined)) {
    const removal = await probe.remove(url, { as });
    if (isSuccess(removal) || isGone(removal)) return true;
    if (!isHidden(removal) || !isHidden(await probe.head(url, { as }))) return false;
  }
  // A token that is bound to an artifact is no longer good for what was related to it.
  return probe.target.hidesGone === true;
}

function creationsIn(recordings: readonly Recording[], target: Target): readonly Exchange[] {
  return recordings.flatMap(({ exchanges }) =>
    exchanges.filter((exchange) => isCreation(exchange, target) && !exchange.repeated),
  );
}

/** The upload URLs that creations of this run named, on the target's own origin. */
function createdIn(recordings: readonly Recording[], target: Target): readonly string[] {
  const { origin } = new URL(target.createUrl);
  const urls = creationsIn(recordings, target).flatMap((exchange) => {
    const location = isSuccess(exchange) ? headerOf(exchange, 'Location') : undefined;
    return location === undefined ? [] : (placeOf(location, target) ?? []);
  });
  return [...new Set(urls.filter((url) => url.origin === origin).map(({ href }) => href))];
}
