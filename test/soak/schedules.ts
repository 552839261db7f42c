import type { Observed } from '../schedules/run-plan.ts';
import { type Tried, type Trying, tryAlteredPlans, tryPlans } from '../schedules/try-plans.ts';
import type { SoakConditions, SoakOutcome, SoakPart } from './part.ts';

/** They mostly wait, so several go side by side; each lane has a seed of its own. */
const LANES = 4;

const PLANS = 2000;
const ALTERED_PLANS = 400;

/** Random fault schedules against the reference server. */
export const schedulesSoak: SoakPart = {
  id: 'schedules',
  title: 'Random schedules of faults',
  run: async (conditions) => {
    const seen: Observed[] = [];
    const { tried, failures } = await inLanes(conditions, PLANS, tryPlans, (observed) => seen.push(observed));
    const resumed = seen.filter(({ second }) => second !== undefined).length;
    const requests = sum(seen, ({ first, second }) => first.requests.length + (second?.requests.length ?? 0));
    const sizeBytes = sum(seen, ({ plan }) => plan.sizeBytes);
    const sentBytes = sum(seen, ({ first, second }) =>
      [...first.requests, ...(second?.requests ?? [])]
        .filter(({ method }) => method === 'PATCH')
        .reduce((bytes, { bodyBytesReceived }) => bytes + bodyBytesReceived, 0),
    );
    const struck = sum(seen, ({ first }) => first.requests.filter(({ faults }) => faults.length > 0).length);
    const page = [
      `${tried} schedules of one to six faults (cuts by FIN and RST, stalls, silences, lost and altered answers,`,
      'errors, 409, cached HEAD, body limits, requests that arrive twice, slow lines, restarts of the server that lose',
      'bytes, outages), each for one upload to the reference server.',
      '',
      '| | |',
      '|---|---|',
      `| schedules | ${tried} |`,
      `| ended proven at once (tus: complete) | ${tried - resumed} |`,
      `| failed with exit code 4 or 6, and ended so by the next run | ${resumed} |`,
      `| finished uploads per file | exactly 1 |`,
      `| requests, of which a fault struck | ${requests}, ${struck} |`,
      `| bytes of all files; bytes sent | ${sizeBytes}; ${sentBytes} (${(sentBytes / sizeBytes).toFixed(3)} times as many) |`,
      `| two requests at once for one upload | never |`,
      `| longest run | ${(Math.max(...seen.map(({ first }) => first.elapsedMs)) / 1000).toFixed(1)} s |`,
    ].join('\n');
    const figures = `${tried} random schedules: ${tried - resumed} ended well at once, ${resumed} by the next run; ${(sentBytes / sizeBytes).toFixed(2)} times the bytes of the files were sent, and none was stored twice`;
    return { failures, page, figures };
  },
};

/** The control arm: what must not succeed. */
export const alteredSoak: SoakPart = {
  id: 'altered',
  title: 'Random schedules with a file that changes on the way',
  run: async (conditions) => {
    let altered = 0;
    const { tried, failures } = await inLanes(conditions, ALTERED_PLANS, tryAlteredPlans, (observed) => {
      altered += observed.altered ? 1 : 0;
    });
    const page = [
      `${tried} schedules in which a byte was rewritten or appended while a PATCH was under way.`,
      `In ${altered} of them the upload came as far as that: all ended with exit code 3, and none was reported as done.`,
      '',
    ].join('\n');
    const figures = `${altered} files that changed on the way: ${altered} refusals, no success`;
    return { failures, page, figures };
  },
};

async function inLanes(
  { seed, rounds, path, report }: SoakConditions,
  usual: number,
  attempt: (trying: Trying) => Promise<Tried>,
  onPlan: (observed: Observed) => void,
): Promise<{ readonly tried: number } & Pick<SoakOutcome, 'failures'>> {
  // A path leads to one plan of one seed.
  const lanes = path === undefined ? LANES : 1;
  const plans = path === undefined ? Math.ceil((rounds ?? usual) / lanes) : 1;
  let count = 0;
  const counted = (observed: Observed) => {
    count += 1;
    onPlan(observed);
    if (count % 100 === 0) report(`  ${count}`);
  };
  const all = await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      attempt({ seed: seed + lane, plans, onPlan: counted, ...(path !== undefined && { path }) }),
    ),
  );
  return {
    tried: sum(all, (tried) => tried.plans),
    failures: all.flatMap(({ failure }) => (failure === undefined ? [] : [failure])),
  };
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
