import { headerOf, isSuccess, outcomeOf } from './answers.ts';
import {
  Blocked,
  type Check,
  type Impact,
  type Level,
  Skip,
  type Source,
  Violation,
  type ViolationDetails,
} from './check.ts';
import { putOffAlone, whyPutOff } from './put-off.ts';
import type { Exchange, Recording } from './recording.ts';
import { type SeenInRun, WHOLE_RUN } from './scenario.ts';
import { type Target, whyNoChunks } from './target.ts';
import { whyAllUnfinalized, whyUnfinalized } from './unfinalized.ts';

/** `fail`: a MUST or safety requirement is broken; `warn`: a SHOULD; `note`: recorded; `error`: our own mistake. */
export type Verdict = 'pass' | 'fail' | 'warn' | 'note' | 'skip' | 'blocked' | 'error';

export interface CheckResult {
  readonly id: string;
  /** Absent where the requirement is not part of the protocol. */
  readonly level?: Level;
  readonly impact: Impact;
  readonly verdict: Verdict;
  readonly says: string;
  readonly spec: Source;
  readonly scenario: string;
  /** Present where the requirement was violated, however that is graded. */
  readonly violation?: { readonly expected: string; readonly actual: string; readonly matters: string };
  /** Why it was skipped or blocked, what is worth a note, or what our mistake was. */
  readonly remark?: string;
  /** The exchanges that show it. */
  readonly evidence: readonly Exchange[];
  readonly elapsedMs: number;
}

/** What a violation of a requirement of that level is. */
const violated: Readonly<Record<Level, Verdict>> = {
  MUST: 'fail',
  safety: 'fail',
  SHOULD: 'warn',
  MAY: 'note',
};

const severity: Readonly<Partial<Record<Verdict, number>>> = { note: 1, warn: 2, fail: 3 };

/** Judges one check by its recording. Pure, so that a recording can be judged again at any time. */
export function judge(check: Check, recording: Recording, target: Target): CheckResult {
  const level = check.level[target.protocol];
  const result = (verdict: Verdict, rest: Partial<CheckResult> = {}): CheckResult => ({
    ...resultOf(check, verdict, target),
    evidence: recording.exchanges,
    elapsedMs: recording.elapsedMs,
    ...rest,
  });
  const { outcome } = recording;
  if (level === undefined) return notInProtocol(check, target);
  if (outcome.kind === 'skipped') return result('skip', { remark: outcome.reason });
  const chunkless = check.saysChunksRefused ? undefined : whyChunkless(recording, target);
  const putOff = whyPutOff(recording.exchanges);
  if (outcome.kind === 'blocked') {
    return result('blocked', { remark: chunkless ?? putOff ?? outcome.reason });
  }
  if (outcome.kind === 'error') return result('error', { remark: outcome.message });
  try {
    const remark = check.judge(outcome.seen, target);
    const vacuous =
      remark === undefined && !needsNoUpload(check)
        ? (whyVacuous(recording, target) ?? chunkless)
        : undefined;
    const why =
      vacuous ??
      whyAllUnfinalized(check, recording, target) ??
      whyPutOff(putOffAlone(recording, target), recording.exchanges);
    if (why !== undefined) return result('blocked', { remark: why });
    return remark === undefined ? result('pass') : result('note', { remark });
  } catch (thrown) {
    if (thrown instanceof Skip) return result('skip', { remark: thrown.message });
    if (thrown instanceof Blocked) {
      const shown = thrown.evidence.length > 0 ? { evidence: thrown.evidence } : {};
      const unfinalized = whyUnfinalized(thrown.evidence, recording, target);
      return result('blocked', { remark: chunkless ?? unfinalized ?? putOff ?? thrown.message, ...shown });
    }
    if (!(thrown instanceof Violation)) return result('error', { remark: mistake(thrown) });
    const { expected = check.passes, actual, isLoss } = thrown.details;
    const matters =
      thrown.details.matters ?? (isLoss && violated[level] !== 'fail' ? lossMatters : check.matters);
    const evidence = thrown.details.evidence?.filter((exchange) => exchange !== undefined);
    const locked = needsNoUpload(check)
      ? undefined
      : (whyLocked(evidence ?? recording.exchanges, recording, target) ?? chunkless);
    // What was put off explains neither lost bytes nor what another request of a crowd shows.
    const excuses = isLoss ? [] : [...putOffAlone(recording, target), ...shownPutOff(evidence, check)];
    const why =
      locked ?? whyUnfinalized(evidence ?? [], recording, target) ?? whyPutOff(excuses, recording.exchanges);
    if (why !== undefined) return result('blocked', { remark: why, ...(evidence && { evidence }) });
    return result(graded(level, thrown.details), {
      ...(isLoss && asLoss),
      violation: { expected, actual, matters },
      ...(evidence && { evidence }),
    });
  }
}

