import { headerOf, isGone, isSuccess } from '../answers.ts';
import { Blocked, type Check, check, Violation } from '../check.ts';
import { expectHeader, expectOffset, expectRefused, expectStatus, remarks } from '../expect.ts';
import { may, must, safety, should } from '../levels.ts';
import { lengthOf, patchedFinal, unfinishedFinal } from '../scenarios/concatenation.ts';
import {
  finalWithBody,
  joinedBeyondMaximum,
  oddConcats,
  oddFinals,
  strangersFinal,
} from '../scenarios/odd-finals.ts';
import { derived, tus } from '../sources.ts';
import { isMovedAway, skipMovedAway } from './moved-away.ts';
import { expectContentWhereKnown } from './no-effect.ts';

const extension = tus('Concatenation', 'concatenation');
const header = tus('Concatenation, Upload-Concat', 'upload-concat');
const ofItsParts = derived('a final upload is its parts, and nothing else');
const wrongFile = 'the parts are right, and the video made of them is not';

/** What must not become a final upload, and what must not happen to one. */
export const concatenationRefusals: readonly Check[] = [
  check({
    id: 'concat.final.patch.403',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'PATCH on a final upload is refused with 403.',
    passes: '403; another 4xx is a warning',
    fails: 'a success, a 5xx, or no answer',
    matters: 'a client does not learn that it uses the wrong upload',
    reads: patchedFinal,
    judge({ behind, front }, target) {
      const there = [behind, front].filter((exchange) => !isMovedAway(exchange, target));
      if (there.length === 0) skipMovedAway(behind, target);
      return remarks(...there.map((exchange) => expectStatus(exchange, [403], { warn: ['4xx'] })));
    },
  }),
  check({
    id: 'concat.final.patch-unmodified',
    level: must,
    impact: 'data',
    spec: extension,
    says: 'PATCH on a final upload changes neither it nor its parts.',
    passes: 'offset and bytes are what they were',
    fails: 'another offset, or other bytes',
    matters: wrongFile,
    reads: patchedFinal,
    judge({ before, after, heads, content }, target) {
      const isAway = isMovedAway(before, target) && isGone(after);
      if (content.by === 'none' && isAway) skipMovedAway(before, target);
      for (const head of isAway ? [] : [before, after])
        expectHeader(head, 'Upload-Offset', lengthOf(content));
      // A server may remove the parts once they are joined.
      for (const { sizeBytes, head } of heads) {
        // Earlier versions recorded the answers alone.
        if (head === undefined) throw new Blocked('how large the parts were was not recorded');
        if (isSuccess(head)) expectOffset(head, sizeBytes);
      }
      return expectContentWhereKnown(content);
    },
  }),
  check({
    id: 'concat.final.with-length',
    level: may,
    impact: 'data',
    spec: extension,
    says: 'A final upload with a length of its own is refused, or the length is ignored.',
    passes: 'any 4xx, or the length of its parts',
    fails: 'the length that came with it, a 5xx, or no answer',
    matters: 'a file that is whole counts as not complete',
    reads: oddFinals,
    judge({ withLength: { created, head, content } }, target) {
      expectStatus(created, ['2xx', '4xx']);
      skipMovedAway(head, target);
      return isSuccess(created) ? expectHeader(head, 'Upload-Length', lengthOf(content)) : undefined;
    },
  }),
  check({
    id: 'concat.final.unfinished-refused',
    level: should,
    impact: 'data',
    spec: extension,
    says: 'Without concatenation-unfinished, parts that are not complete are not joined.',
    passes: 'any 4xx',
    fails: 'a success, a 5xx, or no answer',
    matters: wrongFile,
    reads: unfinishedFinal,
    judge: ({ created }) => expectRefused(created),
  }),
  check({
    id: 'concat.final.unknown-partial',
    level: safety,
    impact: 'data',
    spec: ofItsParts,
    says: 'A part that does not exist is not joined.',
    passes: 'any 4xx',
    fails: 'a success, a 5xx, or no answer',
    matters: 'a video with a piece missing counts as finished',
    reads: oddFinals,
    judge: ({ unknown }) => expectRefused(unknown),
  }),
  check({
    id: 'concat.final.non-partial',
    level: safety,
    impact: 'data',
    spec: ofItsParts,
    says: 'An ordinary upload that is named as a part is refused, or joined rightly.',
    passes: 'any 4xx, or a success with the right bytes',
    fails: 'other bytes, a 5xx, or no answer',
    matters: wrongFile,
    reads: oddFinals,
    judge({ ordinary: { created, content } }) {
      expectStatus(created, ['2xx', '4xx']);
      return content && expectContentWhereKnown(content);
    },
  }),
  check({
    id: 'concat.final.empty-list',
    level: must,
    impact: 'interoperability',
    spec: header,
    says: 'A final upload without parts is refused.',
    passes: 'any 4xx',
    fails: 'a success, a 5xx, or no answer',
    matters: 'an empty file takes the place of the video',
    reads: oddFinals,
    judge: ({ empty }) => expectRefused(empty),
  }),
  check({
    id: 'concat.final.other-owner',
    level: safety,
    impact: 'security',
    spec: derived('only its owner may use an upload'),
    says: 'Parts of somebody else cannot be joined.',
    passes: '401, 403 or 404',
    fails: 'a success, another 4xx, a 5xx, or no answer',
    matters: 'whoever knows the URL of a part can read what is in it',
    reads: strangersFinal,
    judge: ({ created }) => expectStatus(created, [401, 403, 404], { note: ['4xx'] }),
  }),
  check({
    id: 'concat.final.over-max',
    level: must,
    impact: 'interoperability',
    spec: tus('Creation, POST', 'post'),
    says: 'Parts that are larger than Tus-Max-Size together are not joined.',
    passes: '413; another 4xx is noted',
    fails: 'a success, a 5xx, or no answer',
    matters: 'the largest size can be gone around, until the disk is full',
    reads: joinedBeyondMaximum,
    judge: ({ created }) => expectStatus(created, [413, 400], { note: ['4xx'] }),
  }),
  check({
    id: 'concat.final.with-body',
    level: safety,
    impact: 'data',
    spec: ofItsParts,
    says: 'Bytes that come with a final upload do not become part of it.',
    passes: 'any 4xx, or a success with the bytes of the parts only',
    fails: 'other bytes or another length, a 5xx, or no answer',
    matters: wrongFile,
    reads: finalWithBody,
    judge({ created, head, content }, target) {
      expectStatus(created, ['2xx', '4xx']);
      if (content?.by === 'none') skipMovedAway(head, target);
      if (isSuccess(created) && !isMovedAway(head, target))
        expectHeader(head, 'Upload-Length', lengthOf(content));
      return content && expectContentWhereKnown(content);
    },
  }),
  check({
    id: 'concat.invalid-value',
    level: must,
    impact: 'interoperability',
    spec: header,
    says: 'Any other value of Upload-Concat is refused.',
    passes: 'any 4xx; a value that is ignored is a warning',
    fails: 'the value is taken, a 5xx, or no answer',
    matters: 'a client sends parts that nobody will ever put together',
    reads: oddConcats,
    judge({ tries }) {
      for (const { value, created, head } of tries) {
        expectStatus(created, ['2xx', '4xx']);
        if (headerOf(head, 'Upload-Concat') !== undefined) {
          const actual = `"${value}" is taken: HEAD says Upload-Concat: ${headerOf(head, 'Upload-Concat')}`;
          throw new Violation({ actual, evidence: [created, head] });
        }
      }
      const ignored = tries.find(({ created }) => isSuccess(created));
      if (ignored === undefined) return undefined;
      const actual = `"${ignored.value}" is ignored`;
      throw new Violation({ actual, atMost: 'warn', evidence: [ignored.created] });
    },
  }),
];
