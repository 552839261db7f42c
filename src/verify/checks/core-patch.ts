import { headerOf, isSuccess, offsetOf, outcomeOf, wasClosed } from '../answers.ts';
import { type Check, check, type Section, Skip, Violation } from '../check.ts';
import {
  expectAnswer,
  expectFinished,
  expectHeader,
  expectOffset,
  expectStatus,
  needed,
  remarks,
} from '../expect.ts';
import { may, must, safety, should } from '../levels.ts';
import type { KnownOffset } from '../probe/offsets.ts';
import type { Exchange } from '../recording.ts';
import {
  FIRST_BYTES,
  mediaTypeSpellings,
  offsetMismatches,
  patchOnKeptConnection,
  patchSteps,
  repeatedChunk,
  STEPS_BYTES,
  singleBytes,
  singleRequest,
  threeUploads,
  wrongMediaTypes,
} from '../scenarios/core-patch.ts';
import type { Trial } from '../scenarios/trial.ts';
import { rfc, tus } from '../sources.ts';
import { edges } from './core-patch-edges.ts';
import { offsetSyntax } from './core-patch-offsets.ts';
import { expectContentWhereKnown, expectUnmoved, standsAt } from './no-effect.ts';

const patch = tus('PATCH', 'patch');

const sending: readonly Check[] = [
  check({
    id: 'core.patch.204',
    level: must,
    impact: 'interoperability',
    spec: patch,
    says: 'A chunk that was taken is acknowledged with 204.',
    passes: '204',
    fails: 'a refusal of a right chunk; another 2xx is a deviation',
    matters: 'clients that know only 204 take the chunk for refused, and send it again',
    saysChunksRefused: true,
    reads: patchSteps,
    judge: ({ first }) => expectStatus(first, [204], { warn: ['2xx'] }),
  }),
  check({
    id: 'core.patch.offset-header',
    level: must,
    impact: 'resume',
    spec: patch,
    says: 'The acknowledgement states the new offset.',
    passes: 'Upload-Offset with a plain integer',
    fails: 'no Upload-Offset, or one that is no plain integer',
    matters: 'the client does not know where the next chunk begins',
    reads: patchSteps,
    judge: ({ first }) => expectHeader(taken(first), 'Upload-Offset', /^(0|[1-9]\d*)$/),
  }),
  check({
    id: 'core.patch.offset-sum',
    level: must,
    impact: 'data',
    spec: patch,
    says: 'The new offset is the old one plus the bytes that the server took of this chunk.',
    passes: 'no less than before, no more than what was sent, and where the upload then really stands',
    fails: 'a smaller or larger offset, or one that the server does not stand by when asked',
    matters: 'the client skips bytes that the server never got, or sends some twice',
    reads: patchSteps,
    judge({ first, afterFirst, start, second, afterSecond }) {
      acknowledges(first, { from: 0, to: FIRST_BYTES }, afterFirst);
      return acknowledges(second, { from: start, to: STEPS_BYTES }, afterSecond);
    },
  }),
  check({
    id: 'core.patch.partial-accept',
    level: may,
    impact: 'resume',
    spec: patch,
    says: 'A server may take less of a chunk than was sent, if it says so and goes on from there.',
    passes: 'each acknowledgement lies within what was sent, and the upload can be finished from there',
    fails: 'the upload cannot be finished from the offset that was acknowledged, or its bytes are wrong',
    matters: 'a client that obeys the acknowledged offset does not get on',
    reads: patchSteps,
    judge({ first, start, second, finish, content }) {
      expectOffset(statesOffset(first), { from: 0, to: FIRST_BYTES });
      expectOffset(statesOffset(second), { from: start, to: STEPS_BYTES });
      expectFinished(finish);
      const isShort = offsetOf(first) !== FIRST_BYTES || offsetOf(second) !== STEPS_BYTES;
      const short = isShort ? 'the server takes less of a chunk than was sent' : undefined;
      return remarks(short, expectContentWhereKnown(content));
    },
  }),
  check({
    id: 'core.patch.no-content',
    level: must,
    impact: 'interoperability',
    spec: rfc(9110, '15.3.5'),
    says: 'Nothing follows the head of a 204.',
    passes: 'no stray byte, and the next answer over the same connection reads from its start',
    fails: 'body bytes, or a next answer that cannot be read',
    matters: 'the next request over the connection gets a garbled answer',
    reads: patchOnKeptConnection,
    judge({ patched, stray, second }) {
      if (taken(patched).answer?.status !== 204) throw new Skip('the chunk was not acknowledged with 204');
      if (stray.sizeBytes > 0) {
        const actual = `${stray.sizeBytes} bytes behind it: ${JSON.stringify(stray.text.slice(0, 60))}`;
        throw new Violation({ expected: 'nothing behind the head', actual, evidence: [patched] });
      }
      // A server that closes the connection afterwards is in its right.
      if (second === undefined || wasClosed(second)) return undefined;
      expectAnswer(second, { expected: 'a second answer over the same connection' });
      return undefined;
    },
  }),
  check({
    id: 'core.patch.many-chunks',
    level: may,
    impact: 'interoperability',
    spec: patch,
    says: 'An upload may be sent in any number of chunks, however small.',
    passes: '120 PATCHes of one byte are taken, and the bytes are right',
    fails: 'one is refused, or the bytes are wrong',
    matters: 'an upload over a bad line, with many small pieces, cannot be finished',
    reads: singleBytes,
    judge({ finish, content }) {
      const patches = finish.exchanges.filter(({ sent }) => sent.method === 'PATCH');
      const said = patches.map((exchange) => expectStatus(exchange, ['2xx']));
      expectFinished(finish);
      return remarks(...said, expectContentWhereKnown(content));
    },
  }),
  check({
    id: 'core.patch.single-request',
    level: should,
    impact: 'interoperability',
    spec: patch,
    says: 'All that is missing can be sent in one PATCH.',
    passes: 'a PATCH of 8 MiB is taken, and the bytes are right',
    fails: '413 by a limit on request bodies, a cut connection, a 5xx, or other bytes',
    matters: 'clients that send the rest of a file in one request, as tus recommends, cannot upload',
    reads: singleRequest,
    judge({ patched, finish, content }) {
      // First, since it weighs more than a refusal.
      const said = finish.complete ? expectContentWhereKnown(content) : undefined;
      expectStatus(patched, ['2xx']);
      expectFinished(finish);
      return said;
    },
  }),
  check({
    id: 'core.patch.any-upload-url',
    level: should,
    impact: 'interoperability',
    spec: patch,
    says: 'Every upload that is not finished takes PATCH at its URL, in whichever order they were created.',
    passes: 'a success for each of three uploads',
    fails: 'one of them is refused',
    matters: 'a client with several uploads gets on with the newest one only',
    reads: threeUploads,
    judge: ({ patches }) => remarks(...patches.map((patched) => expectStatus(patched, ['2xx']))),
  }),
];

