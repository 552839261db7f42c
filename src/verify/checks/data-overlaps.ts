import { isBusy, isSuccess, offsetOf, outcomeOf } from '../answers.ts';
import { Blocked, check, type Section, Skip, Violation } from '../check.ts';
import { expectAnswer, expectContent, expectFinished, expectOffset, needed, whereLocked } from '../expect.ts';
import { may, safety } from '../levels.ts';
import type { KnownOffset } from '../probe/offsets.ts';
import type { Exchange } from '../recording.ts';
import {
  consecutiveRace,
  HEAD_BOUND_MS,
  headDuringPatch,
  pipelinedPatches,
  retryDuringFirstAttempt,
  revivedRequest,
  type SeenRace,
  sameOffsetRace,
  twoUploadsInTurns,
} from '../scenarios/overlaps.ts';
import { restartBetweenChunks, restartDuringPatch } from '../scenarios/restarts.ts';
import { derived, rfc, tus } from '../sources.ts';
import { count } from '../stored-runs.ts';
import { standsAt } from './no-effect.ts';

const patch = tus('PATCH', 'patch');
const oneTakesEffect = derived('Upload-Offset must equal the current offset (tus 1.0.0, PATCH)');
const sameBytes = 'the file in the end is what was sent';
const brokenVideo = 'two attempts of one client leave a damaged video behind';

/** What a phone can wait for. */
const QUICK_MS = 5000;

