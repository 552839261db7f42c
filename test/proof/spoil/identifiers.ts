import { payloadOf } from '../../../src/verify/payload.ts';
import * as auth from '../../../src/verify/scenarios/authorisation.ts';
import { manyCreations } from '../../../src/verify/scenarios/creation.ts';
import * as exposed from '../../../src/verify/scenarios/exposure.ts';
import * as ids from '../../../src/verify/scenarios/identifiers.ts';
import { answerWith, dropHeader, setHeader, spoils } from './spoil.ts';

export const identifiersSpoils = [
  ...spoils(manyCreations, {
    'sec.id.unguessable': ({ sequential, parallel }) => {
      for (const [index, exchange] of [...sequential, ...parallel].entries()) {
        setHeader(exchange, 'Location', `/uploads/${1000 + index}`);
      }
    },
  }),
  ...spoils(ids.reservedNames, { 'sec.id.reserved': ({ asked }) => answerWith(asked[2]?.exchange, 200) }),
  ...spoils(ids.otherIdSpellings, {
    'sec.id.alias': ({ aliases }) => giveOffset(aliases[0]?.exchange),
    'sec.id.nul-and-slash': ({ cutOff }) => giveOffset(cutOff[0]?.exchange),
    'sec.id.dot': ({ neighbours }) => answerWith(neighbours[2]?.exchange, 200),
  }),
  ...spoils(auth.creationByNobody, {
    'sec.auth.post': ({ posted }) => answerWith(posted, 201),
    'sec.auth.www-authenticate': ({ posted }) => dropHeader(posted, 'WWW-Authenticate'),
  }),
  ...spoils(auth.requestsByNobody, {
    'sec.auth.head': ({ headed }) => answerWith(headed, 200),
    'sec.auth.patch': ({ afterPatch }) => {
      afterPatch.bytes = 5;
    },
    'sec.auth.delete': ({ deleted }) => answerWith(deleted, 204),
  }),
  ...spoils(auth.wrongTokens, {
    'sec.auth.wrong-token': ({ tried }) => answerWith(tried.at(-1)?.exchange, 204),
  }),
  ...spoils(auth.schemes, { 'sec.auth.scheme': ({ otherCase }) => answerWith(otherCase[0], 401) }),
  ...spoils(auth.tokenInQuery, { 'sec.auth.no-query-token': ({ posted }) => answerWith(posted, 201) }),
  ...spoils(auth.refusedBeforeBodyByNobody, {
    'sec.auth.before-body': ({ exchange }) => answerWith(exchange, 204),
  }),
  ...spoils(auth.enumeration, {
    'sec.auth.no-enumeration': ({ pairs }) => answerWith(pairs[0]?.missing, 404),
  }),
  ...spoils(exposed.creationAnswers, {
    'sec.location.same-origin': ({ plain }) =>
      setHeader(plain, 'Location', 'http://storage.example/uploads/abc'),
    'sec.location.scheme-downgrade': ({ plain }) =>
      setHeader(plain, 'Location', plain.url.replace(/^https:/, 'http:')),
    'sec.location.host-reflection': ({ forgedForwarding }) =>
      setHeader(forgedForwarding[0], 'Location', `http://${exposed.EVIL_HOST}/uploads/abc`),
    'sec.cors.credentials': ({ foreignOrigin }) => {
      setHeader(foreignOrigin, 'Access-Control-Allow-Origin', exposed.EVIL_ORIGIN);
      setHeader(foreignOrigin, 'Access-Control-Allow-Credentials', 'true');
    },
  }),
  ...spoils(exposed.halfAnUpload, {
    'sec.exposure.in-progress': ({ patched, gotten }) => {
      answerWith(gotten, 200);
      const [sent] = patched.sent.body.parts ?? [];
      if (sent === undefined || gotten.answer === undefined) throw new Error('nothing was sent, or answered');
      const base64 = Buffer.from(payloadOf(sent.payload).bytes(0, 256)).toString('base64');
      gotten.answer.body = { sizeBytes: 500, sha256: 'f'.repeat(64), base64 };
    },
  }),
  ...spoils(exposed.uploadedPage, {
    'sec.exposure.nosniff': ({ gotten }) => {
      setHeader(gotten, 'Content-Type', 'text/html');
      dropHeader(gotten, 'Content-Disposition');
    },
  }),
];

/** HEAD found the upload itself. */
function giveOffset(exchange: Parameters<typeof answerWith>[0]): void {
  answerWith(exchange, 200);
  setHeader(exchange, 'Upload-Offset', '7');
}
