import { headerOf, isSuccess, outcomeOf } from '../answers.ts';
import { Blocked, type Check, check, Skip, Violation } from '../check.ts';
import {
  expectAnswer,
  expectHeader,
  expectOffset,
  expectRefused,
  expectStatus,
  needed,
  remarks,
} from '../expect.ts';
import { must, safety } from '../levels.ts';
import {
  aboveMaximum,
  atMaximum,
  type Declared,
  hugeLengths,
  noLength,
  nothingToSend,
  oneTebibyte,
  plainLengths,
  senselessUploadLengths,
} from '../scenarios/creation-lengths.ts';
import { derived, tus } from '../sources.ts';
import { isMovedAway, skipMovedAway } from './moved-away.ts';
import { expectContentWhereKnown } from './no-effect.ts';
import { skipUnlessEmptyVideo } from './tiny-files.ts';

/** Section 6, second part: what a creation declares. */

const post = tus('Creation, POST', 'post');
const wrongEnd = 'the server takes the video for complete too early, or never';
/** Pulse asks for no more than a creation with a plain length; the rest is the extension's, where it is offered. */
const offered = ['creation-extension'] as const;

export const creationLengthChecks: readonly Check[] = [
  check({
    id: 'creation.post.length-echo',
    level: must,
    impact: 'data',
    spec: post,
    says: 'The declared size is kept exactly.',
    passes:
      'HEAD states the size that was declared; a refusal of sizes from 2 GiB on, by 4xx or 507, is noted',
    fails: 'another size (cut to 32 bits, rounded), or none',
    matters: wrongEnd,
    reads: plainLengths,
    judge: ({ declared }) => {
      if (declared.length === 0) throw new Blocked('every size is above the stated maximum');
      return remarks(...declared.map(kept));
    },
  }),
  check({
    id: 'creation.post.no-length',
    level: must,
    impact: 'interoperability',
    spec: post,
    says: 'A creation that says neither a size nor that the size comes later is refused.',
    passes: '400; another 4xx is noted',
    fails: 'a success, or a 5xx',
    matters: 'uploads that can never be complete pile up',
    needs: offered,
    reads: noLength,
    judge: ({ without }) => expectStatus(without, [400], { note: ['4xx'] }),
  }),
  check({
    id: 'creation.post.length-syntax',
    level: must,
    impact: 'data',
    spec: tus('Upload-Length', 'upload-length'),
    says: 'A size that is no non-negative integer is refused.',
    passes: '4xx to -1, abc, 1.5, 1e3, 0x10, 10abc, an empty value, and "5, 5"',
    fails: 'a success, or a 5xx',
    matters: wrongEnd,
    needs: offered,
    reads: senselessUploadLengths,
    judge: ({ declared }) =>
      remarks(
        ...declared.map(({ length, posted, headed }) => {
          const size = headed && headerOf(headed, 'Upload-Length');
          const read = size === undefined ? '' : `, and HEAD states Upload-Length: ${size}`;
          const actual = `"${length}" was answered ${outcomeOf(posted)}${read}`;
          if (!isSuccess(posted)) return expectRefused(posted);
          throw new Violation({ expected: 'any 4xx', actual, evidence: [posted, headed] });
        }),
      ),
  }),
  check({
    id: 'creation.post.length-precision',
    level: safety,
    impact: 'data',
    spec: derived('the declared size is kept exactly'),
    says: 'A size above 2^53 is refused, or kept to its last digit.',
    passes: '4xx, 507, or 201 and the same digits from HEAD',
    fails: 'a success with other digits, another 5xx, or no answer',
    matters: wrongEnd,
    reads: hugeLengths,
    judge: ({ precise }) => refusedOrKept(precise),
  }),
  check({
    id: 'creation.post.length-overflow',
    level: safety,
    impact: 'data',
    spec: derived('the declared size is kept exactly'),
    says: 'Sizes of 2^63, of 2^64 and of 400 digits are refused, or kept to their last digit.',
    passes: '4xx, 507, or 201 and the same digits from HEAD',
    fails: 'a success with other digits, another 5xx, or no answer',
    matters: wrongEnd,
    reads: hugeLengths,
    judge: ({ beyond }) => remarks(...beyond.map(refusedOrKept)),
  }),
  check({
    id: 'creation.post.length-no-prealloc',
    level: safety,
    impact: 'security',
    spec: derived('anyone can declare any size'),
    says: 'To declare a huge upload costs the server nothing.',
    passes: 'an answer within 5 s, and the next upload works',
    fails: 'no answer in time, a 5xx other than 507, or a next upload that fails',
    matters: 'one request fills the disk, and nobody can upload any more',
    reads: oneTebibyte,
    judge({ huge, next }) {
      expectStatus(huge.posted, ['2xx', ...noRoom], { expected: 'an answer below 500, or 507, within 5 s' });
      return expectStatus(next, ['2xx']);
    },
  }),
  check({
    id: 'creation.post.zero-length',
    level: must,
    impact: 'interoperability',
    spec: post,
    says: 'A declared size of 0 creates an upload.',
    passes: '201 with Location',
    fails: 'a refusal (rustus: look for --allow-empty), or a 5xx',
    matters: 'an empty file among many stops the whole batch',
    needs: offered,
    reads: nothingToSend,
    judge({ posted }, target) {
      skipUnlessEmptyVideo([posted], target);
      expectStatus(posted, ['2xx']);
      return expectHeader(posted, 'Location', /./, { expected: 'a Location' });
    },
  }),
  check({
    id: 'creation.post.zero-length-complete',
    level: must,
    impact: 'resume',
    spec: post,
    says: 'An upload of no bytes is complete without any PATCH.',
    passes: 'offset 0, length 0, and no bytes when it is read back',
    fails: 'missing offset or length, a finalize that refuses, or bytes',
    matters: 'the upload is never finished',
    needs: offered,
    reads: nothingToSend,
    judge({ posted, headed, content }, target) {
      skipUnlessEmptyVideo([posted, headed, content?.exchange], target);
      needed(posted, 'the creation');
      if (headed !== undefined && !isMovedAway(headed, target)) {
        expectOffset(headed, 0);
        expectHeader(headed, 'Upload-Length', '0');
      }
      if (content?.by === 'none') skipMovedAway(headed, target);
      return content && expectContentWhereKnown(content);
    },
  }),
  check({
    id: 'creation.post.max-size.413',
    level: must,
    impact: 'interoperability',
    spec: post,
    says: 'A size above Tus-Max-Size is refused with 413.',
    passes: '413; another 4xx is a deviation',
    fails: 'a success, or a 5xx',
    matters: 'the client sends for hours what is refused in the end',
    reads: aboveMaximum,
    judge: ({ declared }) => expectStatus(declared.posted, [413], { warn: ['4xx'] }),
  }),
  check({
    id: 'creation.post.max-size.boundary',
    level: must,
    impact: 'interoperability',
    spec: tus('Tus-Max-Size', 'tus-max-size'),
    says: 'A size of exactly Tus-Max-Size is allowed.',
    passes: '201; 507, for want of room, is noted',
    fails: 'another refusal',
    matters: 'files that the server says it takes are refused',
    reads: atMaximum,
    judge: ({ declared }) => expectStatus(declared.posted, ['2xx'], { note: [507] }),
  }),
  check({
    id: 'creation.post.both-lengths',
    level: safety,
    impact: 'data',
    spec: post,
    says: 'A creation that states a size and says that it comes later is refused, or one of the two counts.',
    passes: '4xx or 501, or 201 and HEAD with exactly one of Upload-Length and Upload-Defer-Length',
    fails: 'HEAD with both or none, or a 5xx',
    matters: wrongEnd,
    needs: offered,
    reads: noLength,
    judge({ both, headed }) {
      const remark = expectStatus(both, ['2xx', '4xx', 501]);
      if (headed === undefined) return remark;
      const shown = ['Upload-Length', 'Upload-Defer-Length'].filter((name) => headerOf(headed, name));
      if (shown.length === 1) return remark;
      const actual = `HEAD states ${shown.length === 0 ? 'neither' : 'both'}`;
      throw new Violation({ expected: 'exactly one of the two', actual, evidence: [both, headed] });
    },
  }),
];

/** A server may have a limit of its own that it does not state; what it accepts it must keep. */
function kept({ length, posted, headed }: Declared): string | undefined {
  const isLarge = Number(length) > 2 ** 31 - 1;
  const remark = expectStatus(posted, ['2xx'], { note: isLarge ? noRoom : [] });
  if (isSuccess(posted)) expectHeader(headed, 'Upload-Length', length);
  return remark && `a size of ${length} is refused: ${outcomeOf(posted)}`;
}

/** 507 says that the size was understood, and that there is no room for it (RFC 4918, 11.5). */
const noRoom = ['4xx', 507] as const;

function refusedOrKept({ length, posted, headed }: Declared): string | undefined {
  expectAnswer(posted);
  if (!isSuccess(posted)) return expectStatus(posted, noRoom);
  if (headed === undefined) throw new Skip(`${length} is taken, and without HEAD nothing shows as what`);
  return expectHeader(headed, 'Upload-Length', length);
}
