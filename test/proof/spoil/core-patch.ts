import {
  mediaTypeSpellings,
  offsetMismatches,
  patchOnKeptConnection,
  patchSteps,
  repeatedChunk,
  singleBytes,
  singleRequest,
  threeUploads,
  wrongMediaTypes,
} from '../../../src/verify/scenarios/core-patch.ts';
import { corePatchEdgeSpoils } from './core-patch-edges.ts';
import { corePatchOffsetSpoils } from './core-patch-offsets.ts';
import { answerWith, dropHeader, otherContent, setHeader, spoils } from './spoil.ts';

export const corePatchSpoils = [
  ...spoils(patchSteps, {
    'core.patch.204': ({ first }) => answerWith(first, 200),
    'core.patch.offset-header': ({ first }) => dropHeader(first, 'Upload-Offset'),
    'core.patch.offset-sum': ({ afterSecond }) => {
      afterSecond.bytes = 10;
    },
    'core.patch.partial-accept': ({ content }) => otherContent(content),
  }),
  ...spoils(patchOnKeptConnection, {
    'core.patch.no-content': ({ stray }) => {
      stray.sizeBytes = 2;
    },
  }),
  ...spoils(singleBytes, {
    'core.patch.many-chunks': ({ finish }) =>
      answerWith(finish.exchanges.filter(({ sent }) => sent.method === 'PATCH').at(40), 409),
  }),
  ...spoils(singleRequest, { 'core.patch.single-request': ({ patched }) => answerWith(patched, 413) }),
  ...spoils(threeUploads, { 'core.patch.any-upload-url': ({ patches }) => answerWith(patches[2], 404) }),
  ...spoils(wrongMediaTypes, {
    'core.patch.wrong-content-type.415': ({ text }) => {
      answerWith(text.exchange, 204);
      text.after.bytes = 5;
    },
    'core.patch.missing-content-type': ({ none }) => answerWith(none.exchange, 500),
    'core.patch.content-type-not-applied': ({ none }) => {
      none.after.bytes = 5;
    },
  }),
  ...spoils(mediaTypeSpellings, {
    'core.patch.content-type-params': ({ capitals }) => answerWith(capitals, 500),
  }),
  ...spoils(offsetMismatches, {
    'core.patch.mismatch-ahead.409': ({ ahead }) => answerWith(ahead.trial.exchange, 204),
    'core.patch.mismatch-behind.409': ({ behind }) => answerWith(behind.trial.exchange, 204),
    'core.patch.mismatch-unchanged': ({ behind }) => otherContent(behind.content),
    'core.patch.mismatch-offset-hint': ({ behind }) => setHeader(behind.trial.exchange, 'Upload-Offset', '2'),
  }),
  ...spoils(repeatedChunk, {
    'core.patch.duplicate': ({ repeated }) => {
      repeated.after.bytes = 8;
    },
  }),
  ...corePatchOffsetSpoils,
  ...corePatchEdgeSpoils,
];