export const dataOverlaps: Section = {
  number: 14,
  title: 'Safety: data integrity',
  untestable: {},
  checks: [
    check({
      id: 'data.interleaved',
      level: safety,
      impact: 'data',
      spec: derived('uploads have nothing to do with each other'),
      says: 'Uploads that run in turns or at the same time do not mix.',
      passes: 'all files in the end are what was sent',
      fails: 'bytes of one are in the other',
      matters: 'one recording contains pieces of another, perhaps of another person',
      reads: twoUploadsInTurns,
      judge({ answers, finishes, contents }) {
        for (const answer of answers) needed(answer, 'a chunk');
        for (const finish of finishes) expectFinished(finish);
        for (const content of contents) expectContent(content);
        return undefined;
      },
    }),
    check({
      id: 'data.concurrent.same-offset',
      level: safety,
      impact: 'data',
      spec: oneTakesEffect,
      says: 'Of several chunks sent to the same offset at the same time, at most one takes effect.',
      passes: 'one 204 that advances, and a file that begins with exactly one of the chunks',
      fails: 'two of them advance, the offset passes the length, or the file is a blend',
      matters: brokenVideo,
      reads: sameOffsetRace,
      judge({ rounds }) {
        for (const round of rounds) oneWins(round);
        return undefined;
      },
    }),
    check({
      id: 'data.concurrent.disjoint',
      level: safety,
      impact: 'data',
      spec: patch,
      says: 'Chunks that are sent at the same time to consecutive offsets do not end in the wrong place.',
      passes: sameBytes,
      fails: 'chunks in the wrong order, or a hole',
      matters: brokenVideo,
      reads: consecutiveRace,
      judge({ rounds }) {
        for (const { finish, content } of rounds) {
          expectFinished(finish);
          expectContent(content);
        }
        return undefined;
      },
    }),
    check({
      id: 'data.concurrent.identical-retry',
      level: safety,
      impact: 'data',
      spec: oneTakesEffect,
      says: 'A chunk that is repeated while the first attempt is still being received is not doubled.',
      passes: sameBytes,
      fails: 'the file is too long, or different',
      matters: brokenVideo,
      reads: retryDuringFirstAttempt,
      judge({ finish, content }) {
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.disconnect.abandoned-request-late',
      level: safety,
      impact: 'data',
      spec: oneTakesEffect,
      says: 'A stalled request that comes back to life after the client has gone on elsewhere adds nothing.',
      passes: sameBytes,
      fails: 'the file is too long, or different',
      matters: brokenVideo,
      reads: revivedRequest,
      judge({ finish, content }) {
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.head-during-patch.time',
      level: safety,
      impact: 'resume',
      spec: derived('a client that lost its connection asks while the server still waits'),
      says: 'HEAD answers in bounded time while a PATCH is being received.',
      passes: `an answer within ${QUICK_MS / 1000} s; up to ${HEAD_BOUND_MS / 1000} s is a deviation`,
      fails: 'no answer',
      matters: 'a client that was cut off cannot resume until the server gives up',
      reads: headDuringPatch,
      judge({ asked }) {
        expectAnswer(asked, { expected: 'an answer while the PATCH is being received' });
        const tookMs = (asked.endedMs ?? 0) - asked.startedMs;
        if (tookMs <= QUICK_MS) return undefined;
        const atMost = tookMs <= HEAD_BOUND_MS ? { atMost: 'warn' as const } : {};
        throw new Violation({
          actual: `an answer after ${count(Math.round(tookMs))} ms`,
          evidence: [asked],
          ...atMost,
        });
      },
    }),
    check({
      id: 'data.head-during-patch.value',
      level: safety,
      impact: 'resume',
      spec: derived('the offset is the number of bytes that are stored'),
      says: 'The offset that it states lies within what has been sent so far.',
      passes: 'from 0 to what was sent; a refusal is noted',
      fails: 'more than was sent',
      matters: 'a client skips bytes that the server never got',
      reads: headDuringPatch,
      judge({ asked, sentBytes }) {
        if (asked.answer === undefined) throw new Blocked('HEAD was not answered', [asked]);
        if (!isSuccess(asked)) return `HEAD answered ${outcomeOf(asked)} while a PATCH was being received`;
        return expectOffset(asked, { from: 0, to: sentBytes });
      },
    }),
    check({
      id: 'data.head-during-patch.recover',
      level: safety,
      impact: 'data',
      spec: patch,
      says: 'Whatever became of the interrupted PATCH, the upload can be finished with the right bytes.',
      passes: sameBytes,
      fails: 'the upload is stuck, or the bytes differ',
      matters: brokenVideo,
      reads: headDuringPatch,
      judge({ finish, content }) {
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.pipelined',
      level: may,
      impact: 'data',
      spec: rfc(9112, '9.3.2'),
      says: 'Two PATCHes that are sent over one connection without waiting keep their order.',
      passes: `both are taken in order, or the second is refused; ${sameBytes}`,
      fails: 'bytes are swapped or lost although both were acknowledged',
      matters: brokenVideo,
      reads: pipelinedPatches,
      judge({ finish, content }) {
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.restart.between-chunks',
      level: safety,
      impact: 'data',
      spec: derived('servers are restarted'),
      says: 'A restart between chunks loses no acknowledged byte silently.',
      passes: `HEAD states the acknowledged offset; ${sameBytes}; 404 or 410 is a deviation`,
      fails: 'another offset, a 5xx, or a damaged file',
      matters: 'an update of the server damages every upload that is under way',
      reads: restartBetweenChunks,
      judge({ acknowledged, asked, after, finish, content }) {
        expectStanding({ asked, after }, { from: acknowledged, to: acknowledged });
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.restart.mid-patch',
      level: safety,
      impact: 'data',
      spec: derived('servers crash'),
      says: 'A server that is killed inside a PATCH leaves a consistent upload behind.',
      passes: `an offset up to what was sent; ${sameBytes}; 404 or 410 is a deviation`,
      fails: 'an offset beyond that, or a damaged file',
      matters: 'a crash damages every upload that is under way',
      reads: restartDuringPatch,
      judge({ sentBytes, asked, after, finish, content }) {
        expectStanding({ asked, after }, { from: 0, to: sentBytes });
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'data.restart.durability',
      level: safety,
      impact: 'data',
      spec: derived('204 says that the bytes are stored'),
      says: 'What a 204 acknowledged survives a kill of the server.',
      passes: 'an offset of at least what was acknowledged; 404 or 410 is a deviation',
      fails: 'less, and the server goes on from there',
      matters: 'the client has forgotten what it believes to be stored',
      reads: restartBetweenChunks,
      judge({ acknowledged, asked, after }) {
        forgetsNothing(asked ?? after.exchanges.at(-1));
        if ((after.bytes ?? -1) >= acknowledged) return undefined;
        throw lessThan(acknowledged, after);
      },
    }),
  ],
};

function oneWins({ answers, after, finish, content, candidates }: SeenRace): undefined {
  const winners = answers.filter((answer) => isSuccess(answer) && (offsetOf(answer) ?? 0) > 0);
  const sizeBytes = content.expected.sizeBytes;
  if (winners.filter((answer) => offsetOf(answer) === sizeBytes).length > 1) {
    throw new Violation({ actual: `${winners.length} of them were acknowledged`, evidence: answers });
  }
  if ((after.bytes ?? 0) > sizeBytes) {
    throw new Violation({
      actual: `offset ${count(after.bytes ?? 0)} of ${count(sizeBytes)}`,
      evidence: answers,
    });
  }
  expectFinished(finish);
  if (content.by === 'none') throw new Skip(content.unknown);
  const { stored, unknown = 'no file', exchange } = content;
  if (stored === undefined)
    throw new Violation({ ...whereLocked(exchange), actual: unknown, evidence: [...answers, exchange] });
  if (candidates.includes(stored.sha256)) return;
  const actual = `${count(stored.sizeBytes ?? sizeBytes)} bytes that begin with none of the chunks alone`;
  throw new Violation({ actual, evidence: answers });
}

interface SeenAfterRestart {
  /** The first HEAD; absent where the server has none. */
  readonly asked?: Exchange | undefined;
  readonly after: KnownOffset;
}

/** The offset by HEAD, or where there is none by the empty PATCH that was taken. */
function expectStanding(
  { asked, after }: SeenAfterRestart,
  wanted: { readonly from: number; readonly to: number },
): undefined {
  forgetsNothing(asked ?? after.exchanges.at(-1));
  // The lock of a process that was killed lasts for a while.
  if (asked !== undefined && !isBusy(asked)) return expectOffset(asked, wanted);
  const offset = standsAt(after);
  if (offset >= wanted.from && offset <= wanted.to) return;
  throw new Violation({ actual: `offset ${count(offset)}`, evidence: after.exchanges.slice(-1) });
}

/** A server that keeps uploads in memory loses them, and says so: resuming is impossible, nothing is damaged. */
function forgetsNothing(asked: Exchange | undefined): undefined {
  const { status } = expectAnswer(asked);
  if (status !== 404 && status !== 410) return;
  const matters = 'every upload that was under way starts again from nothing';
  const actual = `${asked?.sent.method} answered ${status}`;
  throw new Violation({ actual, matters, atMost: 'warn', evidence: [asked] });
}

function lessThan(acknowledged: number, { bytes, exchanges }: KnownOffset): Violation {
  const actual = bytes === undefined ? 'no offset' : `offset ${count(bytes)}`;
  return new Violation({
    expected: `at least ${count(acknowledged)}`,
    actual,
    evidence: exchanges.slice(-1),
  });
}
