import {
  badContentType,
  badFilenameTypes,
  badJson,
  missingFilename,
  missingUploadId,
} from '../../../src/verify/scenarios/pulse-finalize-bodies.ts';
import { answerWith, loseAnswer, spoils } from './spoil.ts';

export const pulseFinalizeBodiesSpoils = [
  ...spoils(missingUploadId, {
    'pulse.finalize.missing-upload-id': ({ answers }) => answerWith(answers['no uploadId'], 200),
  }),
  ...spoils(missingFilename, { 'pulse.finalize.missing-filename': ({ alive }) => loseAnswer(alive) }),
  ...spoils(badFilenameTypes, {
    'pulse.finalize.bad-types': ({ answers }) => answerWith(answers['uploadId {"$ne":1}'], 200),
  }),
  ...spoils(badJson, {
    'pulse.finalize.bad-json': ({ answers }) => answerWith(answers['the body null'], 500),
  }),
  ...spoils(badContentType, {
    'pulse.finalize.bad-content-type': ({ answers }) => answerWith(answers['text/plain'], 500),
  }),
];
