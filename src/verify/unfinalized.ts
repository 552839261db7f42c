import type { Check } from './check.ts';
import type { Exchange, Recording } from './recording.ts';
import { WHOLE_RUN } from './scenario.ts';
import type { Target } from './target.ts';

/** Finalize that wants a credential which it is not given: what it would say of an upload is not known. */

/** What is shown by nothing but such a refusal is no finding. */
export function whyUnfinalized(
  evidence: readonly Exchange[],
  { scenario }: Recording,
  target: Target,
): string | undefined {
  if (scenario === WHOLE_RUN) return undefined;
  return evidence.some((exchange) => isRefused(exchange, target)) ? said(target) : undefined;
}

/** That every finalize is refused shows nothing of wrong ones. */
export function whyAllUnfinalized(
  { id }: Check,
  { exchanges }: Recording,
  target: Target,
): string | undefined {
  if (!id.startsWith('pulse.finalize.')) return undefined;
  const finalizes = exchanges.filter((exchange) => isFinalize(exchange, target));
  const isShut = finalizes.length > 0 && finalizes.every((exchange) => isRefused(exchange, target));
  return isShut ? said(target) : undefined;
}

function said({ refusesFinalize, advice }: Target): string | undefined {
  return refusesFinalize && `finalize answered ${refusesFinalize}; ${advice}`;
}

function isFinalize({ url, sent }: Exchange, { finalizeUrl }: Target): boolean {
  return url === finalizeUrl && sent.method === 'POST';
}

function isRefused(exchange: Exchange, target: Target): boolean {
  const status = exchange.answer?.status;
  return isFinalize(exchange, target) && (status === 401 || status === 403);
}
