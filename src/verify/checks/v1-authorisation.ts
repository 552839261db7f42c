import { isSuccess, outcomeOf } from '../answers.ts';
import { type Check, check, Violation } from '../check.ts';
import { expectAnswer, expectOffset, expectStatus, needed, remarks } from '../expect.ts';
import { v1May, v1Must, v1Safety, v1Should } from '../levels.ts';
import type { Scenario } from '../scenario.ts';
import { wrongTokens } from '../scenarios/authorisation.ts';
import * as auth from '../scenarios/v1-authorisation.ts';
import { derived, pulseV1, rfc } from '../sources.ts';
import { standsAt } from './no-effect.ts';
import { expectRefusedBeforeBody } from './refused-before-body.ts';

/** Section 24, second part: who may do what. */

const transport = pulseV1('5.1 Token transport');
const verification = pulseV1('5.2 Server-side verification');
const tokens = pulseV1('5.4 Recommended capability-token shape');
const open = 'whoever learns an address can use the storage, and spoil or remove the videos of others';

/** 404 is how a server keeps to itself that there is something to refuse. */
const refusedOrHidden = [401, 403, 404];

const row = <Seen>(
  id: string,
  [level, impact]: readonly [Check['level'], Check['impact']],
  spec: Check['spec'],
  reads: Scenario<Seen>,
  [says, passes, fails, matters]: readonly [string, string, string, string],
  judge: (seen: Seen) => string | undefined,
): Check => check({ id, level, impact, spec, says, passes, fails, matters, reads, judge });

