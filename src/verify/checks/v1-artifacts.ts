import { isOutOfTurn, isServed, isSuccess, outcomeOf } from '../answers.ts';
import { Blocked, type Check, check, type Section, Skip, Violation } from '../check.ts';
import { expectAnswer, expectStatus, needed, remarks } from '../expect.ts';
import { v1May, v1Must, v1Safety, v1Should } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import type { Scenario } from '../scenario.ts';
import {
  artifactReadiness,
  artifactRemoval,
  declaredChecksums,
  otherKinds,
  zerosAsVideo,
} from '../scenarios/v1-artifacts.ts';
import { derived, pulseV1 } from '../sources.ts';
import type { Target } from '../target.ts';

/** Section 25: what is served, when, and whether it is what was sent. */

const readiness = pulseV1('6.1 Readiness');
const serving = pulseV1('6.2 Serving');
const checksums = pulseV1('6.3 Checksum');

type Words = Pick<Check, 'says' | 'passes' | 'fails' | 'matters'>;

const row = <Seen>(
  id: string,
  level: Check['level'],
  spec: Check['spec'],
  reads: Scenario<Seen>,
  [says, passes, fails, matters]: readonly [string, string, string, string],
  judge: (seen: Seen, target: Target) => string | undefined,
): Check => {
  const words: Words = { says, passes, fails, matters };
  return check({ id, level, impact: 'data', spec, ...words, reads, judge });
};

const thrownAway = 'whole videos are thrown away';

/** Served, with exactly these bytes. */
function expectServed(exchange: Exchange | undefined, sha256: string, statuses: readonly number[] = [200]) {
  expectStatus(exchange, statuses, { note: [302, 303, 307] });
  const { body, status } = expectAnswer(exchange);
  if (status >= 300) return 'served by a redirect, which was not followed';
  if (body.sha256 === sha256) return undefined;
  const actual = `${body.sizeBytes} bytes with sha256 ${body.sha256}`;
  throw new Violation({ expected: `sha256 ${sha256}`, actual, evidence: [exchange] });
}

/** 404 or 410. A token that covers what is related to its artifact does not cover what is not there any more. */
const expectGone = (exchange: Exchange | undefined, { hidesGone }: Target) =>
  expectStatus(exchange, [404, 410], hidesGone ? { note: [403] } : {});

/** 404, or a refusal that hides. */
const expectAbsent = (exchange: Exchange | undefined) => expectStatus(exchange, [404, 410, 401, 403]);

/** What is not removed at all, and v1.artifact.delete says so, cannot be asked any further. */
function removable({ answer }: Exchange): void {
  if (answer?.status === 501) throw new Skip('the server removes no artifacts (501)');
}

function rejected({
  names,
  wrong,
}: {
  names: readonly string[];
  wrong?: { last: Exchange; gotten: Exchange };
}) {
  if (wrong === undefined) {
    if (names.length === 0) throw new Skip('the capabilities list no digest that is known here');
    throw new Blocked('the scenario did not come as far');
  }
  return wrong;
}

function rejectedWith422(seen: Parameters<typeof rejected>[0]) {
  const wrong = rejected(seen);
  expectAnswer(wrong.last);
  if (wrong.last.answer?.status !== 422) throw new Skip('no upload was rejected with 422');
  return wrong;
}

const early = ['the app plays half a video', 'somebody sees what the server rejected'] as const;

