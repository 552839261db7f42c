import { afterEach, expect, it } from 'vitest';
import { startFewConnectionsFront } from '../../fixtures/proxies/few-connections.ts';
import { runScenario } from '../../src/verify/run-scenario.ts';
import { scenario } from '../../src/verify/scenario.ts';
import { httpServer, settingsOf, stopAll, targetAt } from './probes.ts';

afterEach(stopAll);

const besideAnother = scenario({
  id: 'beside-another',
  does: 'asks while another connection is open',
  run: async (probe) => {
    await probe.open();
    return probe.request('GET', probe.target.createUrl, { timeoutMs: 300 });
  },
});

it.each([
  [1, 1, { kind: 'skipped', reason: 'needs more connections at once than the server serves (1)' }],
  [2, 2, { kind: 'seen', seen: { answer: { status: 200 } } }],
  // Not noticed beforehand: it is judged.
  [1, undefined, { kind: 'seen', seen: { broken: { cause: 'timeout' } } }],
])(
  'a server of %i connections at a time, known to serve %s, is not judged by what it cannot answer',
  async (atOnce, servesAtOnce, outcome) => {
    const origin = await httpServer((_request, response) => void response.end());
    const front = await startFewConnectionsFront(origin, atOnce);
    const target = { ...targetAt(front.url), ...(servesAtOnce !== undefined && { servesAtOnce }) };
    const recording = await runScenario(besideAnother, target, settingsOf(front.url), {
      timeoutMs: 10_000,
      signal: new AbortController().signal,
      runStartMs: 0,
    });
    await front.close();
    expect(recording.outcome).toMatchObject(outcome);
  },
);

it('a run that is broken off says so of what would have needed more connections, too', async () => {
  const origin = await httpServer((_request, response) => void response.end());
  const front = await startFewConnectionsFront(origin);
  const running = new AbortController();
  const thenWaits = scenario({
    ...besideAnother,
    run: async (probe) => {
      await besideAnother.run(probe);
      running.abort();
      await probe.pause(10_000);
    },
  });
  const recording = await runScenario(
    thenWaits,
    { ...targetAt(front.url), servesAtOnce: 1 },
    settingsOf(front.url),
    { timeoutMs: 10_000, signal: running.signal, runStartMs: 0 },
  );
  await front.close();
  expect(recording.outcome).toEqual({ kind: 'blocked', reason: 'the run was broken off' });
});
