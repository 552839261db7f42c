import { beforeAll, describe, expect, it } from 'vitest';
import { faultsOf, faultsOfAltered } from './judge.ts';
import { type Observed, type Run, runPlan } from './run-plan.ts';
import type { Plan } from './trouble.ts';

const plan: Plan = { protocol: 'pulse', body: 'raw', chunkBytes: 65_536, sizeBytes: 200_000, troubles: [] };
let good: Observed;
let resumed: Observed;
let altered: Observed;
let tus: Observed;
let lostCreation: Observed;

beforeAll(async () => {
  good = await runPlan(plan);
  const on = { method: 'PATCH', nth: 2, times: 4 };
  resumed = await runPlan({ ...plan, troubles: [{ on, do: 'answer', status: 503 }] });
  tus = await runPlan({ ...plan, protocol: 'tus' });
  const creation = { method: 'POST', path: '/files', nth: 1 };
  lostCreation = await runPlan({
    ...plan,
    protocol: 'tus',
    troubles: [{ on: creation, do: 'swallow-response', by: 'rst' }],
  });
  altered = await runPlan(plan, { atPatch: 2, how: 'rewrite' });
});

function withRun(observed: Observed, change: (run: Run) => Partial<Run>): Observed {
  return { ...observed, first: { ...observed.first, ...change(observed.first) } };
}

/** The oracle of the schedules, judged itself: what it would not notice, no schedule could show. */
describe('the judge of a schedule', () => {
  it('finds nothing wrong with what went well', async () => {
    expect(good.first.exitCode).toBe(0);
    expect(resumed.first.exitCode).toBe(4);
    expect(altered.first.exitCode).toBe(3);
    expect([faultsOf(good), faultsOf(resumed), faultsOfAltered(altered)]).toEqual([[], [], []]);
    const proofs = await Promise.all(
      [true, false].map(async (compares) => {
        const { first } = await runPlan({ ...plan, protocol: 'tus', compares });
        return first.events.flatMap((event) => (event.type === 'upload.done' ? [event.proven] : []));
      }),
    );
    expect(proofs).toEqual([[true], [false]]);
    // What went with a creation whose answer was lost stays behind, unfinished.
    expect(lostCreation.unfinishedBytes).toEqual([65_536]);
    expect([faultsOf(tus), faultsOf(lostCreation)]).toEqual([[], []]);
  });

  it('takes no offence at an end that nobody can know, and only there', async () => {
    const unknown = await runPlan({
      ...plan,
      protocol: 'tus',
      chunkBytes: 65_536,
      sizeBytes: 65_535,
      troubles: [
        { on: { method: 'PATCH', nth: 1 }, do: 'answer', status: 409 },
        { on: { method: 'HEAD', nth: 3 }, do: 'replay-answer' },
        { on: { method: 'PATCH', nth: 3 }, do: 'answer', after: 'head', status: 502 },
      ],
    });
    expect([unknown.first.exitCode, unknown.second?.exitCode]).toEqual([8, 8]);
    expect(faultsOf(unknown)).toEqual([]);
    const withoutReplay = withRun(unknown, ({ requests }) => ({
      requests: requests.map((request) => ({ ...request, faults: [] })),
    }));
    expect(faultsOf(withoutReplay)).not.toEqual([]);
    expect(faultsOf({ ...unknown, finished: [] })).not.toEqual([]);
  });

  it('takes no offence at a time-out of a busy machine, which the proxy saw answered', () => {
    const late = (reason: string) =>
      withRun(good, ({ events }) => ({
        pausedMs: 1000,
        events: [
          ...events,
          { type: 'upload.retry', file: 'video.mp4', attempt: 1, delayMs: 1000, reason } as const,
        ],
      }));
    expect(faultsOf(late('waited 0.4 s for an answer'))).toEqual([]);
    const sentAgain = (observed: Observed) =>
      withRun(observed, ({ requests }) => ({
        requests: [...requests, ...requests.filter(({ method }) => method === 'PATCH').slice(0, 1)],
      }));
    expect(faultsOf(sentAgain(late('waited 0.4 s for an answer')))).toEqual([]);
    expect(faultsOf(sentAgain(sentAgain(late('waited 0.4 s for an answer'))))).not.toEqual([]);
    expect(faultsOf(late('the server answered 500'))).toEqual(['pauses of 1000 ms, expected 0 at most']);
  });

  it.each<[string, () => Observed]>([
    ['other bytes on the server', () => ({ ...good, finished: [{ sizeBytes: 200_000, sha256: 'other' }] })],
    ['a second finished upload', () => ({ ...good, finished: [...good.finished, ...good.finished] })],
    ['no finished upload', () => ({ ...good, finished: [] })],
    ['bytes left behind', () => ({ ...good, unfinishedBytes: [0, 1] })],
    ['bytes left behind where no creation was lost', () => ({ ...tus, unfinishedBytes: [1] })],
    ['more bytes left behind than went with it', () => ({ ...lostCreation, unfinishedBytes: [65_537] })],
    ['two uploads left behind by one', () => ({ ...lostCreation, unfinishedBytes: [65_536, 1] })],
    [
      'a success that names another digest',
      () => ({
        ...good,
        file: { ...good.file, sha256: 'other' },
        finished: [{ sizeBytes: 1, sha256: 'other' }],
      }),
    ],
    ['a failure in the end', () => withRun(good, () => ({ exitCode: 4 }))],
    ['a code that says it is for ever', () => withRun(resumed, () => ({ exitCode: 5 }))],
    [
      'a failure that cannot be resumed',
      () =>
        withRun(resumed, ({ events }) => ({
          events: events.map((event) =>
            event.type === 'upload.failed' ? { ...event, resumable: false } : event,
          ),
        })),
    ],
    [
      'a next run that starts from zero',
      () => ({
        ...resumed,
        second: {
          ...(resumed.second as Run),
          events: (resumed.second as Run).events.filter(({ type }) => type !== 'upload.resumed'),
        },
      }),
    ],
    [
      'two requests at once',
      () =>
        withRun(good, ({ requests }) => ({
          requests: requests.map((request, index) => ({ ...request, inFlightAtStart: index === 3 ? 1 : 0 })),
        })),
    ],
    [
      'one chunk sent twice for no reason',
      () =>
        withRun(good, ({ requests }) => ({
          requests: [...requests, ...requests.filter(({ method }) => method === 'PATCH').slice(0, 1)],
        })),
    ],
    [
      'more questions than needed',
      () =>
        withRun(good, ({ requests }) => ({
          requests: [...requests, ...Array(10).fill(requests.find(({ method }) => method === 'HEAD'))],
        })),
    ],
    ['a pause without a reason', () => withRun(good, () => ({ pausedMs: 1 }))],
  ])('notices %s', (_, doctored) => {
    expect(faultsOf(doctored())).not.toEqual([]);
  });

  it.each<[string, () => Observed]>([
    ['success', () => ({ ...altered, first: good.first })],
    ['another failure', () => withRun(altered, () => ({ exitCode: 4 }))],
    ['a finished upload', () => ({ ...altered, finished: good.finished })],
  ])('of an altered file notices %s', (_, doctored) => {
    expect(faultsOfAltered(doctored())).not.toEqual([]);
  });
});
