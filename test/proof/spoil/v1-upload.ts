import { wholeRun } from '../../../src/verify/scenario.ts';
import { singleRequest } from '../../../src/verify/scenarios/core-patch.ts';
import { creationAnswers } from '../../../src/verify/scenarios/exposure.ts';
import {
  cancelledUpload,
  creationRace,
  duplicateCreation,
  encodedLookingBodies,
  upperCaseId,
} from '../../../src/verify/scenarios/v1-upload.ts';
import { answerWith, otherContent, setHeader, spoils } from './spoil.ts';

export const v1UploadSpoils = [
  ...spoils(cancelledUpload, {
    'v1.upload.routes': ({ headed }) => answerWith(headed, 405),
    'v1.upload.delete-cancels': ({ gone }) => answerWith(gone, 200),
    'v1.upload.recreate-after-cancel': ({ anew }) => answerWith(anew, 400),
  }),
  ...spoils(duplicateCreation, {
    'v1.upload.duplicate-create': ({ headed }) => setHeader(headed, 'Upload-Offset', '0'),
  }),
  ...spoils(creationRace, {
    'v1.upload.duplicate-create-race': ({ rounds }) => {
      for (const exchange of rounds[0] ?? []) answerWith(exchange, 201);
    },
  }),
  ...spoils(upperCaseId, { 'v1.upload.case-variant': ({ second }) => answerWith(second, 201) }),
  ...spoils(encodedLookingBodies, { 'v1.upload.raw-body': ({ content }) => otherContent(content) }),
  ...spoils(wholeRun(), {
    'v1.upload.one-patch': ({ exchanges }) => {
      const isMeant = ({ scenario, sent }: { scenario: string; sent: { method: string } }) =>
        scenario === singleRequest.id && sent.method === 'PATCH';
      answerWith(exchanges.find(isMeant), 413);
    },
  }),
  ...spoils(creationAnswers, {
    'v1.location.same-origin': ({ plain }) => setHeader(plain, 'Location', 'https://127.0.0.1/upload/1'),
  }),
];
