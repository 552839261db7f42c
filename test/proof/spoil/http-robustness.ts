import { wholeRun } from '../../../src/verify/scenario.ts';
import * as robust from '../../../src/verify/scenarios/http-robustness.ts';
import * as odd from '../../../src/verify/scenarios/malformed-requests.ts';
import { formBytes } from '../../../src/verify/scenarios/pulse-multipart.ts';
import { lastChunkSmaller } from '../../../src/verify/scenarios/whole-files.ts';
import { answerWith, loseAnswer, otherContent, setHeader, spoils } from './spoil.ts';

export const httpRobustnessSpoils = [
  ...spoils(robust.invitedBody, {
    'http.expect-100.accept': ({ early }) => {
      early.sizeBytes = 0;
    },
  }),
  ...spoils(robust.refusedBeforeBody, {
    'http.expect-100.reject': ({ exchange }) => loseAnswer(exchange),
  }),
  ...spoils(robust.largeRefused, {
    'http.early-reject.large-body': ({ after }) => {
      after.bytes = 8 * 1024 * 1024;
    },
  }),
  ...spoils(lastChunkSmaller, { 'http.body-limit.1mib': ({ patches }) => answerWith(patches[0], 413) }),
  ...spoils(formBytes, { 'http.body-limit.multipart': ({ mebibyte }) => answerWith(mebibyte.patched, 413) }),
  ...spoils(robust.headOverHttp10, {
    'http.http10': (seen) => {
      seen.peer = 'open';
    },
  }),
  ...spoils(robust.otherHeaderSpellings, {
    'http.header-case': ({ letters }) => answerAs(letters, 400),
    'http.header-whitespace': ({ blanks }) => answerAs(blanks, 400),
  }),
  ...spoils(robust.getOnUpload, { 'http.get-on-upload': ({ finished }) => answerWith(finished, 500) }),
  ...spoils(robust.oneConnection, {
    'http.keepalive': ({ patches }) => setHeader(patches[1], 'Upload-Offset', '4'),
  }),
  ...spoils(robust.idleConnection, {
    'http.idle-connection': ({ finish }) => {
      finish.complete = false;
    },
  }),
  ...spoils(odd.twoFramings, {
    'http.cl-and-te': ({ exchange, after }) => {
      answerWith(exchange, 204);
      after.bytes = 15;
    },
  }),
  ...spoils(odd.contradictingLengths, {
    'http.duplicate-content-length': ({ exchange }) => answerWith(exchange, 204),
  }),
  ...spoils(odd.senselessLengths, {
    'http.bad-content-length': ({ trials }) => answerWith(trials[1]?.exchange, 204),
  }),
  ...spoils(odd.badChunkSize, { 'http.bad-chunk-size': ({ content }) => otherContent(content) }),
  ...spoils(odd.hugeHead, { 'http.large-headers': ({ alive }) => loseAnswer(alive) }),
  ...spoils(odd.oddTargets, {
    'http.long-url': ({ long }) => answerWith(long, 500),
    'http.bad-percent': ({ percents }) => answerWith(percents.at(-1)?.exchange, 500),
  }),
  ...spoils(odd.oddMethods, {
    'http.unknown-method': ({ asked }) =>
      answerWith(asked.find(({ what }) => what === 'TRACE')?.exchange, 200),
  }),
  ...spoils(wholeRun(), {
    'http.no-5xx': ({ exchanges }) =>
      answerWith(
        exchanges.find(({ scenario }) => scenario === 'odd-targets'),
        500,
      ),
    'http.alive-after-abuse': ({ exchanges }) =>
      loseAnswer(exchanges.find(({ scenario, sent }) => scenario === 'abuse' && isLook(sent.method))),
    'http.error-leak': ({ exchanges }) => {
      const refused = exchanges.find(({ answer }) => answer?.status === 404);
      if (refused?.answer) {
        refused.answer.body.text = 'Error: gone\n    at find (/srv/app/uploads.js:12:7)';
      }
    },
  }),
];

function isLook(method: string): boolean {
  return method === 'GET' || method === 'OPTIONS';
}

/** An answer of that status says no offset. */
function answerAs(exchange: Parameters<typeof answerWith>[0], status: number): void {
  answerWith(exchange, status);
  setHeader(exchange, 'Upload-Offset');
}