const refusing: readonly Check[] = [
  check({
    id: 'core.patch.wrong-content-type.415',
    level: should,
    impact: 'interoperability',
    spec: patch,
    says: 'A chunk of another media type than application/offset+octet-stream is refused with 415.',
    passes: '415 to text/plain; another 4xx is noted',
    fails: 'it is taken, a 5xx, or no answer',
    matters: 'a form or a JSON document that went to the wrong URL becomes part of a video',
    reads: wrongMediaTypes,
    judge: ({ text }) => refusedType(text, [415]),
  }),
  check({
    id: 'core.patch.missing-content-type',
    level: should,
    impact: 'interoperability',
    spec: patch,
    says: 'A chunk without any Content-Type is refused likewise.',
    passes: 'any 4xx',
    fails: 'it is taken, a 5xx, or no answer',
    matters: 'what was never meant as a chunk becomes part of a video',
    reads: wrongMediaTypes,
    judge: ({ none }) => refusedType(none, ['4xx']),
  }),
  check({
    id: 'core.patch.content-type-not-applied',
    level: safety,
    impact: 'data',
    spec: patch,
    says: 'A chunk that is refused for its media type leaves the upload untouched.',
    passes: 'the offset stays, and the finished file is what was sent',
    fails: 'the offset moved, or the refused bytes are in the file',
    matters: 'the client sends the chunk again, and the file holds both',
    reads: wrongMediaTypes,
    judge({ text, none, finish, content }) {
      const refused = [text, none].filter(({ exchange }) => !isSuccess(exchange));
      if (refused.length === 0) throw new Skip('chunks of any media type are taken');
      for (const trial of refused) expectUnmoved(trial);
      if (finish === undefined || content === undefined) return undefined;
      expectFinished(finish);
      return expectContentWhereKnown(content);
    },
  }),
  check({
    id: 'core.patch.content-type-params',
    level: may,
    impact: 'advice',
    spec: rfc(9110, '8.3.1'),
    says: 'The right media type with a parameter, or in other letter case, may be taken or refused.',
    passes: 'a success; a 4xx is noted',
    fails: 'a 5xx, or no answer',
    matters: 'some HTTP libraries add a charset to every type',
    reads: mediaTypeSpellings,
    judge: ({ withParameter, capitals }) =>
      remarks(
        ...[withParameter, capitals].map((sent) =>
          expectStatus(sent, ['2xx'], { note: ['4xx'], expected: 'a success or a 4xx' }),
        ),
      ),
  }),
  check({
    id: 'core.patch.mismatch-ahead.409',
    level: must,
    impact: 'data',
    spec: patch,
    says: 'A chunk that begins beyond the current offset is refused with 409.',
    passes: '409; another 4xx is a deviation',
    fails: 'it is taken, a 5xx, or no answer',
    matters: 'the file gets a hole, or bytes at the wrong place',
    reads: offsetMismatches,
    judge: ({ ahead }) => expectStatus(ahead.trial.exchange, [409], { warn: ['4xx'] }),
  }),
  check({
    id: 'core.patch.mismatch-behind.409',
    level: must,
    impact: 'data',
    spec: patch,
    says: 'A chunk that begins before the current offset is refused with 409.',
    passes: '409; another 4xx is a deviation',
    fails: 'it is taken, a 5xx, or no answer',
    matters: 'bytes that were acknowledged are overwritten, or some are there twice',
    reads: offsetMismatches,
    judge: ({ behind }) => expectStatus(behind.trial.exchange, [409], { warn: ['4xx'] }),
  }),
  check({
    id: 'core.patch.mismatch-unchanged',
    level: must,
    impact: 'data',
    spec: patch,
    says: 'A chunk at a wrong offset leaves the offset and the stored bytes as they were.',
    passes: 'the offset stays, and the finished file is what was sent',
    fails: 'the offset moved, or the bytes of the refused chunk are in the file',
    matters: 'a client that missed one answer spoils its own upload',
    reads: offsetMismatches,
    judge({ ahead, behind }) {
      for (const { trial } of [ahead, behind]) expectUnmoved(trial);
      for (const { finish } of [ahead, behind]) expectFinished(finish);
      return remarks(...[ahead, behind].map(({ content }) => expectContentWhereKnown(content)));
    },
  }),
  check({
    id: 'core.patch.mismatch-offset-hint',
    level: may,
    impact: 'resume',
    spec: patch,
    says: 'A 409 may state where the upload stands; if it does, it is right.',
    passes: 'no Upload-Offset in the 409, or the one that the server then stands by',
    fails: 'another Upload-Offset',
    matters: 'a client that goes on from there does not get on',
    reads: offsetMismatches,
    judge({ ahead, behind }) {
      const refused = [ahead.trial, behind.trial].filter(({ exchange }) => exchange.answer?.status === 409);
      if (refused.length === 0) throw new Skip('there is no 409 to look at');
      for (const { exchange, after } of refused) {
        if (headerOf(exchange, 'Upload-Offset') !== undefined) expectOffset(exchange, standsAt(after));
      }
      return undefined;
    },
  }),
  check({
    id: 'core.patch.duplicate',
    level: must,
    impact: 'data',
    spec: patch,
    says: 'A chunk that was acknowledged and is sent again is refused, not stored a second time.',
    passes: '409, and the offset stays; another 4xx is a deviation',
    fails: 'it is taken again, a 5xx, or no answer',
    matters: 'a client whose answer was lost repeats the chunk, and the video has it twice',
    reads: repeatedChunk,
    judge({ first, repeated }) {
      taken(first);
      expectUnmoved(repeated);
      return expectStatus(repeated.exchange, [409], { warn: ['4xx'] });
    },
  }),
];

