import {
  cutCreation,
  firstBytes,
  invitedCreation,
  oddBodies,
  restAfterCreation,
  uninvitedCreation,
  wholeAtCreation,
} from '../../../src/verify/scenarios/creation-with-upload.ts';
import { answerWith, dropHeader, otherContent, setHeader, spoils } from './spoil.ts';

export const creationWithUploadSpoils = [
  ...spoils(firstBytes, {
    'cwu.advertised': ({ headed }) => setHeader(headed, 'Upload-Offset', '0'),
    'cwu.post.201-offset': ({ posted }) => dropHeader(posted, 'Upload-Offset'),
    'cwu.post.offset-true': ({ headed }) => setHeader(headed, 'Upload-Offset', '4'),
    'cwu.post.as-much-as-possible': ({ headed }) => setHeader(headed, 'Upload-Offset', '0'),
    'cwu.post.unadvertised-body': ({ headed }) => setHeader(headed, 'Upload-Offset', '5'),
  }),
  ...spoils(wholeAtCreation, {
    'cwu.post.whole-file': (seen) => {
      if ('content' in seen) otherContent(seen.content);
    },
  }),
  ...spoils(restAfterCreation, { 'cwu.post.then-patch': ({ content }) => otherContent(content) }),
  ...spoils(oddBodies, {
    'cwu.post.wrong-content-type': ({ otherType }) => setHeader(otherType.headed, 'Upload-Offset', '5'),
    'cwu.post.exceed-length': ({ tooMuch }) => answerWith(tooMuch.posted, 500),
    'cwu.post.zero-length': ({ nothing }) => answerWith(nothing.posted, 415),
  }),
  ...spoils(invitedCreation, {
    'cwu.post.expect-continue': ({ early }) => {
      early.sizeBytes = 0;
    },
  }),
  ...spoils(uninvitedCreation, {
    'cwu.post.expect-early-reject': ({ exchange }) => answerWith(exchange, 201),
  }),
  ...spoils(cutCreation, { 'cwu.post.disconnect': ({ again }) => answerWith(again, 500) }),
];
