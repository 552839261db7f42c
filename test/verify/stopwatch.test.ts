import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { startStopwatch } from '../../src/verify/probe/patience.ts';
import { standStill } from './probes.ts';

it('the time of a scenario does not pass while the process stands still, and is over otherwise', async () => {
  let isOver = false;
  startStopwatch(1000, () => (isOver = true));
  for (let standstills = 0; standstills < 4; standstills++) {
    standStill(300);
    await sleep(1);
  }
  expect(isOver).toBe(false);
  await vi.waitUntil(() => isOver, { timeout: 20_000 });
});
