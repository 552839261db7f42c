import { wrongTokens } from '../../../src/verify/scenarios/authorisation.ts';
import * as auth from '../../../src/verify/scenarios/v1-authorisation.ts';
import { aliasesBesideIds, idsTwice } from '../../../src/verify/scenarios/v1-claimed-ids.ts';
import { refusedByTus, refusedRequests } from '../../../src/verify/scenarios/v1-errors.ts';
import { crossedIds, oddShapes, pathsInIds } from '../../../src/verify/scenarios/v1-routing.ts';
import { answerWith, setHeader, setJson, spoils } from './spoil.ts';

export const v1AuthorisationSpoils = [
  ...spoils(aliasesBesideIds, {
    'v1.meta.alias-precedence': ({ tried }) => answerWith(tried[1]?.owned, 409),
  }),
  ...spoils(idsTwice, { 'v1.meta.duplicate-id': ({ tried }) => answerWith(tried[2]?.owned, 409) }),
  ...spoils(crossedIds, {
    'v1.route.same-id': ({ after }) => setHeader(after, 'Upload-Offset', '8'),
  }),
  ...spoils(oddShapes, {
    'v1.route.variants': ({ tried }) => {
      answerWith(tried[4]?.headed, 200);
      setHeader(tried[4]?.headed, 'Upload-Offset', String(auth.VICTIM_OFFSET));
    },
  }),
  ...spoils(pathsInIds, { 'v1.route.path-alias': ({ asked }) => answerWith(asked[0]?.exchange, 200) }),
  ...spoils(auth.bearerFlow, { 'v1.auth.bearer': ({ deleted }) => answerWith(deleted, 401) }),
  ...spoils(auth.everyPhase, {
    'v1.auth.none.401': ({ tried }) => answerWith(tried[1]?.exchange, 302),
    'v1.auth.every-phase': ({ still }) => answerWith(still, 404),
  }),
  ...spoils(wrongTokens, { 'v1.auth.bad.403': ({ tried }) => answerWith(tried[2]?.exchange, 302) }),
  ...spoils(auth.everyChunk, {
    'v1.auth.every-chunk': ({ after }) => {
      after.bytes = 10;
    },
  }),
  ...spoils(auth.noArtifactInUrl, { 'v1.auth.unresolvable': ({ asked }) => answerWith(asked[3], 500) }),
  ...spoils(auth.creationBodyOfNobody, {
    'v1.auth.before-bytes': ({ exchange }) => answerWith(exchange, 201),
  }),
  ...spoils(auth.playback, { 'v1.auth.get-token-query': (seen) => answerWith(seen.none, 200) }),
  ...spoils(auth.relatedUpload, { 'v1.auth.related': ({ gotten }) => answerWith(gotten, 403) }),
  ...spoils(auth.relationClaimed, {
    'v1.auth.related-not-reverse': ({ posted }) => answerWith(posted, 201),
  }),
  ...spoils(auth.optionsOfAll, { 'v1.auth.options': ({ asked }) => answerWith(asked[1], 500) }),
  ...spoils(refusedRequests, {
    'v1.error.json': ({ refused }) =>
      setJson(refused.at(-1), (json) => {
        json.ok = true;
      }),
  }),
  ...spoils(refusedByTus, {
    'v1.error.json.tus-layer': ({ refused }) =>
      setJson(refused[2], (json) => {
        delete json.error;
      }),
  }),
];
