import { headerOf, isSuccess, offsetOf, outcomeOf } from '../answers.ts';
import { Blocked, type Check, check, type Section, Violation } from '../check.ts';
import {
  expectAnswer,
  expectFinished,
  expectHeader,
  expectOffset,
  expectRefused,
  expectStatus,
  needed,
  remarks,
} from '../expect.ts';
import { may, must, safety, should } from '../levels.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import {
  cutCreation,
  type Filled,
  firstBytes,
  invitedCreation,
  oddBodies,
  restAfterCreation,
  uninvitedCreation,
  wholeAtCreation,
} from '../scenarios/creation-with-upload.ts';
import { derived, tus } from '../sources.ts';
import { skipHttp10 } from './http-1-0.ts';
import { isMovedAway, skipMovedAway } from './moved-away.ts';
import { expectContentWhereKnown } from './no-effect.ts';
import { skipUnlessListing } from './unlisted.ts';

/** Section 9: creations that bring the first bytes along. */

const extension = tus('Creation With Upload', 'creation-with-upload');
const misplaced = 'the client goes on at a place where the server is not';
const strayBytes = 'something that is not the file gets into the video';
/** For what a check asks beside what its scenario needs. */
const offered = ['offers creation-with-upload'] as const;

const SENT = 5;

const answers: readonly Check[] = [
  check({
    id: 'cwu.advertised',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'A server lists creation-with-upload if, and only if, it stores the bytes that come with a creation.',
    passes: 'it is listed and bytes are stored, or neither; to do it without listing it is a warning',
    fails: 'it is listed, and the creation is refused or its bytes are not stored',
    matters: 'the client sends the beginning of every file twice, or not at all',
    needs: ['options'],
    reads: firstBytes,
    judge({ posted, headed }, target) {
      if (!target.extensions.includes('creation-with-upload')) {
        expectAnswer(posted);
        if ((offsetOf(headed) ?? 0) === 0) return;
        skipUnlessListing(target);
        const actual = `creation-with-upload is not listed, and HEAD states Upload-Offset: ${offsetOf(headed)}`;
        throw new Violation({ expected: 'offset 0', actual, atMost: 'warn', evidence: [posted, headed] });
      }
      expectStatus(posted, ['2xx'], { expected: 'a creation, since creation-with-upload is listed' });
      return expectOffset(headed, { from: 1, to: SENT }, { expected: 'bytes are stored' });
    },
  }),
  check({
    id: 'cwu.post.201-offset',
    level: must,
    impact: 'resume',
    spec: extension,
    says: 'A creation with bytes is answered with 201 and the offset that results.',
    passes: '201 with Location and an Upload-Offset from 0 to 5; another 2xx is a deviation',
    fails: 'any other status, no Location, no Upload-Offset, or one beyond what was sent',
    matters: misplaced,
    needs: offered,
    reads: firstBytes,
    judge({ posted }) {
      const remark = expectStatus(posted, [201], { warn: ['2xx'] });
      expectHeader(posted, 'Location', /./, { expected: 'a Location' });
      expectOffset(posted, { from: 0, to: SENT });
      return remark;
    },
  }),
  check({
    id: 'cwu.post.offset-true',
    level: must,
    impact: 'data',
    spec: extension,
    says: 'The offset in the answer to the creation is the one that HEAD states.',
    passes: 'both are the same',
    fails: 'they differ',
    matters: misplaced,
    needs: offered,
    reads: firstBytes,
    judge({ posted, headed }) {
      const offset = offsetOf(needed(posted, 'the creation'));
      if (offset === undefined) throw new Blocked('the creation states no offset', [posted]);
      return expectOffset(headed, offset);
    },
  }),
  check({
    id: 'cwu.post.as-much-as-possible',
    level: should,
    impact: 'advice',
    spec: extension,
    says: 'As many of the bytes are stored as possible.',
    passes: 'an offset above 0',
    fails: 'offset 0',
    matters: 'the bytes were sent for nothing',
    needs: offered,
    reads: firstBytes,
    judge({ posted, headed }) {
      needed(posted, 'the creation');
      return expectOffset(headed, { from: 1, to: SENT });
    },
  }),
];

const files: readonly Check[] = [
  check({
    id: 'cwu.post.whole-file',
    level: may,
    impact: 'data',
    spec: extension,
    says: 'A creation can bring the whole file, and is then complete.',
    passes: 'a success, the size as offset and length from HEAD, and the bytes are there',
    fails: 'a refusal, an upload that stays open, or other bytes',
    matters: 'small files are never complete',
    reads: wholeAtCreation,
    judge(seen, target) {
      expectStatus(seen.posted, ['2xx']);
      if (!isMovedAway(seen.headed, target)) expectOffset(seen.headed, SMALL_FILE_BYTES);
      if (!('content' in seen)) throw new Blocked('nothing was read back', [seen.posted]);
      if (seen.content.by === 'none') skipMovedAway(seen.headed, target);
      return expectContentWhereKnown(seen.content);
    },
  }),
  check({
    id: 'cwu.post.then-patch',
    level: must,
    impact: 'data',
    spec: extension,
    says: 'The rest of the file follows by PATCH.',
    passes: 'size and sha256 of what the server holds equal those of what was sent',
    fails: 'an upload that is stuck, or another file',
    matters: 'the video is another',
    reads: restAfterCreation,
    judge({ posted, finish, content }) {
      needed(posted, 'the creation');
      expectFinished(finish);
      return expectContentWhereKnown(content);
    },
  }),
];

