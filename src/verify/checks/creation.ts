import { headerMembers, headerOf, headerValues, isSuccess, outcomeOf } from '../answers.ts';
import { check, type Section, Skip, Violation } from '../check.ts';
import {
  expectContent,
  expectFinished,
  expectHeader,
  expectOffset,
  expectStatus,
  needed,
  remarks,
} from '../expect.ts';
import { may, must, safety } from '../levels.ts';
import {
  advertisedCreation,
  emptyBodies,
  firstChunkAtOnce,
  freshUpload,
  manyCreations,
  type OneOfMany,
  postOnUpload,
  wrongMethods,
} from '../scenarios/creation.ts';
import { creationAnswers } from '../scenarios/exposure.ts';
import { derived, pulseDocs, rfc, tus } from '../sources.ts';
import { creationLengthChecks } from './creation-lengths.ts';
import { skipChunkedToHttp10 } from './http-1-0.ts';
import { expectContentWhereKnown, expectUnmoved } from './no-effect.ts';
import { uploadUrlsOf } from './upload-urls.ts';

const post = tus('Creation, POST', 'post');

export const creation: Section = {
  number: 6,
  title: 'Extension: Creation',
  untestable: {},
  relevelled: {
    'creation.advertised':
      'not part of pulse: its facade does not promise OPTIONS, and creation is no extension there',
  },
  checks: [
    check({
      id: 'creation.advertised',
      level: { tus: 'MUST' },
      impact: 'interoperability',
      spec: tus('Creation', 'creation'),
      says: 'A server on which clients create uploads lists creation in Tus-Extension.',
      passes: 'creation in Tus-Extension wherever POST is answered 201',
      fails: 'POST creates uploads, and creation is not listed',
      matters: 'clients that look before they create do not even try',
      reads: advertisedCreation,
      judge({ options, posted }) {
        needed(posted, 'the creation');
        if (!isSuccess(options) || headerOf(options, 'Tus-Version') === undefined) {
          throw new Skip('OPTIONS is not answered as tus has it, so nothing is listed at all');
        }
        if (headerMembers(options, 'Tus-Extension').includes('creation')) return undefined;
        const actual = `Tus-Extension: ${headerOf(options, 'Tus-Extension') ?? 'none'}`;
        throw new Violation({ expected: 'Tus-Extension with creation', actual, evidence: [options, posted] });
      },
    }),
    check({
      id: 'creation.post.201',
      level: must,
      impact: 'interoperability',
      spec: post,
      says: 'A creation that succeeded is answered 201.',
      passes: '201',
      fails: 'anything else',
      matters: 'the Pulse client stops at anything but 201',
      reads: creationAnswers,
      judge: ({ plain }) => expectStatus(plain, [201]),
    }),
    check({
      id: 'creation.post.location',
      level: must,
      impact: 'interoperability',
      spec: post,
      says: 'That answer names the new upload in Location.',
      passes: 'one Location that is not empty',
      fails: 'none, an empty one, or several',
      matters: 'the client does not know where to send the video',
      reads: creationAnswers,
      judge({ plain }) {
        const values = headerValues(needed(plain, 'the creation').answer, 'Location');
        if (values.length === 1 && values[0]?.trim() !== '') return undefined;
        const actual = values.length === 0 ? 'no Location' : `Location: ${values.join(' and ')}`;
        throw new Violation({ expected: 'one Location', actual, evidence: [plain] });
      },
    }),
    check({
      id: 'creation.post.location.reference',
      level: may,
      impact: 'interoperability',
      spec: post,
      says: 'Location may be absolute or relative: resolved against the creation URL it leads to the upload.',
      passes: 'HEAD there succeeds with Upload-Offset: 0',
      fails: 'HEAD there finds nothing',
      matters: 'clients that resolve it as the standard says do not find the upload',
      reads: freshUpload,
      judge: ({ headed }) => expectOffset(headed, 0),
    }),
    check({
      id: 'creation.post.location.clean',
      level: safety,
      impact: 'security',
      spec: rfc(9110, '10.2.2'),
      says: 'Location holds no user information, fragment, blanks, or control characters.',
      passes: 'none of them',
      fails: 'any of them',
      matters: 'clients and logs read different addresses out of it',
      reads: creationAnswers,
      judge({ plain }) {
        const locations = headerValues(needed(plain, 'the creation').answer, 'Location');
        if (locations.length === 0) throw new Skip('there is no Location to look at');
        const found = Object.keys(unclean).filter((name) =>
          locations.some((location) => unclean[name]?.test(location)),
        );
        if (found.length === 0) return undefined;
        const actual = `${found.join(', ')} in Location: ${locations.join(' and ')}`;
        throw new Violation({ actual, evidence: [plain] });
      },
    }),
    check({
      id: 'creation.post.location.unique',
      level: must,
      impact: 'data',
      spec: post,
      says: 'Every creation gives its own upload URL, also where it is like one before.',
      passes:
        '70 different URLs, 50 of them asked for at the same time; where creations name no id, two more for those of the same metadata and length, each with its own bytes in the end; a refusal is noted',
      fails: 'a URL that is given twice, or the bytes of the one upload in the other',
      matters: 'two videos are written into one file',
      reads: manyCreations,
      judge({ sequential, alike, parallel }) {
        const creations = [...sequential, ...alike.map(({ created }) => created), ...parallel];
        const urls = uploadUrlsOf(creations);
        const repeated = urls.find((url, index) => urls.indexOf(url) !== index);
        if (repeated === undefined) return remarks(...alike.map(heldApart));
        const evidence = creations.filter((one) => headerOf(one, 'Location') === repeated);
        throw new Violation({
          expected: 'a URL of its own for each creation',
          actual: `${repeated} was given ${evidence.length} times`,
          evidence,
        });
      },
    }),
    check({
      id: 'creation.post.initial-offset',
      level: must,
      impact: 'resume',
      spec: tus('Creation, Example', 'example-1'),
      says: 'A new upload begins at offset 0.',
      passes: 'Upload-Offset: 0',
      fails: 'another offset, or none',
      matters: 'the beginning of the video is skipped',
      reads: freshUpload,
      judge: ({ headed }) => expectOffset(headed, 0),
    }),
    ...creationLengthChecks,
    check({
      id: 'creation.post.immediately-usable',
      level: safety,
      impact: 'data',
      spec: derived('201 says that the upload is there'),
      says: 'The upload takes data as soon as its creation is answered, and keeps it.',
      passes: 'every first chunk that follows at once is acknowledged and stored',
      fails: 'a refusal, or missing bytes in the end',
      matters: 'the server still prepares the file, and truncates the beginning of the video',
      reads: firstChunkAtOnce,
      judge({ uploads }) {
        for (const { patched, sizeBytes } of uploads) {
          expectStatus(patched, ['2xx']);
          // To acknowledge less than was sent is a server's right.
          expectOffset(patched, { from: Math.min(1, sizeBytes), to: sizeBytes });
        }
        const whole = uploads.filter(
          ({ patched, sizeBytes }) => headerOf(patched, 'Upload-Offset') === String(sizeBytes),
        );
        return remarks(
          ...whole.map(({ content }) =>
            content === undefined ? undefined : expectContentWhereKnown(content),
          ),
        );
      },
    }),
    check({
      id: 'creation.post.octet-type-empty-body',
      level: must,
      impact: 'interoperability',
      spec: pulseDocs('uploads/tus', 'Create'),
      says: 'A creation without a body that states the media type of chunks is an ordinary creation.',
      passes: '201, and the upload stands at 0',
      fails: 'a refusal, a 5xx, or another offset',
      matters: 'the Pulse Cam app sends exactly this, and cannot upload anything',
      reads: emptyBodies,
      judge({ labelled, headed }) {
        expectStatus(labelled, ['2xx']);
        return headed && expectOffset(headed, 0);
      },
    }),
    check({
      id: 'creation.post.chunked-empty',
      level: safety,
      impact: 'interoperability',
      spec: rfc(9112, '7.1'),
      says: 'A creation with an empty chunked body is an ordinary creation.',
      passes: '201; 411 is noted',
      fails: 'another refusal, a 5xx, or no answer',
      matters: 'clients and proxies that always send chunked cannot create uploads',
      reads: emptyBodies,
      judge({ labelled, chunked }) {
        skipChunkedToHttp10(labelled);
        return expectStatus(chunked, ['2xx'], { note: [411] });
      },
    }),
    check({
      id: 'creation.post.upload-offset-extra',
      level: may,
      impact: 'advice',
      spec: tus('Creation With Upload', 'creation-with-upload'),
      says: 'The answer to a creation without data may state Upload-Offset, which is 0 then.',
      passes: 'no Upload-Offset, or 0',
      fails: 'another value',
      matters: 'a client begins in the middle of the video',
      reads: creationAnswers,
      judge({ plain }) {
        needed(plain, 'the creation');
        return headerOf(plain, 'Upload-Offset') === undefined
          ? undefined
          : expectHeader(plain, 'Upload-Offset', '0');
      },
    }),
    check({
      id: 'creation.post.on-upload-url',
      level: may,
      impact: 'data',
      spec: {
        url: 'https://github.com/tus/tus-resumable-upload-protocol/issues/72',
        section: 'not specified (protocol issue 72)',
      },
      says: 'POST on the URL of an upload, whatever it is answered, leaves that upload as it was.',
      passes: 'an answer below 500, the offset as before, and the right bytes in the end',
      fails: 'a 5xx, a lost offset, or lost bytes',
      matters: 'a client that sends its creation to the wrong place destroys an upload',
      reads: postOnUpload,
      judge({ trial, finish, content }) {
        expectStatus(trial.exchange, ['2xx', '3xx', '4xx', 501]);
        expectUnmoved(trial);
        expectFinished(finish);
        return content.by === 'none' ? undefined : expectContent(content);
      },
    }),
    check({
      id: 'creation.post.wrong-method',
      level: may,
      impact: 'advice',
      spec: rfc(9110, '15.5.6'),
      says: 'Methods that make no sense on the creation URL are refused.',
      passes: '404, 405, 501 or another 4xx to PUT, PATCH and DELETE',
      fails: 'a success, or another 5xx',
      matters: 'a request that went astray seems to have worked',
      reads: wrongMethods,
      judge: ({ asked }) => remarks(...asked.map((exchange) => expectStatus(exchange, ['4xx', 501]))),
    }),
    check({
      id: 'creation.post.burst',
      level: safety,
      impact: 'data',
      spec: derived('many people upload at the same time'),
      says: 'Uploads that are created at the same time do not get in each other’s way.',
      passes: 'each of 50 has its own URL and, in the end, its own byte; 429 and 503 are noted',
      fails: 'a shared URL, another’s byte, another refusal, or a 5xx',
      matters: 'videos are mixed up under load',
      reads: manyCreations,
      judge: ({ burst }) => remarks(...burst.map(undisturbed)),
    }),
  ],
};

const unclean: Readonly<Record<string, RegExp>> = {
  'user information': /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i,
  'a fragment': /#/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  'blanks or control characters': /[\u0000-\u0020\u007f]/,
};

/** A server may ask a crowd to come again later. */
const LATER = [429, 503];

/** Of two that are alike the second may be refused, and not be taken for the first. */
function heldApart({ content, ...one }: OneOfMany): string | undefined {
  if (!isSuccess(one.created)) return expectStatus(one.created, ['2xx'], { note: ['4xx', 503] });
  return undisturbed(content === undefined || content.by === 'none' ? one : { ...one, content });
}

function undisturbed({ created, patched, content }: OneOfMany): string | undefined {
  const asked = [created, patched, content?.exchange];
  const busy = asked.find((exchange) => LATER.includes(exchange?.answer?.status ?? 0));
  if (busy !== undefined) return `${busy.sent.method} was put off: ${outcomeOf(busy)}`;
  expectStatus(created, ['2xx']);
  expectOffset(patched, patched?.sent.body.sizeBytes ?? 0);
  return content === undefined ? undefined : expectContentWhereKnown(content);
}