function needsNoUpload({ reads }: Check): boolean {
  return 'needsNoUpload' in reads && reads.needsNoUpload === true;
}

/** A server that refuses every upload does nothing wrong with any: that it refuses a wrong one as well shows nothing. */
function whyVacuous(recording: Recording, { refusesUploads }: Target): string | undefined {
  if (refusesUploads === undefined) return undefined;
  return exchangesIn(recording).some(isCreation) ? undefined : refusesUploads;
}

/** A creation that is refused for want of a credential says nothing about what else the server does with it. */
function whyLocked(
  evidence: readonly Exchange[],
  { scenario }: Recording,
  { createUrl, advice, refusesUploads }: Target,
): string | undefined {
  if (refusesUploads === undefined || advice === undefined || scenario === WHOLE_RUN) return undefined;
  const isLocked = evidence.some(
    ({ url, sent, answer }) =>
      url === createUrl && sent.method === 'POST' && (answer?.status === 401 || answer?.status === 403),
  );
  return isLocked ? `${refusesUploads}; ${advice}` : undefined;
}

/**
 * A server that takes no chunk at all is told so once: what follows from the refusal of a right one is no finding
 * of its own, and that it refuses a wrong one in the same way shows nothing.
 */
function whyChunkless({ scenario, exchanges }: Recording, target: Target): string | undefined {
  const why = whyNoChunks(target);
  if (why === undefined || scenario === WHOLE_RUN) return undefined;
  const chunks = exchanges.filter(({ sent }) => sent.method === 'PATCH');
  const isRefusedAlike = chunks.some((exchange) => outcomeOf(exchange) === target.refusesChunks);
  return isRefusedAlike && !chunks.some(isSuccess) ? why : undefined;
}

/** What a violation is seen by at last. Who looks at the whole run judges by itself what 503 stands for. */
function shownPutOff(evidence: readonly Exchange[] = [], { reads }: Check): readonly Exchange[] {
  return evidence.slice(-1).filter(({ answer }) => reads.id !== WHOLE_RUN || answer?.status !== 503);
}

function exchangesIn({ scenario, exchanges, outcome }: Recording): readonly Exchange[] {
  return scenario === WHOLE_RUN && outcome.kind === 'seen'
    ? (outcome.seen as SeenInRun).exchanges
    : exchanges;
}

function isCreation(exchange: Exchange): boolean {
  const isPost = exchange.sent.method === 'POST';
  return isPost && isSuccess(exchange) && headerOf(exchange, 'Location') !== undefined;
}

/** The result of a check that was not run. */
export function unjudged(
  check: Check,
  verdict: 'skip' | 'blocked' | 'error',
  remark: string,
  target: Target,
): CheckResult {
  return check.level[target.protocol] === undefined
    ? notInProtocol(check, target)
    : { ...resultOf(check, verdict, target), remark };
}

/** What the checks of the whole run are given, as the recording of a scenario that had seen it all. */
export function wholeRecording(recordings: readonly Recording[]): Recording<SeenInRun> {
  const exchanges = recordings.flatMap(({ scenario, exchanges }) =>
    exchanges.map((exchange) => ({ ...exchange, scenario })),
  );
  return {
    scenario: WHOLE_RUN,
    startedMs: 0,
    elapsedMs: 0,
    sentBytes: 0,
    exchanges: [],
    outcome: { kind: 'seen', seen: { exchanges } },
  };
}

function notInProtocol(check: Check, target: Target): CheckResult {
  return { ...resultOf(check, 'skip', target), remark: `not part of ${target.protocol}` };
}

function resultOf(check: Check, verdict: Verdict, target: Target): CheckResult {
  const { id, impact, says, spec } = check;
  const level = check.level[target.protocol];
  const scenario = check.reads.id;
  return { id, ...(level && { level }), impact, verdict, says, spec, scenario, evidence: [], elapsedMs: 0 };
}

const lossMatters = 'bytes that the server acknowledged are not what it holds';
/** That taken bytes are lost is never a matter of advice: a client that was told 204 deletes its file. */
const asLoss = { level: 'safety', impact: 'data' } as const;

function graded(level: Level, { atMost, isLoss }: ViolationDetails): Verdict {
  const verdict = violated[isLoss ? asLoss.level : level];
  return atMost && (severity[atMost] ?? 0) < (severity[verdict] ?? 0) ? atMost : verdict;
}

export function mistake(thrown: unknown): string {
  return thrown instanceof Error
    ? `${thrown.message} (${thrown.stack?.split('\n')[1]?.trim() ?? ''})`
    : String(thrown);
}