export const v1AuthorisationChecks: readonly Check[] = [
  row(
    'v1.auth.bearer',
    [v1Must, 'interoperability'],
    transport,
    auth.bearerFlow,
    [
      'The token is read from Authorization: Bearer in every request to an upload.',
      'a success to POST, PATCH, HEAD and DELETE',
      'a refusal of any of them',
      'the app sends its token there and nowhere else: it cannot upload',
    ],
    ({ posted, patched, headed, deleted }) => {
      for (const exchange of [posted, patched, headed, deleted]) expectStatus(exchange, ['2xx']);
      return undefined;
    },
  ),
  row(
    'v1.auth.none.401',
    [v1Must, 'interoperability'],
    verification,
    auth.everyPhase,
    [
      'A request without a credential is answered 401.',
      '401 or 403 to POST, HEAD, PATCH and DELETE; 404 that hides the upload and 400 are noted',
      'anything else',
      'the app does not learn that its token is missing',
    ],
    ({ tried }) =>
      remarks(
        ...tried
          .filter(({ who, phase }) => who === 'nobody' && phase !== 'DELETE of the artifact')
          .map(({ exchange }) => expectStatus(exchange, [401, 403], { note: [400, 404] })),
      ),
  ),
  row(
    'v1.auth.bad.403',
    [v1Must, 'security'],
    verification,
    wrongTokens,
    [
      'A credential that is not good for the request is answered 403.',
      '403, or 401 to an empty token; 401, 404 and 400 are noted',
      'a success, or anything else',
      'the token protects nothing, or the app asks for one that it has',
    ],
    ({ tried }) =>
      remarks(
        ...tried.map(({ what, exchange }) => {
          const pass = what === 'an empty token' ? [401, 403] : [403];
          const expected = `403 to ${exchange.sent.method} with ${what}`;
          return expectStatus(exchange, pass, { expected, note: [400, 401, 404] });
        }),
      ),
  ),
  row(
    'v1.auth.every-phase',
    [v1Must, 'security'],
    verification,
    auth.everyPhase,
    [
      'The credential is looked at in every phase, DELETE of the finished artifact included.',
      'no success to POST, HEAD, PATCH and either DELETE, without a token or with a made-up one, and both uploads as before',
      'a success to one of them, or a changed upload',
      open,
    ],
    ({ tried, after, before, still, sha256 }) => {
      for (const { who, phase, exchange } of tried) {
        const expected = `no success to ${phase} of ${who}`;
        expectAnswer(exchange, { expected });
        if (isSuccess(exchange))
          throw new Violation({ expected, actual: outcomeOf(exchange), evidence: [exchange] });
      }
      const bytes = standsAt(after);
      if (bytes !== 0)
        throw new Violation({ actual: `the upload stands at ${bytes}`, evidence: after.exchanges });
      if (!isSuccess(before)) return `the artifact itself was not served: ${outcomeOf(before)}`;
      const isStill = isSuccess(still) && still.answer?.body.sha256 === sha256;
      if (isStill) return undefined;
      const actual = `the artifact afterwards: ${outcomeOf(still)}`;
      throw new Violation({ expected: 'the artifact is served as before', actual, evidence: [still] });
    },
  ),
  row(
    'v1.auth.every-chunk',
    [v1Must, 'security'],
    verification,
    auth.everyChunk,
    [
      'The token is asked for with each chunk, not once.',
      '401 or 403 to the second chunk without a token (404 is noted), and the offset as before',
      'a success, or a moved offset',
      'whoever learns the URL of an upload goes on with it',
    ],
    ({ first, second, after }) => {
      needed(first, 'the first chunk');
      const remark = expectStatus(second, [401, 403], { note: [404] });
      const bytes = standsAt(after);
      if (bytes === 5) return remark;
      throw new Violation({
        actual: `the upload stands at ${bytes}`,
        evidence: [second, ...after.exchanges],
      });
    },
  ),
  row(
    'v1.auth.unresolvable',
    [v1Must, 'security'],
    verification,
    auth.noArtifactInUrl,
    [
      'Where the URL names no artifact there is nothing to authorise, and the request is refused.',
      '403, 401 or 404 to HEAD and PATCH, with the token and without; another 4xx is noted',
      'a success, or a 5xx',
      'a server that looks at the token only where it finds an id can be talked into not looking',
    ],
    ({ own, asked }) => {
      needed(own, 'HEAD of the upload itself');
      return remarks(...asked.map((exchange) => expectStatus(exchange, [403, 401, 404], { note: ['4xx'] })));
    },
  ),
  row(
    'v1.auth.before-bytes',
    [v1Should, 'advice'],
    verification,
    auth.creationBodyOfNobody,
    [
      'A creation without a credential is refused before the bytes that it brings are taken in.',
      '401 or 403 within 5 s, although no byte comes (400 is noted)',
      'waiting for the bytes, or a success',
      'strangers make the server take in, and keep, whatever they send',
    ],
    (refused) => expectRefusedBeforeBody(refused, [401, 403], { note: [400] }),
  ),
  row(
    'v1.auth.get-token-query',
    [v1Should, 'interoperability'],
    transport,
    auth.playback,
    [
      'For playback the token may stand in the query, since a player sends no headers.',
      '200 with the right token, 403 with a wrong one, 401 with none; 401, 403 and 404 stand for each other',
      'a refusal of the right one, or a success without it',
      'videos do not play, or are open to everybody',
    ],
    (seen) => {
      expectStatus(seen.right, [200, 302, 303, 307]);
      expectStatus(seen.wrong, refusedOrHidden);
      return expectStatus(seen.none, refusedOrHidden);
    },
  ),
  row(
    'v1.auth.related',
    [v1May, 'interoperability'],
    tokens,
    auth.relatedUpload,
    [
      'The token of an artifact is good for those that are related to it.',
      'a success to POST, PATCH, HEAD and GET of captions with relatedTo',
      'a refusal of any of them',
      'the app has one token for a recording: captions and pictures stay behind',
    ],
    ({ posted, patched, headed, gotten }) => {
      expectStatus(posted, ['2xx']);
      expectStatus(patched, ['2xx']);
      expectStatus(headed, ['2xx']);
      return expectStatus(gotten, [200, 302, 303, 307]);
    },
  ),
  row(
    'v1.auth.related-not-reverse',
    [v1Safety, 'security'],
    derived('a relation is claimed by whoever declares it'),
    auth.relationClaimed,
    [
      'To declare a relation to an own artifact opens no artifact of somebody else.',
      '409, 403 or another refusal to the creation and to the chunk, and the upload of the other as before',
      'a success to either, or a moved offset',
      'whoever learns the id of a video overwrites it',
    ],
    ({ before, posted, patched, after }) => {
      needed(before, 'HEAD of the upload by its owner');
      expectOffset(before, auth.VICTIM_OFFSET);
      const remark = expectStatus(posted, [409, 403, 401], { note: ['4xx'] });
      expectStatus(patched, refusedOrHidden);
      return expectOffset(after, auth.VICTIM_OFFSET) ?? remark;
    },
  ),
  row(
    'v1.auth.options',
    [v1May, 'interoperability'],
    rfc(9110, '9.3.7'),
    auth.optionsOfAll,
    [
      'OPTIONS may be answered or refused, with the token and without.',
      'a success, 401, 403 or another 4xx',
      'a 5xx',
      'what asks before it sends takes the server for broken',
    ],
    ({ asked }) =>
      remarks(...asked.map((exchange) => expectStatus(exchange, ['2xx', 401, 403], { note: ['4xx'] }))),
  ),
];
