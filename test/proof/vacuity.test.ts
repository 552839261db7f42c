import { beforeAll, describe, expect, it } from 'vitest';
import { vaultForBrowsers } from '../../src/server/defects/pulse-extra.ts';
import type { Check } from '../../src/verify/check.ts';
import { judge, seenInRun } from '../../src/verify/judge.ts';
import type { Exchange, Recording } from '../../src/verify/recording.ts';
import { suite } from '../../src/verify/suite.ts';
import { allChecks, type VerifyRun } from '../../src/verify/verify.ts';
import { keepResult } from './results.ts';
import { type ReferenceSettings, runAgainst, startReference, tokensFor } from './run.ts';
import { allSpoils } from './spoil.ts';

/** The good recordings: a check is audited with the first of these servers on which it passes. */
const servers: readonly ReferenceSettings[] = [
  { protocol: 'pulse' },
  { protocol: 'tus' },
  { protocol: 'pulse', guarded: true },
  { protocol: 'tus', guarded: true },
  { protocol: 'pulse', maxSizeBytes: 64 * 1024 * 1024 },
  // What the others lack: links, CORS, and a creation that is no extension.
  { protocol: 'pulse', behaviour: { ...vaultForBrowsers(), extensions: [] } },
  { protocol: 'tus', https: true },
];

const runs: VerifyRun[] = [];

beforeAll(async () => {
  for (const settings of servers) {
    const reference = await startReference(settings);
    const only = settings.https ? ['sec.location.*'] : [];
    runs.push(await runAgainst(reference, { only, tokens: tokensFor(settings.guarded) }));
    await reference.stop();
  }
}, 600_000);

describe.each(allChecks(suite).map((check) => [check.id, check] as const))('%s', (id, check) => {
  it('has a spoil', () => expect(allSpoils.filter((spoil) => spoil.check === id)).toHaveLength(1));

  it('notices its spoil', () => {
    const spoil = allSpoils.find((candidate) => candidate.check === id);
    if (spoil === undefined || spoil.reads.id !== check.reads.id)
      throw new Error(`no spoil of ${check.reads.id}`);
    const { run, recording } = goodRecording(check);
    const spoilt = structuredClone(recording);
    if (spoilt.outcome.kind === 'seen') spoil.change(spoilt.outcome.seen);
    const { violation } = judge(check, spoilt, run.target);
    keepResult({ kind: 'audit', check: id, of: 'spoil', isNoticed: violation !== undefined });
    expect(violation, 'the judge found nothing wrong').toBeDefined();
  });

  it('does not pass where every answer was lost', () => {
    const { run, recording } = goodRecording(check);
    const mute = structuredClone(recording);
    loseAnswers(mute);
    // What is never more than a note is a note here too, but because it was violated.
    const { verdict, violation } = judge(check, mute, run.target);
    const isNoticed = violation !== undefined || !/pass|note/.test(verdict);
    keepResult({ kind: 'audit', check: id, of: 'lost-answers', isNoticed });
    expect(isNoticed, `${verdict} where every answer was lost`).toBe(true);
  });
});

/** What the check read when it passed: of a whole run everything, otherwise its scenario's recording. */
function goodRecording(check: Check): { readonly run: VerifyRun; readonly recording: Recording } {
  const run = runs.find(({ results }) =>
    results.some(({ id, verdict }) => id === check.id && (verdict === 'pass' || verdict === 'note')),
  );
  if (run === undefined) throw new Error(`${check.id} passes on none of the servers`);
  if ('atLeast' in check.reads) {
    const outcome = { kind: 'seen', seen: seenInRun(run.recordings) } as const;
    const whole = { scenario: 'whole-run', startedMs: 0, elapsedMs: 0, sentBytes: 0, exchanges: [], outcome };
    return { run, recording: whole };
  }
  const recording = run.recordings.find(({ scenario }) => scenario === check.reads.id);
  if (recording === undefined) throw new Error(`there is no recording of ${check.reads.id}`);
  return { run, recording };
}

/** Takes every answer out of whatever was seen, wherever it stands in it. */
function loseAnswers(recording: Recording): void {
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (isExchange(value) && value.answer !== undefined) {
      Object.assign(value, {
        broken: { cause: 'closed', detail: 'the connection was closed without an answer' },
      });
      Reflect.deleteProperty(value, 'answer');
    }
    if (isContent(value)) {
      Object.assign(value, { unknown: 'nobody answered' });
      Reflect.deleteProperty(value, 'stored');
    }
    for (const part of Object.values(value)) visit(part);
  };
  visit(recording.outcome);
}

function isExchange(value: object): value is Exchange {
  return 'sent' in value && 'connection' in value;
}

function isContent(value: object): boolean {
  return 'stored' in value && 'expected' in value;
}
