import { headerOf, isSuccess, outcomeOf } from '../answers.ts';
import { type Check, check, type Section, Violation } from '../check.ts';
import {
  expectAnswer,
  expectFinished,
  expectHeader,
  expectNoHeader,
  expectOffset,
  expectStatus,
  needed,
  remarks,
} from '../expect.ts';
import { must, safety, should } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import {
  deferredFile,
  knownLengths,
  lateLength,
  senselessDeferrals,
  triedDeferral,
} from '../scenarios/defer-length.ts';
import { derived, tus } from '../sources.ts';
import { deferLengthDeclarations } from './defer-length-declarations.ts';
import { expectContentWhereKnown } from './no-effect.ts';
import { skipUnlessListing } from './unlisted.ts';

/** Section 7: uploads whose size is said later. */

const post = tus('Creation, POST', 'post');
const header = tus('Creation, Upload-Defer-Length', 'upload-defer-length');
const unknownEnd = 'the client cannot tell whether its recording is complete';
const noStreams = 'what is still being recorded cannot be sent';
/** For what a check asks beside what its scenario needs. */
const offered = ['offers creation-defer-length'] as const;

const creations: readonly Check[] = [
  check({
    id: 'defer.advertised',
    level: must,
    impact: 'interoperability',
    spec: post,
    says: 'A server lists creation-defer-length if, and only if, it creates uploads without a size.',
    passes: 'it is listed and the creation succeeds, or neither; to do it without listing it is a warning',
    fails: 'it is listed, and the creation is refused',
    matters: noStreams,
    reads: triedDeferral,
    judge({ posted }, target) {
      const expected = 'a creation, since creation-defer-length is listed';
      if (target.extensions.includes('creation-defer-length'))
        return expectStatus(posted, ['2xx'], { expected });
      expectAnswer(posted);
      if (!isSuccess(posted)) return;
      skipUnlessListing(target);
      const actual = `creation-defer-length is not listed, and the answer is ${outcomeOf(posted)}`;
      throw new Violation({ expected: 'a refusal', actual, atMost: 'warn', evidence: [posted] });
    },
  }),
  check({
    id: 'defer.post.201',
    level: must,
    impact: 'interoperability',
    spec: post,
    says: 'Upload-Defer-Length: 1 creates an upload without a size.',
    passes: '201 with Location; another 2xx is a deviation',
    fails: 'any other status, or no Location',
    matters: noStreams,
    needs: offered,
    reads: triedDeferral,
    judge({ posted }) {
      expectStatus(posted, [201], { warn: ['2xx'] });
      return expectHeader(posted, 'Location', /./, { expected: 'a Location' });
    },
  }),
  check({
    id: 'defer.post.invalid-value.400',
    level: should,
    impact: 'interoperability',
    spec: header,
    says: 'Any other value of Upload-Defer-Length is refused with 400.',
    passes: '400 to 0, 2, true and yes; another 4xx is noted',
    fails: 'a success, or a 5xx',
    matters: 'a client that means a size gets an upload that is never complete',
    reads: senselessDeferrals,
    judge: ({ tries }) =>
      remarks(...tries.map(({ posted }) => expectStatus(posted, [400], { note: ['4xx'] }))),
  }),
  check({
    id: 'defer.post.unsupported',
    level: must,
    impact: 'data',
    spec: derived('a creation says a size, or that it comes later'),
    says: 'A server without the extension does not pretend to defer a size.',
    passes: '400 or 501; another 4xx is noted, and so is a deferral that works without being listed',
    fails: 'a creation of an upload that does not say Upload-Defer-Length: 1, or another 5xx',
    matters: 'the upload counts as empty, or is never complete',
    needs: ['lacks creation-defer-length'],
    reads: triedDeferral,
    judge({ posted, headed }) {
      if (!isSuccess(posted)) return expectStatus(posted, [400, 501], { note: ['4xx'] });
      if (isDeferred(headed)) return 'sizes can be deferred, though creation-defer-length is not listed';
      const size = headerOf(headed, 'Upload-Length');
      const actual = `${outcomeOf(posted)}, and HEAD states ${size === undefined ? 'no size' : `Upload-Length: ${size}`}`;
      throw new Violation({ expected: '400 or 501', actual, evidence: [posted, headed] });
    },
  }),
];

