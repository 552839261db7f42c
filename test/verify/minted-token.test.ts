import { afterEach, expect, it } from 'vitest';
import { deepLink } from '../../src/verify/scenarios/pulse-extra.ts';
import { httpServer, probeAt, stopAll } from './probes.ts';

afterEach(stopAll);

const token = 'minted/for+one=upload';

it('a token that the server hands out stands in no recording, and is still sent as it is', async () => {
  const received: string[] = [];
  const link = `pulsecam://?mode=upload&draftId=1&server=x&token=${encodeURIComponent(token)}`;
  const origin = await httpServer((request, response) => {
    if (request.method === 'GET') response.end(JSON.stringify({ deeplink: link, qrData: link }));
    else {
      received.push(JSON.parse(request.body.toString()).token);
      response.end(JSON.stringify({ valid: received.length === 2, token: received.at(-1) }));
    }
  });
  const { probe, recorder } = probeAt(origin);
  const seen = await deepLink.run(probe);
  expect(received).toEqual(['pulse-verify-no-such-token', token]);
  const recorded = JSON.stringify([recorder.exchanges, seen]);
  expect(recorded).not.toContain(token);
  expect(recorded).not.toContain(encodeURIComponent(token));
  expect(recorded.match(/<minted-token>/g)?.length).toBeGreaterThanOrEqual(4);
  expect(seen.minted).toBe(recorder.exchanges[0]);
});
