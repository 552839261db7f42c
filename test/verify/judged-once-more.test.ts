import { describe, expect, it, onTestFinished } from 'vitest';
import { answering } from '../../src/server/defects/changes.ts';
import { refusal } from '../../src/server/http/exchange.ts';
import { singleRequest } from '../../src/verify/scenarios/core-patch.ts';
import type { Target } from '../../src/verify/target.ts';
import { runAgainst, startReference, TOKEN } from '../proof/run.ts';
import { anExchange, aTarget, verdictOf } from './made-up.ts';

const v1Target: Target = { ...aTarget, protocol: 'pulse-v1', extensions: ['termination'], download: true };

describe('a whole file in one PATCH', () => {
  const body = { sizeBytes: 10, sha256: 'a'.repeat(64) };
  const seen = (status: number, repeated: boolean) => ({
    ...anExchange({ status }, { method: 'PATCH', body }),
    ...(repeated && { repeated: true }),
    scenario: singleRequest.id,
  });
  it.each([
    [
      'is judged by the answer that it got when it was sent again',
      [seen(429, true), seen(204, false)],
      'pass',
    ],
    ['is not excused by what was put off before', [seen(429, true), seen(413, false)], 'fail'],
  ])('%s', (_what, exchanges, verdict) => {
    expect(verdictOf('v1.upload.one-patch', { exchanges }, v1Target)).toBe(verdict);
  });
});

describe('a broken chunk that is repeated at once', () => {
  const right = 'a'.repeat(64);
  const whole = (sha256: string) => ({
    finish: { complete: true, offset: 10, exchanges: [] },
    content: {
      by: 'finalize',
      expected: {
        sizeBytes: 10,
        sha256: right,
        payload: { kind: 'position', seed: 1, sizeBytes: 10 },
      },
      attempts: [],
      stored: { sizeBytes: 10, sha256 },
    },
  });
  it.each([
    [204, right, 'pass'],
    [503, right, 'pass'],
    [423, right, 'warn'],
    [500, right, 'fail'],
    [503, 'b'.repeat(64), 'fail'],
  ])('and answered with %i, where %s is stored: %s', (status, sha256, verdict) => {
    const repeated = anExchange({ status });
    expect(verdictOf('data.disconnect.no-head-retry', { repeated, ...whole(sha256) })).toBe(verdict);
  });
});

describe('an artifact that is removed while it is unfinished', () => {
  it.each([
    ['where no artifact is removed', 501, 501, 'skip'],
    ['where finished ones are', 204, 501, 'fail'],
    ['as finished ones are', 204, 204, 'pass'],
  ])('%s', (_where, whole, half, verdict) => {
    const removed = anExchange({ status: whole });
    const freed = {
      removed: anExchange({ status: half }),
      headed: anExchange({ status: 404 }),
      anew: anExchange({ status: 201 }),
    };
    expect(verdictOf('v1.artifact.delete-in-progress', { removed, freed }, v1Target)).toBe(verdict);
  });
});

it('a finalize that refuses the token with which the upload was created is a finding', async () => {
  const behaviour = answering(
    ({ exchange }) => exchange.request.path === '/uploads/finalize',
    () => refusal(403, 'not yours'),
  );
  const reference = await startReference({ protocol: 'pulse', guarded: true, behaviour });
  onTestFinished(reference.stop);
  const { exitCode, results } = await runAgainst(reference, {
    tokens: { owner: TOKEN },
    only: ['pulse.finalize.200'],
  });
  expect(results.map(({ verdict }) => verdict)).toEqual(['fail']);
  expect(exitCode).toBe(1);
});
