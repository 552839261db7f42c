import { describe, expect, it } from 'vitest';
import { Blocked, Skip, Violation } from '../../src/verify/check.ts';
import { judge, unjudged } from '../../src/verify/judge.ts';
import { may, must, pulseMust, safety, should } from '../../src/verify/levels.ts';
import type { Exchange } from '../../src/verify/recording.ts';
import { WHOLE_RUN } from '../../src/verify/scenario.ts';
import type { Target } from '../../src/verify/target.ts';
import { aCheck, anExchange, aRecording, aTarget } from './made-up.ts';

const throwing = (thrown: unknown) => () => {
  throw thrown;
};
const verdictOf = (changes: Parameters<typeof aCheck>[0], recording = aRecording()) =>
  judge(aCheck(changes), recording, aTarget);

describe('a judge', () => {
  it('passes by returning, and notes what it remarks', () => {
    expect(verdictOf({ judge: () => undefined }).verdict).toBe('pass');
    expect(verdictOf({ judge: () => 'by the way' })).toMatchObject({ verdict: 'note', remark: 'by the way' });
  });

  it.each([
    [must, 'fail'],
    [safety, 'fail'],
    [should, 'warn'],
    [may, 'note'],
  ] as const)('that finds a violation is graded by the level: %j', (level, verdict) => {
    const result = verdictOf({ level, judge: throwing(new Violation({ actual: 'that' })) });
    expect(result.verdict).toBe(verdict);
    expect(result.violation).toEqual({ expected: 'it holds', actual: 'that', matters: 'somebody is sad' });
  });

  it('caps the grade of a deviation, and never raises it', () => {
    const deviation = (atMost: 'warn' | 'note') => throwing(new Violation({ actual: 'that', atMost }));
    expect(verdictOf({ level: must, judge: deviation('warn') }).verdict).toBe('warn');
    expect(verdictOf({ level: must, judge: deviation('note') }).verdict).toBe('note');
    expect(verdictOf({ level: may, judge: deviation('warn') }).verdict).toBe('note');
  });

  it.each([safety, must, should, may])(
    'takes lost bytes for a failure of safety at every level: %j',
    (level) => {
      const lost = throwing(new Violation({ actual: 'that', isLoss: true }));
      expect(verdictOf({ level, impact: 'advice', judge: lost })).toMatchObject({
        verdict: 'fail',
        level: 'safety',
        impact: 'data',
      });
    },
  );

  it('says in its own words what was expected and why it matters, where it has better ones', () => {
    const details = { actual: 'a', expected: 'e', matters: 'm' };
    expect(verdictOf({ judge: throwing(new Violation(details)) }).violation).toEqual(details);
  });

  it('shows the exchanges that it names, or else all of the scenario', () => {
    const [one, two] = [anExchange({ n: 1 }), anExchange({ n: 2 })];
    const recording = aRecording({ exchanges: [one, two] });
    const evidence = [two, undefined];
    expect(
      verdictOf({ judge: throwing(new Violation({ actual: 'a', evidence })) }, recording).evidence,
    ).toEqual([two]);
    expect(verdictOf({ judge: throwing(new Violation({ actual: 'a' })) }, recording).evidence).toEqual([
      one,
      two,
    ]);
  });

  it('passes nothing by what a server did that refuses every upload, and fails it all the same', () => {
    const target = { ...aTarget, refusesUploads: 'POST answered 404' };
    const created = anExchange({ status: 201, headers: { Location: '/uploads/1' } }, { method: 'POST' });
    const [without, withOne] = [aRecording(), aRecording({ exchanges: [created] })];
    const ofRun = aRecording({
      scenario: WHOLE_RUN,
      outcome: { kind: 'seen', seen: { exchanges: [created] } },
    });
    expect(judge(aCheck(), without, target)).toMatchObject({
      verdict: 'blocked',
      remark: 'POST answered 404',
    });
    expect(judge(aCheck(), withOne, target).verdict).toBe('pass');
    expect(judge(aCheck(), ofRun, target).verdict).toBe('pass');
    const broken = aCheck({ judge: throwing(new Violation({ actual: 'that' })) });
    expect(judge(broken, without, target).verdict).toBe('fail');
  });

  it('is blocked, skipped, or our mistake, and says why', () => {
    expect(verdictOf({ judge: throwing(new Blocked('no upload')) })).toMatchObject({
      verdict: 'blocked',
      remark: 'no upload',
    });
    expect(verdictOf({ judge: throwing(new Skip('no oracle')) })).toMatchObject({
      verdict: 'skip',
      remark: 'no oracle',
    });
    const error = verdictOf({ judge: throwing(new TypeError('x is undefined')) });
    expect(error.verdict).toBe('error');
    expect(error.remark).toContain('x is undefined');
    expect(error.violation).toBeUndefined();
  });

  it.each([
    [{ kind: 'blocked', reason: 'POST answered 500' }, 'blocked', 'POST answered 500'],
    [{ kind: 'skipped', reason: 'not here' }, 'skip', 'not here'],
    [{ kind: 'error', message: 'oops' }, 'error', 'oops'],
  ] as const)('is not asked where the scenario gave nothing to see: %j', (outcome, verdict, remark) => {
    const judged = verdictOf({ judge: throwing(new Error('was asked')) }, aRecording({ outcome }));
    expect(judged).toMatchObject({ verdict, remark });
  });

  it('is not asked what is no part of the protocol', () => {
    const tus = { ...aTarget, protocol: 'tus' as const };
    const check = aCheck({ level: pulseMust, judge: throwing(new Error('was asked')) });
    expect(judge(check, aRecording(), tus)).toMatchObject({ verdict: 'skip', remark: 'not part of tus' });
    expect(judge(check, aRecording(), tus)).not.toHaveProperty('level');
    expect(unjudged(check, 'blocked', 'gone', tus)).toMatchObject({ verdict: 'skip' });
    expect(unjudged(check, 'blocked', 'gone', aTarget)).toMatchObject({ verdict: 'blocked', remark: 'gone' });
  });
});

