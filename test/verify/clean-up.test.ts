import { afterEach, expect, it } from 'vitest';
import { cleanUp } from '../../src/verify/clean-up.ts';
import type { Exchange, Recording } from '../../src/verify/recording.ts';
import { httpServer, probeAt, settingsOf, stopAll, targetAt } from './probes.ts';

afterEach(stopAll);

const UPLOADS = 60;

const recordingOf = (exchanges: readonly Exchange[]): Recording => ({
  scenario: 'creations',
  startedMs: 0,
  elapsedMs: 0,
  sentBytes: 0,
  exchanges,
  outcome: { kind: 'seen', seen: undefined },
});

it('ends when its time is over, whatever it is about to do', async () => {
  let created = 0;
  const origin = await httpServer(({ method }, response) => {
    if (method === 'POST') response.writeHead(201, { Location: `/uploads/${++created}` }).end();
    else response.writeHead(204).end();
  });
  const { probe, recorder } = probeAt(origin);
  for (let count = 0; count < UPLOADS; count++) await probe.post(10);
  const recording = recordingOf(recorder.exchanges);
  const target = targetAt(origin, { extensions: ['termination'] });
  for (let budgetMs = 1; budgetMs <= 40; budgetMs++) {
    const { removed } = await cleanUp([recording], target, settingsOf(origin), 2, {
      withoutRemovalMs: budgetMs,
      inAllMs: 1000,
    });
    expect(removed).toBeLessThanOrEqual(UPLOADS);
  }
  expect(await cleanUp([recording], target, settingsOf(origin), 2)).toEqual({
    created: UPLOADS,
    removed: UPLOADS,
  });
});

it('goes on for as long as uploads are removed', async () => {
  let created = 0;
  const origin = await httpServer(({ method }, response) => {
    if (method === 'POST') response.writeHead(201, { Location: `/uploads/${++created}` }).end();
    else setTimeout(() => response.writeHead(204).end(), 100);
  });
  const { probe, recorder } = probeAt(origin);
  for (let count = 0; count < UPLOADS; count++) await probe.post(10);
  const recording = recordingOf(recorder.exchanges);
  const target = targetAt(origin, { extensions: ['termination'] });
  const standstill = { withoutRemovalMs: 1000, inAllMs: 60_000 };
  expect(await cleanUp([recording], target, settingsOf(origin), 4, standstill)).toEqual({
    created: UPLOADS,
    removed: UPLOADS,
  });
});

it('asks where uploads are, behind a proxy that strips the path of Location too', async () => {
  const removed: string[] = [];
  const origin = await httpServer(({ method, url = '' }, response) => {
    if (method === 'POST') response.writeHead(201, { Location: '/uploads/1' }).end();
    else {
      removed.push(url);
      response.writeHead(204).end();
    }
  });
  const place = { server: `${origin}/api`, createUrl: `${origin}/api/uploads`, prefixed: true } as const;
  const { probe, recorder } = probeAt(origin, place);
  await probe.post(10);
  const recording = recordingOf(recorder.exchanges);
  const target = targetAt(origin, { ...place, extensions: ['termination'] });
  await cleanUp([recording], target, settingsOf(origin), 1);
  expect(removed).toEqual(['/api/uploads/1']);
});
