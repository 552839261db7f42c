import {
  checkedCreation,
  checksumUnasked,
  cutCheckedChunk,
  emptyChecksums,
  malformedChecksums,
  oddChecksums,
  rightChecksums,
  spoiltChunk,
  spoiltLastChunk,
  trailedChecksums,
  unknownAlgorithm,
  wrongChecksums,
} from '../../../src/verify/scenarios/checksum.ts';
import { answerWith, dropHeader, otherContent, setHeader, spoils } from './spoil.ts';

export const checksumSpoils = [
  ...spoils(rightChecksums, {
    'checksum.algorithms-header': ({ options }) => dropHeader(options, 'Tus-Checksum-Algorithm'),
    'checksum.algorithms-names': ({ options }) => setHeader(options, 'Tus-Checksum-Algorithm', 'sha1,SHA256'),
    'checksum.sha1-required': ({ options }) => setHeader(options, 'Tus-Checksum-Algorithm', 'sha256'),
    'checksum.match.204': ({ tries }) => answerWith(tries[1]?.patched, 460),
  }),
  ...spoils(wrongChecksums, {
    'checksum.advertised': ({ wrongs }) => answerWith(wrongs[1]?.trial.exchange, 204),
    'checksum.mismatch.460': ({ wrongs }) => answerWith(wrongs[2]?.trial.exchange, 204),
    'checksum.mismatch.discard': ({ wrongs }) => {
      for (const { trial } of wrongs.slice(-1)) trial.after.bytes = 5;
    },
  }),
  ...spoils(spoiltChunk, { 'checksum.mismatch.retry': ({ content }) => otherContent(content) }),
  ...spoils(spoiltLastChunk, {
    'checksum.mismatch.last-chunk': ({ content }) => {
      content.stored = { sizeBytes: content.expected.sizeBytes, sha256: 'f'.repeat(64) };
    },
  }),
  ...spoils(unknownAlgorithm, {
    'checksum.unsupported.400': ({ unknown }) => answerWith(unknown.exchange, 204),
    'checksum.unsupported.discard': ({ unknown }) => {
      unknown.after.bytes = 5;
    },
  }),
  ...spoils(malformedChecksums, {
    'checksum.malformed': ({ trials }) => answerWith(trials[3]?.trial.exchange, 204),
  }),
  ...spoils(oddChecksums, {
    'checksum.uppercase-name': ({ wrongUpperCase }) => answerWith(wrongUpperCase.exchange, 204),
    'checksum.truncated-digest': ({ half }) => answerWith(half.exchange, 204),
  }),
  ...spoils(emptyChecksums, { 'checksum.empty-chunk': ({ right }) => answerWith(right.exchange, 500) }),
  ...spoils(cutCheckedChunk, { 'checksum.disconnect': ({ content }) => otherContent(content) }),
  ...spoils(checksumUnasked, { 'checksum.not-advertised': ({ wrong }) => answerWith(wrong.exchange, 500) }),
  ...spoils(checkedCreation, { 'checksum.post': ({ created }) => answerWith(created, 500) }),
  ...spoils(trailedChecksums, {
    'checksum.trailer.advertised': ({ wrong }) => answerWith(wrong.trial.exchange, 204),
    'checksum.trailer.match': ({ right }) => answerWith(right.trial.exchange, 400),
    'checksum.trailer.mismatch': ({ wrong }) => {
      wrong.trial.after.bytes = 5;
    },
    'checksum.trailer.missing': ({ missing }) => answerWith(missing.trial.exchange, 500),
  }),
];
