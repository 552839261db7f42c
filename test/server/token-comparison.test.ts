import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { subject, tus } from './harness.ts';

/** How long the two sides of each comparison in constant time were. */
const compared = vi.hoisted((): [number, number][] => []);

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof import('node:crypto')>();
  const timingSafeEqual: typeof real.timingSafeEqual = (one, other) => {
    compared.push([one.byteLength, other.byteLength]);
    return real.timingSafeEqual(one, other);
  };
  return { ...real, timingSafeEqual };
});

/** The status of an answer, and the comparisons that it took. */
async function asked(request: () => Promise<Response>): Promise<{ status: number; comparisons: number[][] }> {
  compared.length = 0;
  const { status } = await request();
  return { status, comparisons: [...compared] };
}

const token = 'token-for-everything';
const wrong = ['token-for-everythinG', 'Token-for-everything', 'token', `${token}-and-more`];
const boundTokens = ['token-of-mine', 'token-of-theirs'].map((bound) => ({
  token: bound,
  artifactId: randomUUID(),
}));

/** Digests, so that not even the length of a token shows. */
const ofDigests = (count: number) => Array(count).fill([32, 32]);

const servings = {
  'X-Upload-Token': async () => {
    const { url } = await subject({ token });
    return (given: string) =>
      fetch(`${url}/uploads`, {
        method: 'POST',
        headers: { ...tus, 'Upload-Length': '1', 'X-Upload-Token': given },
      });
  },
  "finalize's uploadToken": async () => {
    const { url } = await subject({ token });
    return (given: string) =>
      fetch(`${url}/uploads/finalize`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ uploadId: randomUUID(), filename: 'video.mp4', uploadToken: given }),
      });
  },
  'a bearer': async () => {
    const { url } = await subject({ protocol: 'pulse-v1', token, boundTokens });
    return (given: string) =>
      fetch(`${url}/upload/${randomUUID()}`, {
        method: 'HEAD',
        headers: { ...tus, Authorization: `Bearer ${given}` },
      });
  },
} as const;

describe('a token is compared in a time that tells nothing about it', () => {
  it.each([
    ['X-Upload-Token', 401, 1],
    ["finalize's uploadToken", 401, 1],
    // With that for everything, with both that are bound, and with the signature of a link's.
    ['a bearer', 403, 4],
  ] as const)('%s', async (place, status, count) => {
    const ask = await servings[place]();
    for (const given of wrong)
      expect(await asked(() => ask(given))).toEqual({ status, comparisons: ofDigests(count) });
  });

  it('nor about which of several it is', async () => {
    const ask = await servings['a bearer']();
    const answers = [];
    for (const bound of boundTokens) answers.push(await asked(() => ask(bound.token)));
    expect(answers[0]?.comparisons.length).toBeGreaterThan(boundTokens.length);
    expect(answers[1]).toEqual(answers[0]);
  });
});
