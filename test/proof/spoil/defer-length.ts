import {
  beyondMaximum,
  declaredAboveMaximum,
  deferredFile,
  emptyDeclaration,
  impossibleDeclarations,
  knownLengths,
  lateLength,
  senselessDeferrals,
  triedDeferral,
} from '../../../src/verify/scenarios/defer-length.ts';
import { answerWith, dropHeader, otherContent, setHeader, spoils } from './spoil.ts';

export const deferLengthSpoils = [
  ...spoils(triedDeferral, {
    // Audited on a server without the extension, where a success is one too many.
    'defer.advertised': ({ posted }) => answerWith(posted, 201),
    'defer.post.201': ({ posted }) => answerWith(posted, 400),
    'defer.post.unsupported': ({ posted }) => answerWith(posted, 201),
  }),
  ...spoils(senselessDeferrals, {
    'defer.post.invalid-value.400': ({ tries }) => answerWith(tries[3]?.posted, 201),
  }),
  ...spoils(lateLength, {
    'defer.head.flag': ({ before }) => dropHeader(before.headed, 'Upload-Defer-Length'),
    'defer.head.no-length': ({ before }) => setHeader(before.headed, 'Upload-Length', 'NaN'),
    'defer.patch.before-length': ({ before }) => setHeader(before.patched, 'Upload-Offset', '0'),
    'defer.patch.set-length': ({ declared }) => dropHeader(declared.headed, 'Upload-Length'),
    'defer.patch.length-immutable': ({ changed }) => setHeader(changed.headed, 'Upload-Length', '30'),
    'defer.patch.length-repeat': ({ repeated }) => answerWith(repeated.patched, 500),
  }),
  ...spoils(knownLengths, {
    'defer.head.flag-removed': ({ ordinary }) => setHeader(ordinary, 'Upload-Defer-Length', '1'),
    'defer.patch.length-on-fixed': ({ fixed }) => setHeader(fixed.headed, 'Upload-Length', '99'),
  }),
  ...spoils(emptyDeclaration, {
    'defer.patch.set-length-empty': ({ declared }) => dropHeader(declared.headed, 'Upload-Length'),
  }),
  ...spoils(impossibleDeclarations, {
    'defer.patch.length-below-offset': ({ tooShort }) => answerWith(tooShort.patched, 204),
    'defer.patch.length-syntax': ({ senseless }) => answerWith(senseless[1]?.patched, 204),
  }),
  ...spoils(declaredAboveMaximum, {
    'defer.patch.over-max': ({ declared }) => answerWith(declared.patched, 204),
  }),
  ...spoils(beyondMaximum, {
    'defer.max-size-data': (seen) => {
      seen.after.bytes = seen.maximumBytes + 1;
    },
  }),
  ...spoils(deferredFile, { 'defer.integrity': ({ content }) => otherContent(content) }),
];