describe('a server that does not take the credential', () => {
  const locked = { ...aTarget, refusesUploads: 'POST answered 401', advice: 'give a token' };
  const posted = (status: number) => anExchange({ url: locked.createUrl, status }, { method: 'POST' });
  const violating = aCheck({ judge: throwing(new Violation({ actual: 'no 201' })) });

  it('is not told that a creation does not do what it should', () => {
    for (const status of [401, 403]) {
      const result = judge(violating, aRecording({ exchanges: [posted(status)] }), locked);
      expect(result).toMatchObject({ verdict: 'blocked', remark: 'POST answered 401; give a token' });
      expect(result.violation).toBeUndefined();
    }
  });

  it('is told of everything else', () => {
    const whole = aRecording({ scenario: WHOLE_RUN, exchanges: [posted(401)] });
    expect(judge(violating, aRecording({ exchanges: [posted(500)] }), locked).verdict).toBe('fail');
    expect(judge(violating, aRecording({ exchanges: [anExchange({ status: 401 })] }), locked).verdict).toBe(
      'fail',
    );
    expect(judge(violating, whole, locked).verdict).toBe('fail');
    const { advice: _, ...unlocked } = locked;
    expect(judge(violating, aRecording({ exchanges: [posted(401)] }), unlocked).verdict).toBe('fail');
  });
});

