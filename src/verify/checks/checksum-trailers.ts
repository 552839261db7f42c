import { isSuccess } from '../answers.ts';
import { type Check, check } from '../check.ts';
import { expectFinished, expectOffset, expectRefused, expectStatus, remarks } from '../expect.ts';
import { must, safety } from '../levels.ts';
import { trailedChecksums } from '../scenarios/checksum.ts';
import { derived, tus } from '../sources.ts';
import { expectContentWhereKnown, expectRefusedWithoutEffect, expectUnmoved } from './no-effect.ts';

const extension = tus('Checksum', 'checksum');

/** Checksums that follow the bytes they are of. */
export const checksumTrailers: readonly Check[] = [
  check({
    id: 'checksum.trailer.advertised',
    level: must,
    impact: 'data',
    spec: extension,
    says: 'A server that lists checksum-trailer reads checksums behind the body.',
    passes: 'a wrong checksum in the trailer is refused',
    fails: 'checksum-trailer is listed, and a wrong trailer is ignored',
    matters: 'the client believes that its bytes were proven, and a broken chunk is in its video',
    reads: trailedChecksums,
    judge: ({ wrong }) => expectRefused(wrong.trial.exchange),
  }),
  check({
    id: 'checksum.trailer.match',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'A chunk whose checksum comes behind it and agrees is stored.',
    passes: '204 with the new offset, and the bytes are there',
    fails: 'a refusal, another offset, or other bytes',
    matters: 'with checksums in trailers no upload gets through',
    reads: trailedChecksums,
    judge({ right: { trial, content } }) {
      const remark = expectStatus(trial.exchange, [204], { warn: ['2xx'] });
      expectOffset(trial.exchange, content.expected.sizeBytes);
      return remarks(remark, expectContentWhereKnown(content));
    },
  }),
  check({
    id: 'checksum.trailer.mismatch',
    level: must,
    impact: 'data',
    spec: extension,
    says: 'A chunk whose checksum comes behind it and disagrees is thrown away.',
    passes: 'any 4xx, and the offset stays',
    fails: 'the bytes are taken, a 5xx, or no answer',
    matters: 'the broken bytes stay in the video, and the client goes on behind them',
    reads: trailedChecksums,
    judge: ({ wrong }) => expectRefusedWithoutEffect(wrong.trial),
  }),
  check({
    id: 'checksum.trailer.missing',
    level: safety,
    impact: 'data',
    spec: derived('what was promised and does not come is no proof, and no reason to fail'),
    says: 'A checksum that was promised and does not come leaves the upload in order.',
    passes: 'a 4xx without effect, or a success (noted); and the file is right in the end',
    fails: 'a 5xx, no answer, or an upload that cannot be finished',
    matters: 'a proxy that drops trailers breaks every upload',
    reads: trailedChecksums,
    judge({ missing: { trial, finish, content } }) {
      expectStatus(trial.exchange, ['2xx', '4xx']);
      const isTaken = isSuccess(trial.exchange);
      if (!isTaken) expectUnmoved(trial);
      expectFinished(finish);
      return remarks(
        isTaken ? 'the bytes are taken without the checksum that was promised' : undefined,
        expectContentWhereKnown(content),
      );
    },
  }),
];