const bodies: readonly Check[] = [
  check({
    id: 'cwu.post.wrong-content-type',
    level: must,
    impact: 'data',
    spec: extension,
    says: 'A body of another media type is not taken for the file.',
    passes: '415, another 4xx, or a creation whose offset is 0',
    fails: 'bytes are stored, a 5xx, or no answer',
    matters: strayBytes,
    reads: oddBodies,
    judge: ({ otherType }) => expectNothingStored(otherType),
  }),
  check({
    id: 'cwu.post.exceed-length',
    level: safety,
    impact: 'data',
    spec: derived('Upload-Length is the size of the whole upload'),
    says: 'A creation with more bytes than it declares stores none beyond the size.',
    passes: 'any 4xx, or a creation whose offset is 3 at most',
    fails: 'an offset beyond the size, a 5xx, or no answer',
    matters: strayBytes,
    reads: oddBodies,
    judge({ tooMuch: { posted, headed } }, target) {
      if (!isSuccess(posted)) return expectRefused(posted);
      skipMovedAway(headed, target);
      return expectOffset(needed(headed, 'HEAD'), { from: 0, to: 3 });
    },
  }),
  check({
    id: 'cwu.post.zero-length',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'A creation with no bytes, but with their media type, stands at 0.',
    passes: '201 with Upload-Offset: 0; no Upload-Offset is noted',
    fails: 'a refusal, or another offset',
    matters: 'a client whose first chunk is not there yet cannot begin',
    reads: oddBodies,
    judge({ nothing: { posted } }) {
      const remark = expectStatus(posted, [201], { warn: ['2xx'] });
      if (headerOf(posted, 'Upload-Offset') === undefined) return remarks(remark, 'no Upload-Offset');
      expectOffset(posted, 0);
      return remark;
    },
  }),
  check({
    id: 'cwu.post.unadvertised-body',
    level: safety,
    impact: 'data',
    spec: derived('what is not offered is not done by halves'),
    says: 'A server without the extension stores nothing of what comes with a creation.',
    passes: 'any 4xx, 501, or a creation whose offset is 0; bytes that are stored, and stated, are noted',
    fails: 'bytes are stored that the answer does not tell of, another 5xx, or no answer',
    matters: misplaced,
    needs: ['lacks creation-with-upload'],
    reads: firstBytes,
    judge(filled) {
      const { posted, headed } = filled;
      const told = isSuccess(posted) ? (offsetOf(posted) ?? 0) : 0;
      // A deed that is done as a whole is no half one, even if nobody was told of it: see cwu.advertised.
      if (told > 0 && offsetOf(headed) === told)
        return 'bytes are stored, though creation-with-upload is not listed';
      return expectNothingStored(filled);
    },
  }),
];

const invitations: readonly Check[] = [
  check({
    id: 'cwu.post.expect-continue',
    level: should,
    impact: 'interoperability',
    spec: extension,
    says: 'A client that waits to be asked for the bytes of a creation (Expect: 100-continue) is asked.',
    passes: '100 Continue within 3 s, then a success; or the success at once',
    fails: 'silence, 417, or another final answer',
    matters: 'such clients wait at every file, or give up',
    reads: invitedCreation,
    judge({ early, waitedMs, exchange }) {
      if (early.sizeBytes === 0) {
        if (isSuccess(exchange)) skipHttp10(exchange);
        const actual = `nothing came within ${waitedMs} ms`;
        throw new Violation({ expected: '100 Continue', actual, evidence: [exchange] });
      }
      return expectStatus(exchange, ['2xx'], { expected: '100 Continue, then 201' });
    },
  }),
  check({
    id: 'cwu.post.expect-early-reject',
    level: should,
    impact: 'advice',
    spec: extension,
    says: 'A creation that its head condemns is refused before its bytes are asked for.',
    passes: 'a 4xx within 3 s; that 100 Continue comes before it is noted',
    fails: 'silence, a success, or a 5xx',
    matters: 'the client sends the file for nothing',
    reads: uninvitedCreation,
    judge({ early, waitedMs, exchange }) {
      if (early.sizeBytes === 0) {
        if (!isSuccess(exchange)) skipHttp10(exchange);
        const actual = `nothing came within ${waitedMs} ms`;
        throw new Violation({ expected: 'a refusal', actual, evidence: [exchange] });
      }
      expectRefused(exchange);
      const isAsked = exchange.answer?.interim.some(({ status }) => status === 100) ?? false;
      return isAsked ? '100 Continue came before the refusal' : undefined;
    },
  }),
  check({
    id: 'cwu.post.disconnect',
    level: safety,
    impact: 'resume',
    spec: derived('connections break in creations, too'),
    says: 'A creation that breaks off inside its bytes does no harm.',
    passes: 'the server answers, and the same creation succeeds or meets the upload that is there (409)',
    fails: 'no answer, a 5xx, or a refusal of the repeat',
    matters: 'after one broken connection the video cannot be uploaded any more',
    reads: cutCreation,
    judge({ alive, again }) {
      expectStatus(alive, ['2xx', '3xx', '4xx'], { expected: 'the server still answers' });
      return expectStatus(again, ['2xx', 409]);
    },
  }),
];

export const creationWithUpload: Section = {
  number: 9,
  title: 'Extension: Creation With Upload',
  untestable: {},
  checks: [...answers, ...files, ...bodies, ...invitations],
};

function expectNothingStored({ posted, headed }: Filled): string | undefined {
  if (!isSuccess(posted)) return expectStatus(posted, ['4xx', 501]);
  const offset = offsetOf(needed(headed, 'HEAD')) ?? 0;
  if (offset === 0) return;
  const actual = `${outcomeOf(posted)}, and HEAD states Upload-Offset: ${offset}`;
  throw new Violation({ expected: 'offset 0', actual, evidence: [posted, headed] });
}