describe('a server that does not take the credential at finalize', () => {
  const refusesFinalize = '401 Unauthorized';
  const locked: Target = { ...aTarget, refusesFinalize, advice: 'give a token' };
  const finalized = (status: number) =>
    anExchange({ url: locked.finalizeUrl ?? '', status }, { method: 'POST' });
  const of = (...exchanges: readonly Exchange[]) => aRecording({ exchanges });
  const why = { verdict: 'blocked', remark: 'finalize answered 401 Unauthorized; give a token' };
  const shownBy = (...evidence: readonly Exchange[]) =>
    throwing(new Violation({ actual: 'no 200', evidence }));

  it('is not told that finalize does not do what it should', () => {
    for (const status of [401, 403]) {
      const refused = finalized(status);
      const violating = aCheck({ judge: shownBy(refused) });
      const stuck = aCheck({ judge: throwing(new Blocked('finalize was refused', [refused])) });
      expect(judge(violating, of(refused), locked)).toMatchObject(why);
      expect(judge(stuck, of(refused), locked)).toMatchObject(why);
    }
  });

  it('shows nothing by refusing a wrong one, too', () => {
    const passing = { id: 'pulse.finalize.made-up', judge: () => undefined };
    expect(judge(aCheck(passing), of(finalized(401)), locked)).toMatchObject(why);
    expect(judge(aCheck(passing), of(finalized(401), finalized(409)), locked).verdict).toBe('pass');
    expect(judge(aCheck(passing), of(anExchange({ status: 401 })), locked).verdict).toBe('pass');
    expect(judge(aCheck(passing), of(finalized(401)), aTarget).verdict).toBe('pass');
    expect(judge(aCheck(), of(finalized(401)), locked).verdict).toBe('pass');
  });

  it('is told of everything else', () => {
    const refused = finalized(401);
    for (const judged of [
      shownBy(finalized(500)),
      shownBy(anExchange({ status: 401 })),
      throwing(new Violation({ actual: 'no 204' })),
    ]) {
      expect(judge(aCheck({ judge: judged }), of(refused), locked).verdict).toBe('fail');
    }
    expect(judge(aCheck({ judge: shownBy(refused) }), of(refused), aTarget).verdict).toBe('fail');
    const whole = aRecording({ scenario: WHOLE_RUN, exchanges: [refused] });
    expect(judge(aCheck({ judge: shownBy(refused) }), whole, locked).verdict).toBe('fail');
  });
});

describe('a server that takes no chunk', () => {
  const chunkless = { ...aTarget, refusesChunks: '500' };
  const sent = (status: number) => anExchange({ status }, { method: 'PATCH' });
  const of = (...statuses: readonly number[]) => aRecording({ exchanges: statuses.map(sent) });
  const violating = aCheck({ judge: throwing(new Violation({ actual: 'no 204' })) });
  const why = { verdict: 'blocked', remark: 'no chunk is taken: PATCH answered 500' };

  it('is told so by the checks of a right chunk, and not by what follows from it', () => {
    expect(judge(violating, of(500), chunkless)).toMatchObject(why);
    expect(judge({ ...violating, saysChunksRefused: true }, of(500), chunkless).verdict).toBe('fail');
  });

  it('passes nothing by refusing what it would refuse anyway', () => {
    expect(judge(aCheck(), of(500), chunkless)).toMatchObject(why);
    expect(judge(aCheck({ judge: () => 'by the way' }), of(500), chunkless).verdict).toBe('note');
  });

  it('keeps other checks from running for that one reason', () => {
    const outcome = { kind: 'blocked', reason: 'could not be brought to 4' } as const;
    expect(judge(aCheck(), { ...of(500), outcome }, chunkless)).toMatchObject(why);
    expect(judge(aCheck({ judge: throwing(new Blocked('no chunk')) }), of(500), chunkless)).toMatchObject(
      why,
    );
  });

  it('is judged by every chunk that it took or refused in another way, and by what has no chunk', () => {
    for (const recording of [of(500, 204), of(409), of()]) {
      expect(judge(violating, recording, chunkless).verdict).toBe('fail');
      expect(judge(aCheck(), recording, chunkless).verdict).toBe('pass');
    }
    const whole = aRecording({ scenario: WHOLE_RUN, exchanges: [sent(500)] });
    expect(judge(violating, whole, chunkless).verdict).toBe('fail');
    expect(judge(violating, of(500), { ...chunkless, multipart: true }).verdict).toBe('fail');
  });
});
