import { resolveLocation } from '../../protocol/urls.ts';
import { headerOf, isSuccess, outcomeOf } from '../answers.ts';
import { Blocked, check, type Section, Violation } from '../check.ts';
import { expectAnswer, expectFinished, expectOffset, expectStatus, needed, remarks } from '../expect.ts';
import { v1Must, v1Safety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import { type SeenInRun, wholeRun } from '../scenario.ts';
import { singleRequest } from '../scenarios/core-patch.ts';
import { creationAnswers } from '../scenarios/exposure.ts';
import {
  cancelledUpload,
  creationRace,
  DUPLICATE_AT_BYTES,
  duplicateCreation,
  encodedLookingBodies,
  oneLargePatch,
  SPELT_AT_BYTES,
  upperCaseId,
} from '../scenarios/v1-upload.ts';
import { derived, pulseV1 } from '../sources.ts';
import { expectContentWhereKnown } from './no-effect.ts';
import { v1ClaimedIdChecks } from './v1-claimed-ids.ts';
import { v1MetadataChecks } from './v1-metadata.ts';

/** Section 23, first half: the routes of an upload, and creations of one artifact that happen twice. */

const transport = pulseV1('4. Upload transport');
type Seen = SeenInRun['exchanges'][number];

const doubled = 'one recording takes the place of another, or ends up in halves of both';

export const v1Upload: Section = {
  number: 23,
  title: 'Pulse v1: upload transport and metadata',
  untestable: {
    'v1.upload.tus':
      'the checks of sections 1 to 6 ask it, under pulse-v1 as strictly as under tus, with v1 metadata',
    'v1.resume.head-authoritative':
      'asked by data.disconnect.mid-chunk: after the cut it asks HEAD over a new connection, with nothing but URL and token, goes on from there, and compares the artifact; without HEAD v1.upload.routes fails',
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
      fails: '201 (a warning); the first upload has moved, or ends as another file',
      matters: 'on file systems that do not tell the case apart the two overwrite each other',
      reads: upperCaseId,
      judge({ first, second, after, finish, content }) {
        needed(first, 'the first chunk');
        expectOffset(after, SPELT_AT_BYTES);
        if (finish && content) {
          expectFinished(finish);
          expectContentWhereKnown(content);
        }
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
      passes: 'a PATCH of 8 MiB is taken, and these bytes are served; with --large one of 1 GiB, too',
      fails: '413 by a limit on request bodies, a cut connection, a 5xx, or other bytes',
      matters: 'the app cannot send any video but the shortest',
      reads: wholeRun(singleRequest, oneLargePatch),
      judge({ exchanges }) {
        const wholes = [singleRequest, oneLargePatch].flatMap(({ id }) => {
          // What was put off, or met an idle connection's end, was sent once more.
          const sent = exchanges.find(
            ({ scenario, repeated, sent: { method } }) => scenario === id && !repeated && method === 'PATCH',
          );
          return sent === undefined ? [] : [sent];
        });
        if (wholes.length === 0) throw new Blocked('no file was sent in one PATCH');
        for (const whole of wholes) expectServedAgain(whole, exchanges);
        return undefined;
      },
    }),
    check({
      id: 'v1.location.same-origin',
      level: v1Must,
      impact: 'security',
      spec: pulseV1('4.3 Location'),
      says: "Location leads to the server's own origin: its scheme, its host and its port.",
      passes: 'a relative Location, or one of the origin that the client talks to',
      fails: 'another origin, if only another scheme',
      matters: 'the app drops the upload, because its token would go to somebody else',
      reads: creationAnswers,
      judge({ plain }) {
        const location = headerOf(needed(plain, 'the creation'), 'Location');
        if (location === undefined) throw new Blocked('the answer to POST has no Location', [plain]);
        const expected = new URL(plain.url).origin;
        const actual = resolveLocation(location, new URL(plain.url))?.origin;
        if (actual === expected) return undefined;
        throw new Violation({ expected, actual: actual ?? `Location: ${location}`, evidence: [plain] });
      },
    }),
    ...v1MetadataChecks,
    ...v1ClaimedIdChecks,
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

/** Taken; and where it was read back afterwards, with the digest of what was sent. */
function expectServedAgain(whole: Seen, exchanges: readonly Seen[]): void {
  expectStatus(whole, ['2xx']);
  const gotten = exchanges.findLast(
    ({ scenario, sent }) => scenario === whole.scenario && sent.method === 'GET',
  );
  if (gotten === undefined) return;
  expectStatus(gotten, ['2xx']);
  const { sha256 } = whole.sent.body;
  const body = gotten.answer?.body;
  if (body?.sha256 === sha256) return;
  const actual = `${body?.sizeBytes} bytes with sha256 ${body?.sha256}`;
  throw new Violation({ expected: `sha256 ${sha256}`, actual, evidence: [whole, gotten] });
}
