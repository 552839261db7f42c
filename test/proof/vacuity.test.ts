import { beforeAll, describe, expect, it } from 'vitest';
import { expiringSoon } from '../../src/server/defects/expiration.ts';
import { vaultForBrowsers } from '../../src/server/defects/pulse-extra.ts';
import { allExtensions } from '../../src/server/extensions.ts';
import { twoVersionsListed } from '../../src/server/variations/answers.ts';
import type { Check } from '../../src/verify/check.ts';
import { judge, wholeRecording } from '../../src/verify/judge.ts';
import type { Exchange, Recording } from '../../src/verify/recording.ts';
import { linkRead } from '../../src/verify/scenarios/v1-link.ts';
import { suite } from '../../src/verify/suite.ts';
import { allChecks, type VerifyRun } from '../../src/verify/verify.ts';
import { keepResult } from './results.ts';
import { keysFor, type ReferenceSettings, runAgainst, startReference } from './run.ts';
import { allSpoils } from './spoil.ts';

const largeRows = allChecks(suite)
  .filter(({ reads }) => 'needs' in reads && reads.needs?.includes('large'))
  .map(({ id }) => id);

/** The good recordings: a check is audited with the first of these servers on which it passes. */
const servers: readonly Audited[] = [
  { settings: { protocol: 'pulse' } },
  { settings: { protocol: 'tus' } },
  { settings: { protocol: 'pulse', guarded: true } },
  { settings: { protocol: 'tus', guarded: true } },
  { settings: { protocol: 'pulse', maxSizeBytes: 64 * 1024 * 1024 } },
  // What the others lack: links, CORS, a creation that is no extension, https, and a list of versions.
  { settings: { protocol: 'pulse', behaviour: { ...vaultForBrowsers(), extensions: [] } } },
  { settings: { protocol: 'tus', https: true }, only: ['sec.location.*'] },
  { settings: { protocol: 'tus', behaviour: twoVersionsListed }, only: ['core.version.*'] },
  { settings: { protocol: 'pulse' }, only: largeRows, large: true },
  { settings: { protocol: 'tus', behaviour: { extensions: allExtensions } } },
  // Of extensions: what only pulse has, two owners, a small maximum, and parts that must be complete.
  { settings: { protocol: 'pulse', behaviour: { extensions: allExtensions } }, only: ['concat.partial.*'] },
  {
    settings: { protocol: 'tus', guarded: true, behaviour: { extensions: allExtensions } },
    only: ['concat.final.other-owner'],
  },
  {
    settings: { protocol: 'tus', maxSizeBytes: 1_000_000, behaviour: { extensions: allExtensions } },
    only: ['concat.final.over-max'],
  },
  {
    settings: {
      protocol: 'tus',
      behaviour: { extensions: allExtensions.filter(({ name }) => name !== 'concatenation-unfinished') },
    },
    only: ['concat.final.unfinished-refused'],
  },
  { settings: { protocol: 'pulse-v1' } },
  // Tokens that are good for one artifact each.
  {
    settings: { protocol: 'pulse-v1', guarded: true, bound: true },
    only: ['v1.auth.*', 'v1.route.*', 'v1.error.*', 'v1.meta.*-id', 'v1.meta.alias-precedence'],
  },
  {
    settings: { protocol: 'pulse-v1', guarded: true },
    only: ['v1.link.*'],
  },
  {
    settings: { protocol: 'pulse-v1', behaviour: expiringSoon() },
    only: ['app.gone-recreate'],
  },
  // Sizes that come later on a server with a maximum, creations without bytes, and uploads that expire.
  {
    settings: { protocol: 'tus', maxSizeBytes: 1_000_000, behaviour: { extensions: allExtensions } },
    only: ['defer.*', 'cwu.post.expect-early-reject'],
  },
  {
    settings: {
      protocol: 'tus',
      behaviour: { extensions: allExtensions.filter(({ name }) => name !== 'creation-with-upload') },
    },
    only: ['cwu.*'],
  },
  {
    settings: { protocol: 'tus', behaviour: expiringSoon() },
    only: ['expiration.*'],
  },
];

interface Audited {
  readonly settings: ReferenceSettings;
  readonly only?: readonly string[];
  readonly large?: boolean;
}

let runs: readonly VerifyRun[] = [];

beforeAll(async () => {
  runs = await Promise.all(
    servers.map(async ({ settings, only = [], large = false }) => {
      const reference = await startReference(settings);
      const run = await runAgainst(reference, { only, large, ...keysFor(settings) });
      await reference.stop();
      return run;
    }),
  );
});

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
    // Whoever asked nobody has no answer to lose, and is audited by its spoil alone.
    if (asksNobody(check)) return expect(recording.exchanges).toEqual([]);
    const mute = structuredClone(recording);
    loseAnswers(mute);
    // What is never more than a note is a note here too, but because it was violated.
    const { verdict, violation } = judge(check, mute, run.target);
    const isNoticed = violation !== undefined || !/pass|note/.test(verdict);
    keepResult({ kind: 'audit', check: id, of: 'lost-answers', isNoticed });
    return expect(isNoticed, `${verdict} where every answer was lost`).toBe(true);
  });
});

function asksNobody({ reads }: Check): boolean {
  return reads === linkRead;
}

/** What the check read when it passed: of a whole run everything, otherwise its scenario's recording. */
function goodRecording(check: Check): { readonly run: VerifyRun; readonly recording: Recording } {
  const run = runs.find(({ results }) =>
    results.some(({ id, verdict }) => id === check.id && (verdict === 'pass' || verdict === 'note')),
  );
  if (run === undefined) throw new Error(`${check.id} passes on none of the servers`);
  if ('atLeast' in check.reads) return { run, recording: wholeRecording(run.recordings) };
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
    // What was concluded from answers goes with them.
    if (isKnownOffset(value)) Reflect.deleteProperty(value, 'bytes');
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

function isKnownOffset(value: object): boolean {
  return 'bytes' in value && 'by' in value && 'exchanges' in value;
}

function isContent(value: object): boolean {
  return 'stored' in value && 'expected' in value;
}
