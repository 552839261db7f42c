import { afterEach, describe, expect, it } from 'vitest';
import { Skip } from '../../src/verify/check.ts';
import { seededRandom, shapedLike } from '../../src/verify/random.ts';
import { unknownPatch } from '../../src/verify/scenarios/basic-flow.ts';
import { unknownFinalize } from '../../src/verify/scenarios/pulse-finalize.ts';
import { deletedUnknown } from '../../src/verify/scenarios/terminations.ts';
import { refusedByTus } from '../../src/verify/scenarios/v1-errors.ts';
import { httpServer, probeAt, stopAll } from './probes.ts';

afterEach(stopAll);

/** Counts its uploads, as Rails and Django do; a HEAD of one that it does not know is answered as the test says. */
async function countingServer(headOfUnknown: number) {
  const seen: string[] = [];
  const origin = await httpServer(({ method, url, body }, response) => {
    const id = /\d+$/.exec(url ?? '')?.[0] ?? JSON.parse(`${body}` || '{}').uploadId;
    seen.push(`${method} ${id ?? url}`);
    if (method === 'POST' && url === '/uploads')
      return void response.writeHead(201, { Location: '/uploads/850' }).end();
    if (method === 'HEAD' && id !== '850') return void response.writeHead(headOfUnknown).end();
    response.writeHead(204, { 'Upload-Offset': '0' }).end();
  });
  /** What was sent to uploads that the server did not give to the tester. */
  const sentToOthers = () => seen.filter((line) => /\d/.test(line) && !line.endsWith(' 850'));
  return { origin, sentToOthers };
}

describe('an id that the server has never given out', () => {
  it.each([
    ['850', /^[1-9]\d{17}$/],
    ['00000850', /^[1-9]\d{17}$/],
    ['1764194000123', /^[1-9]\d{17}$/],
    ['1889123456789012345', /^[1-9]\d{17}$/],
    ['0b5c2f4e', /^[\da-f]{16}$/],
    ['k3Jd9', /^[a-z]\d[A-Z][a-z]\d{15}$/],
    ['upload_850', /^[a-z]{6}_\d{11}$/],
    ['--', /^--[a-z]{14}$/],
    ['0b5c2f4e11112222', /^[\da-f]{16}$/],
    ['0b5c2f4e-1111-4222-8333-444455556666', /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/],
  ])('looks like %s, and is nobody’s', (id, like) => {
    const random = seededRandom(1);
    const drawn = Array.from({ length: 1000 }, () => shapedLike(id, random));
    for (const other of drawn) expect(other).toMatch(like);
    expect(new Set(drawn).size).toBe(1000);
  });
});

describe('what would harm an upload of somebody else', () => {
  const scenarios = [
    ['PATCH', unknownPatch],
    ['DELETE', deletedUnknown],
    ['finalize', unknownFinalize],
    ['PATCH of protocol v1', refusedByTus],
  ] as const;

  it.each(scenarios)('is not sent where HEAD knows the upload: %s', async (_, { run }) => {
    const { origin, sentToOthers } = await countingServer(200);
    const ran = run(probeAt(origin).probe);
    // Of v1 the other refusals are asked for all the same.
    if (run === refusedByTus.run) expect(await ran).toMatchObject({ refused: { length: 6 } });
    else await expect(ran).rejects.toThrow(Skip);
    expect(sentToOthers()).toEqual([expect.stringMatching(/^HEAD \d{18}$/)]);
  });

  it.each([302, 500])('is not sent where HEAD answers %i', async (status) => {
    const { origin, sentToOthers } = await countingServer(status);
    await expect(unknownPatch.run(probeAt(origin).probe)).rejects.toThrow('HEAD of one that is made up');
    expect(sentToOthers()).toHaveLength(1);
  });

  it.each(scenarios)('is sent where HEAD refuses it: %s', async (_, { run }) => {
    const { origin, sentToOthers } = await countingServer(404);
    await run(probeAt(origin).probe);
    expect(sentToOthers()).toEqual([
      expect.stringMatching(/^HEAD \d{18}$/),
      expect.stringMatching(/^(PATCH|DELETE|POST) \d{18}$/),
    ]);
  });

  it('is sent to an id that is nobody’s where there is no HEAD', async () => {
    const { origin, sentToOthers } = await countingServer(404);
    await unknownFinalize.run(probeAt(origin, { headless: 'no HEAD' }).probe);
    expect(sentToOthers()).toEqual([expect.stringMatching(/^POST \d{18}$/)]);
  });
});
