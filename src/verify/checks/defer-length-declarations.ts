import { headerOf, isSuccess, outcomeOf, wasClosed } from '../answers.ts';
import { Blocked, type Check, check, Skip, Violation } from '../check.ts';
import { expectHeader, expectOffset, expectRefused, expectStatus, needed, remarks } from '../expect.ts';
import { may, must, safety } from '../levels.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import {
  beyondMaximum,
  type Declaration,
  declaredAboveMaximum,
  emptyDeclaration,
  impossibleDeclarations,
  knownLengths,
  lateLength,
} from '../scenarios/defer-length.ts';
import { derived, tus } from '../sources.ts';
import { isMovedAway, skipMovedAway } from './moved-away.ts';
import { expectContentWhereKnown, standsAt } from './no-effect.ts';
import { expectStillThere } from './refused-or-closed.ts';

/** Section 7, second part: a size that a PATCH says. */

const post = tus('Creation, POST', 'post');
const wrongEnd = 'the server takes the video for complete too early, or never';

export const deferLengthDeclarations: readonly Check[] = [
  check({
    id: 'defer.patch.set-length',
    level: must,
    impact: 'data',
    spec: post,
    says: 'A later PATCH can say the size.',
    passes: '204, and from then on HEAD states this size',
    fails: 'a refusal, or HEAD with another size or none',
    matters: 'the upload is never complete',
    reads: lateLength,
    judge({ declared }) {
      const remark = expectStatus(declared.patched, [204], { warn: ['2xx'] });
      expectHeader(declared.headed, 'Upload-Length', '20');
      return remark;
    },
  }),
  check({
    id: 'defer.patch.set-length-empty',
    level: must,
    impact: 'data',
    spec: post,
    says: 'A PATCH without bytes can say the size, and completes the upload if nothing is missing.',
    passes: '204, the size as offset and length from HEAD, and the file is there',
    fails: 'a refusal, an upload that stays open, or another file',
    matters: 'a client that learns of the end behind the last byte cannot finish',
    reads: emptyDeclaration,
    judge({ declared, content }, target) {
      const remark = expectStatus(declared.patched, [204], { warn: ['2xx'] });
      if (content.by === 'none') skipMovedAway(declared.headed, target);
      if (!isMovedAway(declared.headed, target)) {
        expectHeader(declared.headed, 'Upload-Length', String(SMALL_FILE_BYTES));
        expectOffset(declared.headed, SMALL_FILE_BYTES);
      }
      return remarks(remark, expectContentWhereKnown(content));
    },
  }),
  check({
    id: 'defer.patch.length-immutable',
    level: must,
    impact: 'data',
    spec: post,
    says: 'A size that was said is never changed.',
    passes: 'any 4xx, or the new size is ignored; HEAD states the old one',
    fails: 'HEAD states the new size, a 5xx, or no answer',
    matters: wrongEnd,
    reads: lateLength,
    judge({ declared, changed }) {
      needed(declared.patched, 'the size');
      return expectUnchanged(changed, '30');
    },
  }),
  check({
    id: 'defer.patch.length-on-fixed',
    level: must,
    impact: 'data',
    spec: post,
    says: 'A size that was given at the creation is never changed by a PATCH.',
    passes: 'any 4xx, or the new size is ignored; HEAD states the old one',
    fails: 'HEAD states the new size, a 5xx, or no answer',
    matters: wrongEnd,
    reads: knownLengths,
    judge: ({ fixed }) => expectUnchanged(fixed, '99'),
  }),
  check({
    id: 'defer.patch.length-repeat',
    level: may,
    impact: 'advice',
    spec: derived('the text does not say what a repeated size is'),
    says: 'The same size once more is taken, or refused.',
    passes: 'a success or any 4xx, and HEAD states the size',
    fails: 'a 5xx, no answer, or another size',
    matters: 'a client that repeats a chunk after a lost answer is stopped',
    reads: lateLength,
    judge({ declared, repeated }) {
      needed(declared.patched, 'the size');
      expectStatus(repeated.patched, ['2xx', '4xx']);
      expectStatus(repeated.headed, ['2xx']);
      if (headerOf(declared.headed, 'Upload-Length') !== '20') throw new Skip('the size did not count');
      return expectHeader(repeated.headed, 'Upload-Length', '20');
    },
  }),
  check({
    id: 'defer.patch.length-below-offset',
    level: safety,
    impact: 'data',
    spec: derived('no file is shorter than what is stored of it'),
    says: 'A size below what is stored is refused.',
    passes: 'any 4xx; the offset stays, and no size is stated',
    fails: 'a success, a 5xx, or an offset beyond the size',
    matters: 'the end of the video is cut off, or the upload is never complete',
    reads: impossibleDeclarations,
    judge: ({ tooShort }) => expectNotDeclared(tooShort),
  }),
  check({
    id: 'defer.patch.length-syntax',
    level: must,
    impact: 'data',
    spec: tus('Upload-Length', 'upload-length'),
    says: 'A size in a PATCH that is no non-negative integer is refused.',
    passes:
      'any 4xx to abc and -1; the offset stays, and no size is stated; a size that is ignored is a warning',
    fails: 'HEAD with a size, a 5xx, or no answer',
    matters: wrongEnd,
    reads: impossibleDeclarations,
    judge({ senseless }) {
      for (const said of senseless) if (!isIgnored(said)) expectNotDeclared(said);
      const ignored = senseless.find(isIgnored);
      if (ignored === undefined) return;
      const actual = `${outcomeOf(ignored.patched)}, and the size is still unknown`;
      throw new Violation({ actual, atMost: 'warn', evidence: [ignored.patched, ignored.headed] });
    },
  }),
  check({
    id: 'defer.patch.over-max',
    level: must,
    impact: 'interoperability',
    spec: post,
    says: 'A size above Tus-Max-Size is refused when it comes later, too.',
    passes: '413 or 400; another 4xx is noted',
    fails: 'a success, a 5xx, or no answer',
    matters: 'the client sends for hours what is refused in the end',
    reads: declaredAboveMaximum,
    judge: ({ declared: { patched } }) => expectStatus(patched, [413, 400], { note: ['4xx'] }),
  }),
  check({
    id: 'defer.max-size-data',
    level: safety,
    impact: 'security',
    spec: derived('the maximum protects the disk'),
    says: 'The maximum binds what is sent while the size is unknown, too.',
    passes: 'any 4xx, a closed connection or a smaller offset, and never more than the maximum',
    fails: 'an offset above the maximum, a 5xx, or no end',
    matters: 'anyone fills the disk by not saying a size',
    reads: beyondMaximum,
    judge({ maximumBytes, last, after }) {
      if (last === undefined) throw new Blocked('nothing was sent');
      expectStillThere(after);
      const stands = standsAt(after);
      if (stands <= maximumBytes) return wasClosed(last) ? undefined : expectStatus(last, ['2xx', '4xx']);
      const evidence = [last, ...after.exchanges.slice(-1)];
      throw new Violation({ actual: `it stands at ${stands}`, evidence });
    },
  }),
];

