import { headerMembers, isGone, isSuccess, offsetOf, outcomeOf, wasClosed } from '../answers.ts';
import { Blocked, type Check, check, Skip, Violation } from '../check.ts';
import { expectAnswer, expectFinished, expectOffset, expectStatus, remarks } from '../expect.ts';
import { safety, should } from '../levels.ts';
import { unknownPatch } from '../scenarios/basic-flow.ts';
import {
  emptyPatch,
  patchesBehindTheEnd,
  refusedBodyThenNext,
  tooLongBodies,
} from '../scenarios/core-patch-edges.ts';
import { cutByReset, cutInMidChunk } from '../scenarios/disconnects.ts';
import type { Trial } from '../scenarios/trial.ts';
import { derived, rfc, tus } from '../sources.ts';
import { skipChunkedToHttp10 } from './http-1-0.ts';
import { expectContentWhereKnown, expectUnmoved, standsAt } from './no-effect.ts';

const patch = tus('PATCH', 'patch');
const neverLonger = derived('an upload has the length that was declared (tus 1.0.0, Upload-Length)');
const finished = derived('a complete upload is complete');

/** PATCH at the edges: unknown uploads, too much, nothing, behind the end, broken off. */
export const edges: readonly Check[] = [
  check({
    id: 'core.patch.unknown.404',
    level: should,
    impact: 'resume',
    spec: patch,
    says: 'PATCH to an upload that does not exist answers 404.',
    passes: '404, 410 or 403, and 401 where a credential is asked for',
    fails: 'a success, another 4xx, a 5xx, or no answer',
    matters: 'a client does not learn that its upload is gone, and never starts a new one',
    reads: unknownPatch,
    judge: ({ patchUnknown }, { guarded }) =>
      expectStatus(patchUnknown, [404, 410, 403, ...(guarded ? [401] : [])]),
  }),
  check({
    id: 'core.patch.exceed-length',
    level: safety,
    impact: 'data',
    spec: neverLonger,
    says: 'A body that is longer than what is missing never pushes the upload past its length.',
    passes: 'any 4xx, or a success that stops at the length; a closed connection is noted',
    fails: 'an offset beyond the length, a 5xx, or a server that hangs',
    matters: 'the file is longer than what was declared, or the sender does not learn what was wrong',
    reads: tooLongBodies,
    judge: ({ plain }) => staysWithin(plain.trial, plain.sizeBytes),
  }),
  check({
    id: 'core.patch.exceed-length-chunked',
    level: safety,
    impact: 'data',
    spec: neverLonger,
    says: 'The same holds for a body whose length is not announced.',
    passes: 'any 4xx, or a success that stops at the length; a closed connection is noted',
    fails: 'an offset beyond the length, a 5xx, or a server that hangs',
    matters: 'the file is longer than what was declared, or the sender does not learn what was wrong',
    reads: tooLongBodies,
    judge({ chunked: { trial, sizeBytes } }) {
      skipChunkedToHttp10(...trial.after.exchanges);
      return staysWithin(trial, sizeBytes);
    },
  }),
  check({
    id: 'core.patch.exceed-then-recover',
    level: safety,
    impact: 'data',
    spec: neverLonger,
    says: 'After a body that was too long the upload can still be finished with the right bytes.',
    passes: 'going on from where the server says gives the file that was sent',
    fails: 'bytes too many or too few, or an upload that is stuck',
    matters: 'one wrong request costs the whole upload',
    reads: tooLongBodies,
    judge({ plain, chunked }) {
      for (const { finish } of [plain, chunked]) expectFinished(finish);
      return remarks(...[plain, chunked].map(({ content }) => expectContentWhereKnown(content)));
    },
  }),
  check({
    id: 'core.patch.after-complete-empty',
    level: safety,
    impact: 'data',
    spec: finished,
    says: 'An empty PATCH at the end of a complete upload changes nothing.',
    passes: 'a success with the same offset, or any 4xx',
    fails: 'another offset, a 5xx, or no answer',
    matters: 'a client that makes sure that everything arrived spoils what is there',
    reads: patchesBehindTheEnd,
    judge({ before, empty }) {
      expectStatus(empty.exchange, ['2xx', '4xx']);
      statesNoOther(empty);
      // Without HEAD a server that takes nothing more does not say where a complete upload stands.
      if (before.bytes === undefined) return 'the server does not say where a complete upload stands';
      return expectUnmoved(empty);
    },
  }),
  check({
    id: 'core.patch.after-complete-bytes',
    level: safety,
    impact: 'data',
    spec: finished,
    says: 'Bytes that are offered to a complete upload are never stored.',
    passes: 'any 4xx, or a success with the same offset; and the file is what was sent',
    fails: 'the offset or the file grows, a 5xx, or no answer',
    matters: 'a finished video is changed afterwards',
    reads: patchesBehindTheEnd,
    judge({ before, oneByte, content }) {
      expectStatus(oneByte.exchange, ['2xx', '4xx']);
      statesNoOther(oneByte);
      if (before.bytes !== undefined) expectUnmoved(oneByte);
      return expectContentWhereKnown(content);
    },
  }),
  check({
    id: 'core.patch.empty-body',
    level: safety,
    impact: 'resume',
    spec: derived('a chunk of no bytes moves nothing'),
    says: 'An empty PATCH at the right offset does no harm.',
    passes: 'a success with the same offset, or any 4xx',
    fails: 'the offset moves, a 5xx, or no answer',
    matters: 'a client that asks in this way where the upload stands changes it',
    reads: emptyPatch,
    judge({ empty }) {
      expectStatus(empty.exchange, ['2xx', '4xx']);
      statesNoOther(empty);
      return expectUnmoved(empty);
    },
  }),
  check({
    id: 'core.patch.store-partial',
    level: should,
    impact: 'resume',
    spec: patch,
    says: 'What arrived of a chunk before its connection broke is kept.',
    passes: 'a larger offset than before the chunk that was cut',
    fails: 'the same offset as before: nothing is stored of a chunk that breaks off',
    matters: 'over a line that breaks often, large chunks never get through',
    reads: cutInMidChunk,
    judge({ cuts }) {
      const cut = cuts[0];
      if (cut === undefined) throw new Blocked('no chunk could be cut');
      if (standsAt(cut.after) > cut.beforeBytes) return undefined;
      const actual = `${cut.sentBytes} bytes were sent before the cut, and the offset has not moved (a proxy that buffers requests has the same effect)`;
      throw new Violation({ actual, evidence: [cut.cut, ...cut.after.exchanges.slice(-1)] });
    },
  }),
  check({
    id: 'core.patch.network-errors',
    level: should,
    impact: 'resume',
    spec: patch,
    says: 'A connection that is reset inside a chunk is noticed, and the upload can go on.',
    passes: 'the server says where the upload stands, and takes the rest from there',
    fails: 'no answer, or an upload that stays locked',
    matters: 'after a dropped connection the upload cannot be resumed',
    reads: cutByReset,
    judge({ cuts, finish }) {
      const cut = cuts[0];
      if (cut === undefined) throw new Blocked('no chunk could be cut');
      standsAt(cut.after);
      return expectFinished(finish);
    },
  }),
  check({
    id: 'core.patch.post-error-reuse',
    level: safety,
    impact: 'interoperability',
    spec: rfc(9112, '9.3'),
    says: 'A server that refuses a request without reading its body closes the connection, or stays in step.',
    passes:
      'the connection is closed, or said to be at its end, or the next request over it is answered as it should be',
    fails: 'the unread body is taken for the next request, or nothing is answered any more',
    matters: 'bytes of a video are executed as requests, and answers reach the wrong request',
    reads: refusedBodyThenNext,
    judge({ trials }, { finalizeUrl }) {
      type Refusal = (typeof trials)[number];
      const isRefused = ({ refused }: Refusal) => !wasClosed(refused) && expectAnswer(refused).status >= 400;
      // What says that it is the last may also read on until the client closes (RFC 9112, 9.6).
      const isLast = ({ refused, second }: Refusal) =>
        second.broken?.cause === 'timeout' &&
        headerMembers(refused, 'Connection').some((word) => /^close$/i.test(word));
      // What a finalize that came too early did to its upload is another question.
      const isInStep = (trial: Refusal) =>
        wasClosed(trial.second) ||
        isSuccess(trial.second) ||
        isLast(trial) ||
        (trial.refused.url === finalizeUrl && isGone(trial.second));
      const heard = trials.filter(isRefused);
      if (heard.length === 0) {
        throw new Skip(
          `no refusal could be read: ${trials.map(({ refused }) => outcomeOf(refused)).join(', ')}`,
        );
      }
      const strayed = heard.find((trial) => !isInStep(trial));
      if (strayed === undefined) return undefined;
      const { refused, second } = strayed;
      const expected = 'the connection closed, or the answer to the second request';
      throw new Violation({ expected, actual: outcomeOf(second), evidence: [refused, second] });
    },
  }),
];

/** Whatever was answered, the upload is no longer than it may be. */
function staysWithin(trial: Trial, sizeBytes: number): string | undefined {
  const { exchange, after } = trial;
  const expected = `a refusal, or a success that stops at ${sizeBytes}`;
  // A server may refuse by closing before it has read all (RFC 9112, 9.6): then only the state tells.
  const isClosed = wasClosed(exchange);
  if (!isClosed) expectStatus(exchange, ['2xx', '4xx'], { expected });
  if (isSuccess(exchange)) expectOffset(exchange, { from: 0, to: sizeBytes }, { expected });
  const stands = standsAt(after);
  if (stands > sizeBytes) {
    const actual = `the upload of ${sizeBytes} bytes stands at ${stands}`;
    throw new Violation({ expected, actual, evidence: [exchange, ...after.exchanges.slice(-1)] });
  }
  return isClosed ? 'the connection was closed before an answer could be read' : undefined;
}

/** A success that states an offset states the one where the upload stood. */
function statesNoOther({ exchange, beforeBytes }: Trial): void {
  if (isSuccess(exchange) && offsetOf(exchange) !== undefined) expectOffset(exchange, beforeBytes);
}