export const v1Artifacts: Section = {
  number: 25,
  title: 'Pulse v1: readiness, serving, checksum',
  untestable: {
    'v1.payload.real-mp4':
      'a rule for the tester: every video that it completes under pulse-v1, but for those of no byte and of one, begins with an ftyp box (test/verify/payload.test.ts)',
    'v1.5xx.generic': 'judged by http.error-leak, under pulse-v1 as under tus',
  },
  checks: [
    row(
      'v1.artifact.in-progress.404',
      v1Must,
      readiness,
      artifactReadiness,
      [
        'An unfinished artifact is not served.',
        '404 at none, half and all but one of its bytes',
        '200, a part of the bytes, or another status',
        early[0],
      ],
      ({ early: asked }) => remarks(...asked.map((exchange) => expectStatus(exchange, [404]))),
    ),
    row(
      'v1.artifact.rejected.404',
      v1Must,
      readiness,
      declaredChecksums,
      ['A rejected upload is not served.', '404 after a 422', 'anything else', early[1]],
      (seen, target) => expectGone(rejectedWith422(seen).gotten, target),
    ),
    row(
      'v1.artifact.get',
      v1Must,
      serving,
      artifactReadiness,
      [
        'A finished artifact is served, with the bytes that were sent.',
        '200 with these bytes, or a redirect',
        '404, or other bytes',
        'the video is not what was recorded',
      ],
      ({ last, served, sha256 }) => {
        needed(last, 'the last chunk');
        return expectServed(served, sha256);
      },
    ),
    row(
      'v1.artifact.get.promptly',
      v1Safety,
      derived('the app shows a video as soon as it is sent'),
      artifactReadiness,
      [
        'It is served as soon as its last chunk is acknowledged.',
        '200, or a redirect, at once',
        '404 at first (a warning), or for ever',
        'the app says that the video is missing',
      ],
      ({ last, atOnce, served }) => {
        needed(last, 'the last chunk');
        return expectStatus(atOnce, [200, 302, 303, 307], isServed(served) ? { warn: [404] } : {});
      },
    ),
    row(
      'v1.artifact.kind-free-url',
      v1Must,
      serving,
      otherKinds,
      [
        'Every kind of artifact is served at the same place.',
        '200 with the bytes that were sent',
        '404, or other bytes',
        'videos come without captions and pictures',
      ],
      ({ seen }) => {
        if (seen.length === 0) throw new Blocked('the capabilities list no other kind');
        return remarks(
          ...seen.map(({ patched, gotten, sha256 }) => {
            needed(patched, 'the upload');
            return expectServed(gotten, sha256);
          }),
        );
      },
    ),
    row(
      'v1.artifact.range',
      v1May,
      serving,
      artifactReadiness,
      [
        'A part of an artifact may be asked for.',
        '206 with the first hundred bytes, or 200',
        '206 with others',
        'players show garbage when one seeks',
      ],
      ({ ranged, first100, sha256 }) => {
        const { status } = expectAnswer(ranged);
        return expectServed(ranged, status === 206 ? first100 : sha256, [200, 206]);
      },
    ),
    row(
      'v1.artifact.unknown.404',
      v1Must,
      readiness,
      artifactReadiness,
      [
        'What does not exist is answered 404.',
        '404; 401 or 403 where tokens are asked for',
        'a success, or a 5xx',
        'the app waits for a video that nobody has',
      ],
      ({ unknown }) => expectAbsent(unknown),
    ),
    row(
      'v1.artifact.bad-id',
      v1Safety,
      derived('an id that is none is the mistake of the client'),
      artifactReadiness,
      [
        'An id that is no UUID is refused.',
        '400, 404 or another 4xx',
        'a success, or a 5xx',
        'paths are read that nobody meant',
      ],
      ({ badIds }) => remarks(...badIds.map((exchange) => expectStatus(exchange, ['4xx']))),
    ),
    row(
      'v1.artifact.delete',
      v1Must,
      serving,
      artifactRemoval,
      [
        'A finished artifact can be removed.',
        'a success, and 404 from then on',
        '404 or 405 to DELETE, or it is still served (501 is a warning)',
        'videos that people delete stay',
      ],
      ({ removed, gone }, target) => {
        expectStatus(removed, ['2xx'], { warn: [501] });
        return expectGone(gone, target);
      },
    ),
    row(
      'v1.artifact.delete-again',
      v1Safety,
      derived('a lost answer is repeated'),
      artifactRemoval,
      [
        'Removed twice, it is gone.',
        '404 or 410; another refusal, or a success, is noted',
        'a 5xx',
        'a client that repeats is told of a failure',
      ],
      ({ removed, again }) => {
        removable(removed);
        needed(removed, 'the first DELETE');
        return expectStatus(again, [404, 410], { note: ['2xx', '4xx'] });
      },
    ),
    row(
      'v1.artifact.delete-in-progress',
      v1Safety,
      derived('the app starts anew with the same id'),
      artifactRemoval,
      [
        'Removed while it is unfinished, an artifact is free again.',
        'a success to DELETE of the artifact, or of the upload URL where only finished ones are artifacts; then 404 or 410 to HEAD, then 201 to a creation of the same id',
        'states that contradict each other',
        'the app is stuck on that pairing',
      ],
      ({ removed, freed }) => {
        removable(removed);
        expectStatus(freed.cancelled ?? freed.removed, ['2xx']);
        expectStatus(freed.headed, [404, 410, 403]);
        expectStatus(freed.anew, ['2xx']);
        return (
          freed.cancelled &&
          'only finished artifacts are removed as such, an unfinished one by its upload URL'
        );
      },
    ),
    row(
      'v1.artifact.upload-delete-vs-artifact',
      v1Safety,
      derived('what is half removed must not be served'),
      artifactRemoval,
      [
        'Cancelled by its upload URL when it is finished, an artifact is kept as a whole, or is gone.',
        'a refusal and all its bytes, or 404',
        '200 with other bytes, or a 5xx',
        'the app plays an empty video',
      ],
      ({ ghost }, { hidesGone }) => {
        expectStatus(ghost.cancelled, ['2xx', '4xx']);
        const { status } = expectAnswer(ghost.gotten);
        return [404, 410, ...(hidesGone ? [403] : [])].includes(status)
          ? undefined
          : expectServed(ghost.gotten, ghost.sha256);
      },
    ),
    row(
      'v1.checksum.match',
      v1Should,
      checksums,
      declaredChecksums,
      [
        'A right digest lets the upload become ready.',
        'a success to the last chunk and 200, for every digest that is listed',
        'a refusal; 422, where the same is taken without a digest, is a failure',
        thrownAway,
      ],
      ({ names, plain, right }) => {
        if (names.length === 0) throw new Skip('the capabilities list no digest that is known here');
        return remarks(
          ...right.map(({ last, gotten }) => {
            // To compare is a SHOULD; to throw away what is taken without a digest is none.
            const isRejected = last.answer?.status === 422 && isSuccess(plain.last);
            expectStatus(last, ['2xx'], isRejected ? { isLoss: true, matters: thrownAway } : {});
            return expectStatus(gotten, [200, 302, 303, 307]);
          }),
        );
      },
    ),
    row(
      'v1.checksum.mismatch.422',
      v1Must,
      checksums,
      declaredChecksums,
      [
        'A wrong digest is refused with 422 when the last byte arrives.',
        '422, for every digest that is listed',
        'another refusal; a success is a warning: it is listed, and not compared',
        'a damaged video is taken for a whole one',
      ],
      (seen) => {
        const wrongs = [{ name: seen.names[0], last: rejected(seen).last }, ...(seen.otherWrongs ?? [])];
        return remarks(
          ...wrongs.map(({ name, last }) =>
            expectStatus(last, [422], { warn: ['2xx'], expected: `422 to a wrong ${name}` }),
          ),
        );
      },
    ),
    row(
      'v1.checksum.mismatch.removed',
      v1Must,
      checksums,
      declaredChecksums,
      [
        'What was rejected is removed.',
        '404 or 410 to HEAD, 404 to GET, and a creation of the same id is taken',
        'it is still there, or 409',
        'the app cannot send the video again',
      ],
      (seen, target) => {
        const { gotten } = rejectedWith422(seen);
        expectStatus(seen.headed, [404, 410, 403]);
        expectGone(gotten, target);
        return expectStatus(seen.retried, ['2xx']);
      },
    ),
    row(
      'v1.checksum.mismatch.single-request',
      v1Must,
      checksums,
      declaredChecksums,
      [
        'The same holds for a file that is complete with its creation.',
        '422 to an empty file with a wrong digest, and 404',
        'it is taken and served',
        'a damaged video is taken for a whole one',
      ],
      (seen) => {
        rejectedWith422(seen);
        expectStatus(seen.nothing, [422], { note: ['4xx'] });
        return expectAbsentOrBad(seen.noFile);
      },
    ),
    row(
      'v1.checksum.hex-case',
      v1May,
      checksums,
      declaredChecksums,
      [
        'A digest in upper case may be understood or refused.',
        'a success, or a 4xx',
        'a 5xx',
        'the server stumbles over a detail',
      ],
      (seen) => {
        rejected(seen);
        return expectStatus(seen.upper, ['2xx', '4xx']);
      },
    ),
    row(
      'v1.checksum.absent',
      v1Must,
      checksums,
      declaredChecksums,
      [
        'An upload without a digest is fine.',
        'a success to its last chunk, and 200',
        'a refusal',
        'clients without digests cannot upload',
      ],
      ({ plain }) => {
        expectStatus(plain.last, ['2xx']);
        return expectStatus(plain.gotten, [200, 302, 303, 307]);
      },
    ),
    row(
      'v1.checksum.not-per-chunk',
      v1May,
      checksums,
      declaredChecksums,
      [
        'The digest is that of the whole file: a chunk before the last is taken, whatever it says.',
        'a success to the first chunk',
        'a refusal',
        'no file of several chunks can be sent',
      ],
      (seen) => {
        rejected(seen);
        return expectStatus(seen.wrong?.first, ['2xx']);
      },
    ),
    row(
      'v1.checksum.after-resume',
      v1Safety,
      derived('a cut is when bytes are lost'),
      declaredChecksums,
      [
        'The digest of the creation still counts after a cut.',
        '422',
        'a success',
        'the check is missing exactly where it is needed',
      ],
      (seen) => {
        rejectedWith422(seen);
        const { resumed } = seen;
        if (resumed === undefined) throw new Blocked('the scenario did not come as far as the rest');
        if (isOutOfTurn(resumed))
          throw new Blocked(`the rest was not taken: ${outcomeOf(resumed)}`, [resumed]);
        return expectStatus(resumed, [422]);
      },
    ),
    row(
      'v1.payload.type',
      v1May,
      readiness,
      zerosAsVideo,
      [
        'Bytes that are no video may be refused, and are then not served.',
        'a success, or 422 or another 4xx and then 404',
        'a 5xx, or served after a refusal',
        early[1],
      ],
      ({ patched, gotten }) => {
        expectStatus(patched, ['2xx', '4xx']);
        return isSuccess(patched) ? expectStatus(gotten, ['2xx', '3xx']) : expectAbsent(gotten);
      },
    ),
    row(
      'v1.completion.idempotent',
      v1Safety,
      derived('a lost answer is repeated'),
      artifactReadiness,
      [
        'The last chunk, repeated, neither completes the artifact twice nor unmakes it.',
        'the same answer to GET as before, whatever the repeats get',
        '404, or other bytes',
        'a video is lost because an answer was',
      ],
      ({ served, after, sha256 }) => {
        if (!isServed(served)) needed(served, 'the artifact');
        return expectServed(after, isSuccess(served) ? (served.answer?.body.sha256 ?? '') : sha256);
      },
    ),
  ],
};

function expectAbsentOrBad(exchange: Exchange | undefined) {
  return expectStatus(exchange, [404, 410, 400, 401, 403]);
}
