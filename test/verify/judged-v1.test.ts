import { describe, expect, it } from 'vitest';
import { singleRequest } from '../../src/verify/scenarios/core-patch.ts';
import type { Target } from '../../src/verify/target.ts';
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
  it.each([
    ['by its upload URL, where only finished ones are artifacts', 204, 'note'],
    ['neither as an artifact nor by its upload URL', 404, 'fail'],
  ])('%s', (_where, cancelled, verdict) => {
    const freed = {
      removed: anExchange({ status: 404 }),
      cancelled: anExchange({ status: cancelled }),
      headed: anExchange({ status: 404 }),
      anew: anExchange({ status: 201 }),
    };
    const seen = { removed: anExchange({ status: 204 }), freed };
    expect(verdictOf('v1.artifact.delete-in-progress', seen, v1Target)).toBe(verdict);
  });
});

describe('a right digest', () => {
  const taken = { last: anExchange({ status: 204 }), gotten: anExchange({ status: 200 }) };
  const rejected = { last: anExchange({ status: 422 }), gotten: anExchange({ status: 404 }) };
  it.each([
    ['that is refused, where the file is taken without one', taken, rejected, 'fail'],
    ['beside which the file is refused as it is without one', rejected, rejected, 'warn'],
    ['that is taken', taken, taken, 'pass'],
  ])('%s', (_what, plain, right, verdict) => {
    const seen = { names: ['sha256'], plain, right: [{ name: 'sha256', ...right }] };
    expect(verdictOf('v1.checksum.match', seen, v1Target)).toBe(verdict);
  });
});
