import { describe, expect, it } from 'vitest';
import { pulseMultipart } from '../../src/verify/checks/pulse-multipart.ts';
import { terminationChecks } from '../../src/verify/checks/termination.ts';
import { judge } from '../../src/verify/judge.ts';
import { anExchange, aRecording, aTarget } from './made-up.ts';

function verdictOf(id: string, seen: object): string | undefined {
  const check = [...terminationChecks.checks, ...pulseMultipart.checks].find((each) => each.id === id);
  return check && judge(check, aRecording({ outcome: { kind: 'seen', seen } }), aTarget).verdict;
}

describe('an upload that was deleted while a chunk arrived', () => {
  it.each([
    [404, 'pass'],
    [410, 'pass'],
    [423, 'warn'],
    [200, 'fail'],
    [500, 'fail'],
  ])('and answers HEAD with %i afterwards: %s', (status, verdict) => {
    const heads = [anExchange({ status: 404 }), anExchange({ status })];
    expect(verdictOf('termination.during-patch', { deletions: [anExchange({ status: 204 })], heads })).toBe(
      verdict,
    );
  });
});

describe('a form without its closing delimiter', () => {
  const unknown = {
    after: { by: 'empty-patch', bytes: undefined, exchanges: [anExchange({ status: 400 })] },
    content: { expected: { sizeBytes: 10 } },
  };
  it.each([
    [204, 'fail'],
    [400, 'skip'],
  ])('that is answered with %i, where nobody can say what is stored: %s', (status, verdict) => {
    const open = { ...unknown, exchange: anExchange({ status }) };
    expect(verdictOf('pulse.multipart.truncated', { whileCut: unknown, open })).toBe(verdict);
  });
});
