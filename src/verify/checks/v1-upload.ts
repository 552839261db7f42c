import { isSuccess, outcomeOf } from '../answers.ts';
import { Blocked, check, type Section, Violation } from '../check.ts';
import { expectAnswer, expectFinished, expectOffset, expectStatus, needed, remarks } from '../expect.ts';
import { v1Must, v1Safety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import { singleRequest } from '../scenarios/core-patch.ts';
import {
  cancelledUpload,
  creationRace,
  DUPLICATE_AT_BYTES,
  duplicateCreation,
  encodedLookingBodies,
  SPELT_AT_BYTES,
  upperCaseId,
} from '../scenarios/v1-upload.ts';
import { derived, pulseV1 } from '../sources.ts';
import { expectContentWhereKnown } from './no-effect.ts';
import { v1MetadataChecks } from './v1-metadata.ts';

/** Section 23, first half: the routes of an upload, and creations of one artifact that happen twice. */

const transport = pulseV1('4. Upload transport');
const doubled = 'one recording takes the place of another, or ends up in halves of both';

export const v1Upload: Section = {
  number: 23,
  title: 'Pulse v1: upload transport and metadata',
  untestable: {
    'v1.upload.tus': 'the checks of sections 1 to 6 ask it, under pulse-v1 as under tus',
    'v1.resume.head-authoritative':
      'asked by data.disconnect.mid-chunk and its neighbours, under pulse-v1 as under tus: after the cut nothing is known but the URL and the token, on a new connection',
    'v1.meta.alias-precedence': 'needs tokens for two artifacts',
    'v1.meta.duplicate-id': 'needs tokens for two artifacts',
    'v1.location.same-origin': 'asked by sec.location.same-origin, under pulse-v1 as under tus',
  },
  checks: [
    check({
      id: 'v1.upload.routes',
      level: v1Must,
      impact: 'interoperability',
      spec: transport,
      says: 'POST to the collection, and PATCH, HEAD and DELETE to an upload, are all there.',
      passes: 'a success to each',
      fails: '404, 405 or another refusal to one of them',
      matters: 'the app cannot send, resume or cancel',
      reads: cancelledUpload,
      judge: ({ created, patched, headed, removed }) =>
        remarks(...[created, patched, headed, removed].map((exchange) => expectStatus(exchange, ['2xx']))),
    }),
    check({
      id: 'v1.upload.delete-cancels',
      level: v1Must,
      impact: 'interoperability',
      spec: transport,
      says: 'DELETE of an unfinished upload cancels it.',
      passes: '204, and then 404 or 410 to HEAD',
      fails: 'another answer, or the upload is still there',
      matters: 'what the user has cancelled stays on the server',
      reads: cancelledUpload,
      judge({ removed, gone }) {
        expectStatus(removed, [204], { warn: [200, 202] });
        return expectStatus(gone, [404, 410, 403]);
      },
    }),
    check({
      id: 'v1.upload.recreate-after-cancel',
      level: v1Safety,
      impact: 'resume',
      spec: derived('the app creates the artifact anew after 404 or 410'),
      says: 'An artifact whose upload is gone can be created again.',
      passes: '201',
      fails: '409 (a warning: the artifact is stuck), or another refusal',
      matters: 'the app cannot begin again with this pairing',
      reads: cancelledUpload,
      judge({ removed, gone, anew }) {
        needed(removed, 'the cancellation');
        if (isSuccess(gone)) throw new Blocked('the upload is not gone', [gone]);
        return expectStatus(anew, [201], { warn: [409] });
      },
    }),
    check({
      id: 'v1.upload.duplicate-create',
      level: v1Safety,
      impact: 'data',
      spec: derived('an id names one artifact'),
      says: 'A second creation of an artifact is refused, and the first is unharmed.',
      passes: '409 during the upload and after it (another 4xx is noted); the file is what was sent',
      fails: '201, a 5xx, or the first upload is changed',
      matters: doubled,
      reads: duplicateCreation,
      judge({ first, during, headed, finish, after, content }) {
        needed(first, 'the first chunk');
        const said = [during, after].map((again) => expectStatus(again, [409], { note: ['4xx'] }));
        expectOffset(headed, DUPLICATE_AT_BYTES);
        expectFinished(finish);
        return remarks(...said, expectContentWhereKnown(content));
      },
    }),
    check({
      id: 'v1.upload.duplicate-create-race',
      level: v1Safety,
      impact: 'data',
      spec: derived('an id names one artifact'),
      says: 'Of two creations of an artifact at the same time exactly one succeeds.',
      passes: 'one 201 and one 409 (another 4xx is noted)',
      fails: 'two successes, two refusals, or a 5xx',
      matters: doubled,
      reads: creationRace,
      judge: ({ rounds }) => remarks(...rounds.map(expectOneWinner)),
    }),
    check({
      id: 'v1.upload.case-variant',
      level: v1Safety,
      impact: 'data',
      spec: derived('RFC 9562: the letters of a UUID mean the same in either case'),
      says: 'A UUID in upper case names no second artifact beside the one in lower case.',
      passes: '409 or 400, and the first upload is where it was',
      fails: '201 (a warning), or the first upload has moved',
      matters: 'on file systems that do not tell the case apart the two overwrite each other',
      reads: upperCaseId,
      judge({ first, second, after }) {
        needed(first, 'the first chunk');
        expectOffset(after, SPELT_AT_BYTES);
        return expectStatus(second, [409, 400], { note: ['4xx'], warn: [201] });
      },
    }),
    check({
      id: 'v1.upload.raw-body',
      level: v1Must,
      impact: 'data',
      spec: transport,
      says: 'The bytes of a PATCH are stored as they come, whatever they look like.',
      passes: 'chunks that look like base64 and like a form are taken, and read back as they were',
      fails: 'they are refused, decoded or unwrapped',
      matters: 'the video on the server is not what was sent',
      reads: encodedLookingBodies,
      judge({ patches, content }) {
        const said = patches.map((patched) => expectStatus(patched, ['2xx']));
        return remarks(...said, expectContentWhereKnown(content));
      },
    }),
    check({
      id: 'v1.upload.one-patch',
      level: v1Safety,
      impact: 'interoperability',
      spec: derived('the app sends a file in one PATCH unless the capabilities name a chunk size'),
      says: 'A whole file may come in one PATCH.',
      passes: 'a PATCH of 8 MiB is taken, and the bytes are right',
      fails: '413 by a limit on request bodies, a cut connection, a 5xx, or other bytes',
      matters: 'the app cannot send any video but the shortest',
      reads: singleRequest,
      judge({ patched, finish, content }) {
        expectStatus(patched, ['2xx']);
        if (finish === undefined || content === undefined) throw new Blocked('PATCH acknowledged no offset');
        expectFinished(finish);
        return expectContentWhereKnown(content);
      },
    }),
    ...v1MetadataChecks,
  ],
};

function expectOneWinner(round: readonly Exchange[]): string | undefined {
  for (const exchange of round) expectAnswer(exchange);
  const winners = round.filter(isSuccess);
  if (winners.length !== 1) {
    const actual = round.map(outcomeOf).join(' and ');
    throw new Violation({ expected: 'exactly one success', actual, evidence: round });
  }
  const losers = round.filter((exchange) => !isSuccess(exchange));
  return remarks(...losers.map((loser) => expectStatus(loser, [409], { note: ['4xx'] })));
}
