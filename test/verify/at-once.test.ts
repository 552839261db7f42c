import { afterEach, expect, it } from 'vitest';
import { repeatedCuts } from '../../src/verify/scenarios/disconnects.ts';
import { subject } from '../server/harness.ts';
import { probeAt, stopAll } from './probes.ts';

afterEach(stopAll);

it('goes on at once after the last of several cuts, having asked once', async () => {
  const { url } = await subject();
  const { probe } = probeAt(url);
  const { finish } = await repeatedCuts.run(probe);
  expect(finish.complete).toBe(true);
  const asked = probe.exchanges.map(({ sent, answer }) => `${sent.method} ${answer ? 'answered' : 'cut'}`);
  const last = asked.lastIndexOf('PATCH cut');
  expect(asked.slice(last + 1, last + 3)).toEqual(['HEAD answered', 'PATCH answered']);
});
