import type { VerifyEvent } from '../../../src/verify/events.ts';
import type { Verdict } from '../../../src/verify/judge.ts';
import { created, server, spec } from './made-up.ts';

/** Events as a run reports them. */

export const start: VerifyEvent = {
  type: 'verify.start',
  target: server,
  protocol: 'pulse',
  assumptions: ['pulse, because /health answered OK', 'no extensions advertised'],
  checks: 16,
  seed: 7,
  runId: 'a1b2c3',
};

export const scenarioStart = (scenario: string): VerifyEvent => ({ type: 'scenario.start', scenario });
export const scenarioEnd = (scenario: string): VerifyEvent => ({
  type: 'scenario.end',
  scenario,
  elapsedMs: 12,
});

export const checkEnd = (id: string, verdict: Verdict): Extract<VerifyEvent, { type: 'check.end' }> => ({
  type: 'check.end',
  id,
  level: 'MUST',
  impact: 'resume',
  verdict,
  says: 'The answer is right.',
  spec,
  elapsedMs: 12,
  exchanges: [created],
});