const heads: readonly Check[] = [
  check({
    id: 'defer.head.flag',
    level: must,
    impact: 'resume',
    spec: post,
    says: 'While the size is unknown HEAD says so.',
    passes: 'Upload-Defer-Length: 1, before and behind the first chunk',
    fails: 'no such header, or another value',
    matters: unknownEnd,
    reads: lateLength,
    judge({ atStart, before }) {
      expectHeader(atStart, 'Upload-Defer-Length', '1');
      return expectHeader(before.headed, 'Upload-Defer-Length', '1');
    },
  }),
  check({
    id: 'defer.head.no-length',
    level: safety,
    impact: 'data',
    spec: derived('nobody knows the size yet'),
    says: 'HEAD does not make up a size meanwhile.',
    passes: 'no Upload-Length, before and behind the first chunk',
    fails: 'any Upload-Length',
    matters: 'a client that believes it ends the upload too early',
    reads: lateLength,
    judge({ atStart, before }) {
      for (const head of [atStart, before.headed]) {
        expectStatus(head, ['2xx']);
        expectNoHeader(head, 'Upload-Length');
      }
    },
  }),
  check({
    id: 'defer.head.flag-removed',
    level: must,
    impact: 'resume',
    spec: header,
    says: 'Where the size is known, HEAD states it and no deferral.',
    passes:
      'no Upload-Defer-Length on an ordinary upload, and Upload-Length instead of it once a deferred size was said',
    fails: 'Upload-Defer-Length beside a known size, or neither of the two',
    matters: unknownEnd,
    reads: knownLengths,
    judge({ ordinary, declared }) {
      expectNoHeader(ordinary, 'Upload-Defer-Length');
      if (declared === undefined) return;
      needed(declared.patched, 'the size');
      expectNoHeader(declared.headed, 'Upload-Defer-Length');
      return expectHeader(declared.headed, 'Upload-Length', '10');
    },
  }),
];

const whole: readonly Check[] = [
  check({
    id: 'defer.patch.before-length',
    level: must,
    impact: 'interoperability',
    spec: derived('a size that comes later'),
    says: 'Bytes are taken before the size is known.',
    passes: '204, and the offset of what was sent',
    fails: 'a refusal, or an offset that does not move',
    matters: noStreams,
    reads: lateLength,
    judge({ before: { patched } }) {
      const remark = expectStatus(patched, [204], { warn: ['2xx'] });
      expectOffset(patched, { from: 1, to: 5 });
      return remark;
    },
  }),
  check({
    id: 'defer.integrity',
    level: safety,
    impact: 'data',
    spec: derived('a size that comes later changes no byte'),
    says: 'A file whose size comes with its last chunk is right in the end.',
    passes: 'size and sha256 of what the server holds equal those of what was sent',
    fails: 'an upload that is stuck, or another file',
    matters: 'the end of the video is missing, or is another',
    reads: deferredFile,
    judge({ second, last, finish, content }) {
      needed(second.patched, 'the second chunk');
      needed(last.patched, 'the last chunk with the size');
      expectFinished(finish);
      return expectContentWhereKnown(content);
    },
  }),
];

export const deferLength: Section = {
  number: 7,
  title: 'Extension: Creation, deferred length',
  untestable: {},
  checks: [...creations, ...heads, ...whole, ...deferLengthDeclarations],
};

function isDeferred(head: Exchange | undefined): boolean {
  return headerOf(head, 'Upload-Defer-Length') === '1' && headerOf(head, 'Upload-Length') === undefined;
}
