import * as made from '../../../src/verify/scenarios/creation.ts';
import * as lengths from '../../../src/verify/scenarios/creation-lengths.ts';
import { creationAnswers } from '../../../src/verify/scenarios/exposure.ts';
import { answerWith, dropHeader, otherContent, setHeader, spoils } from './spoil.ts';

export const creationSpoils = [
  ...spoils(made.advertisedCreation, {
    'creation.advertised': ({ options }) => setHeader(options, 'Tus-Extension', 'termination'),
  }),
  ...spoils(creationAnswers, {
    'creation.post.201': ({ plain }) => answerWith(plain, 200),
    'creation.post.location': ({ plain }) => setHeader(plain, 'Location', '/uploads/a', '/uploads/b'),
    'creation.post.location.clean': ({ plain }) => setHeader(plain, 'Location', '/uploads/a#b'),
    'creation.post.upload-offset-extra': ({ plain }) => setHeader(plain, 'Upload-Offset', '10'),
  }),
  ...spoils(made.freshUpload, {
    'creation.post.location.reference': ({ headed }) => {
      answerWith(headed, 404);
      dropHeader(headed, 'Upload-Offset');
    },
    'creation.post.initial-offset': ({ headed }) => setHeader(headed, 'Upload-Offset', '10'),
  }),
  ...spoils(made.manyCreations, {
    'creation.post.location.unique': ({ sequential, parallel }) => {
      for (const exchange of [sequential[0], parallel[0]]) setHeader(exchange, 'Location', '/uploads/same');
    },
    'creation.post.burst': ({ burst }) => {
      const content = burst.at(-1)?.content;
      if (content) otherContent(content);
    },
  }),
  ...spoils(lengths.plainLengths, {
    'creation.post.length-echo': ({ declared }) => setHeader(declared.at(-1)?.headed, 'Upload-Length', '1'),
  }),
  ...spoils(lengths.noLength, {
    'creation.post.no-length': ({ without }) => answerWith(without, 201),
    'creation.post.both-lengths': (seen) => {
      answerWith(seen.both, 201);
      seen.headed = structuredClone(seen.both);
      setHeader(seen.headed, 'Upload-Length', '10');
      setHeader(seen.headed, 'Upload-Defer-Length', '1');
    },
  }),
  ...spoils(lengths.senselessUploadLengths, {
    'creation.post.length-syntax': ({ declared }) => answerWith(declared[5]?.posted, 201),
  }),
  ...spoils(lengths.hugeLengths, {
    'creation.post.length-precision': ({ precise }) => {
      answerWith(precise.posted, 201);
      precise.headed = structuredClone(precise.posted);
      setHeader(precise.headed, 'Upload-Length', '9007199254740992');
    },
    'creation.post.length-overflow': ({ beyond }) => answerWith(beyond[0]?.posted, 500),
  }),
  ...spoils(lengths.oneTebibyte, {
    'creation.post.length-no-prealloc': ({ next }) => answerWith(next, 507),
  }),
  ...spoils(lengths.nothingToSend, {
    'creation.post.zero-length': ({ posted }) => answerWith(posted, 400),
    'creation.post.zero-length-complete': ({ content }) => content && otherContent(content),
  }),
  ...spoils(lengths.aboveMaximum, {
    'creation.post.max-size.413': ({ declared }) => answerWith(declared.posted, 201),
  }),
  ...spoils(lengths.atMaximum, {
    'creation.post.max-size.boundary': ({ declared }) => answerWith(declared.posted, 413),
  }),
  ...spoils(made.firstChunkAtOnce, {
    'creation.post.immediately-usable': ({ uploads }) => {
      const content = uploads[2]?.content;
      if (content) otherContent(content);
    },
  }),
  ...spoils(made.emptyBodies, {
    'creation.post.octet-type-empty-body': ({ labelled }) => answerWith(labelled, 415),
    'creation.post.chunked-empty': ({ chunked }) => answerWith(chunked, 400),
  }),
  ...spoils(made.postOnUpload, {
    'creation.post.on-upload-url': ({ trial }) => {
      trial.after.bytes = 0;
    },
  }),
  ...spoils(made.wrongMethods, { 'creation.post.wrong-method': ({ asked }) => answerWith(asked[2], 204) }),
];