/** Only the size that was asked for: that HEAD states another one, or none, is judged elsewhere. */
function expectUnchanged({ patched, headed }: Declaration, asked: string): undefined {
  expectStatus(patched, ['2xx', '4xx']);
  expectStatus(headed, ['2xx']);
  const size = headerOf(headed, 'Upload-Length');
  if (size === undefined) throw new Skip('HEAD states no size');
  if (size !== asked) return;
  const actual = `HEAD states Upload-Length: ${size}`;
  throw new Violation({ expected: 'the size from before', actual, evidence: [patched, headed] });
}

/** The PATCH was refused, the upload stands at its 6 bytes, and its size is as unknown as before. */
function expectNotDeclared({ patched, headed }: Declaration): undefined {
  expectRefused(patched);
  expectOffset(headed, 6);
  const size = headerOf(headed, 'Upload-Length');
  if (size === undefined) return;
  const actual = `HEAD states Upload-Length: ${size}`;
  throw new Violation({ expected: 'no size', actual, evidence: [patched, headed] });
}

/** The chunk was taken without its size: HEAD says that it still comes later. */
function isIgnored({ patched, headed }: Declaration): boolean {
  return (
    isSuccess(patched) &&
    headerOf(headed, 'Upload-Defer-Length') === '1' &&
    headerOf(headed, 'Upload-Length') === undefined
  );
}
