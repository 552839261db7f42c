import { type Check, check } from '../../src/verify/check.ts';
import { type CheckResult, judge } from '../../src/verify/judge.ts';
import { must } from '../../src/verify/levels.ts';
import type { Exchange, Recording, SentRecord } from '../../src/verify/recording.ts';
import { scenario } from '../../src/verify/scenario.ts';
import { suite } from '../../src/verify/suite.ts';
import type { Target } from '../../src/verify/target.ts';
import { allChecks } from '../../src/verify/verify.ts';

/** Values for tests of what looks at values: complete, and boring in everything that a test does not say. */

export const aTarget: Target = {
  protocol: 'pulse',
  server: 'http://127.0.0.1:1',
  createUrl: 'http://127.0.0.1:1/uploads',
  finalizeUrl: 'http://127.0.0.1:1/uploads/finalize',
  aliveUrl: 'http://127.0.0.1:1/health',
  extensions: [],
  oracle: 'finalize',
  assumptions: [],
};

const aScenario = scenario({ id: 'made-up', does: 'nothing', run: async () => ({}) });

export function aCheck(changes: Partial<Check> = {}): Check {
  return {
    ...check({
      id: 'made.up',
      level: must,
      impact: 'data',
      spec: { url: 'https://example.test', section: 'none' },
      says: 'Something holds.',
      passes: 'it holds',
      fails: 'it does not',
      matters: 'somebody is sad',
      reads: aScenario,
      judge: () => undefined,
    }),
    ...changes,
  };
}

export function anExchange(
  {
    status,
    headers = {},
    ...changes
  }: Partial<Exchange> & { status?: number; headers?: Record<string, string> },
  sent: Partial<SentRecord> = {},
): Exchange {
  const body = { sizeBytes: 0, sha256: '' };
  return {
    n: 1,
    connection: 1,
    url: 'http://127.0.0.1:1/uploads/1',
    sent: { method: 'HEAD', target: '/uploads/1', headers: [], body, writtenBytes: 0, ...sent },
    startedMs: 0,
    sentMs: 0,
    ...(status !== undefined && {
      answer: {
        status,
        reason: '',
        version: '1.1',
        framing: 'none',
        interim: [],
        body,
        headers: Object.entries(headers),
      },
    }),
    ...changes,
  };
}

export function aRecording(changes: Partial<Recording> = {}): Recording {
  return {
    scenario: aScenario.id,
    startedMs: 0,
    elapsedMs: 5,
    sentBytes: 0,
    exchanges: [],
    outcome: { kind: 'seen', seen: {} },
    ...changes,
  };
}

/** What a check of the suite says of what its scenario is said to have seen. */
export function verdictOf(id: string, seen: object, target = aTarget): string | undefined {
  return judged(id, seen, target)?.verdict;
}

export function judged(id: string, seen: object, target = aTarget): CheckResult | undefined {
  const asked = allChecks(suite).find((each) => each.id === id);
  return asked && judge(asked, aRecording({ outcome: { kind: 'seen', seen } }), target);
}