export const corePatch: Section = {
  number: 3,
  title: 'Core: PATCH',
  untestable: {
    'core.patch.idle-timeout':
      'the text names no time, so a connection that is still open proves nothing; what a stalled chunk does to its upload is judged in section 14',
  },
  checks: [...sending, ...refusing, ...offsetSyntax, ...edges],
};

/** The chunk that the question builds on: no answer is a violation, a refusal is judged by core.patch.204. */
function taken(patched: Exchange): Exchange {
  expectAnswer(patched);
  return needed(patched, 'PATCH');
}

/** Whether the acknowledgement states an offset at all is a question of its own (core.patch.offset-header). */
function statesOffset(patched: Exchange): Exchange {
  if (offsetOf(taken(patched)) !== undefined) return patched;
  throw new Skip('the chunk was acknowledged without an offset');
}

function acknowledges(
  patched: Exchange,
  range: { readonly from: number; readonly to: number },
  after: KnownOffset,
): undefined {
  expectOffset(statesOffset(patched), range);
  const bytes = standsAt(after);
  if (bytes === offsetOf(patched)) return;
  const evidence = [patched, ...after.exchanges.slice(-1)];
  throw new Violation({
    expected: `the upload stands at ${offsetOf(patched)}, as it was acknowledged`,
    actual: `it stands at ${bytes}`,
    evidence,
  });
}

/** A success that stored nothing is strange, but harmless. */
function refusedType(trial: Trial, wanted: readonly (number | '4xx')[]): string | undefined {
  const { exchange, after, beforeBytes } = trial;
  const isHarmless = isSuccess(exchange) && standsAt(after) === beforeBytes;
  if (isHarmless) return `answered ${outcomeOf(exchange)}, and stored nothing`;
  return expectStatus(exchange, wanted, { note: ['4xx'] });
}
