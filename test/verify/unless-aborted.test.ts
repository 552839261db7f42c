import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { runScenario } from '../../src/verify/run-scenario.ts';
import { scenario } from '../../src/verify/scenario.ts';
import { unlessAborted } from '../../src/verify/unless-aborted.ts';
import { httpServer, settingsOf, stopAll, targetAt } from './probes.ts';

afterEach(stopAll);

const twoAtOnce = scenario({
  id: 'two-at-once',
  does: 'begins something, waits, and only then for what was begun',
  run: async (probe) => {
    const begun = (async () => {
      await probe.pause(50);
      return probe.alive();
    })();
    await probe.pause(60_000);
    return begun;
  },
});

it('a run that is broken off leaves nothing behind that fails unseen', async () => {
  const origin = await httpServer((_request, response) => void response.end());
  const unseen: unknown[] = [];
  const note = (reason: unknown) => unseen.push(reason);
  process.on('unhandledRejection', note);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  const recording = await runScenario(twoAtOnce, targetAt(origin), settingsOf(origin), {
    timeoutMs: 60_000,
    signal: controller.signal,
    runStartMs: 0,
  });
  for (let turns = 0; turns < 5; turns++) await turn();
  process.off('unhandledRejection', note);
  expect(recording.outcome).toEqual({ kind: 'blocked', reason: 'the run was broken off' });
  expect(unseen).toEqual([]);
});

it('work that is begun when all is over is over at once', async () => {
  const work = new Promise(() => {});
  await expect(unlessAborted(work, AbortSignal.abort('over'))).rejects.toBe('over');
});
