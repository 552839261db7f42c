import type { Source } from './check.ts';
import type { Verdict } from './judge.ts';
import type { Exchange } from './recording.ts';
import type { Counts } from './verdict.ts';

/** What a verify run tells while it works; part of the NDJSON contract. */
export type VerifyEvent =
  | {
      readonly type: 'verify.start';
      readonly target: string;
      readonly protocol: string;
      /** What was concluded about the server, and from what. */
      readonly assumptions: readonly string[];
      /** How many checks this run will end with. */
      readonly checks: number;
      readonly seed: number;
      readonly runId: string;
    }
  | { readonly type: 'scenario.start'; readonly scenario: string }
  | { readonly type: 'scenario.end'; readonly scenario: string; readonly elapsedMs: number }
  | {
      readonly type: 'check.end';
      readonly id: string;
      readonly level?: string;
      readonly impact: string;
      readonly verdict: Verdict;
      readonly says: string;
      readonly spec: Source;
      readonly expected?: string;
      readonly actual?: string;
      readonly matters?: string;
      readonly remark?: string;
      readonly elapsedMs: number;
      readonly exchanges: readonly Exchange[];
    }
  | ({
      readonly type: 'run.end';
      readonly exitCode: number;
      readonly elapsedMs: number;
      /** Checks of the expect-failures file that do not fail any more: each of them fails the run. */
      readonly stale?: readonly string[];
    } & Counts);

export type ReportVerify = (event: VerifyEvent) => void;
