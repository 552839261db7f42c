import {
  finalBeforeParts,
  finalizedPart,
  joinedOtherwise,
  joinedParts,
  partialAsked,
  patchedFinal,
  unfinishedFinal,
} from '../../../src/verify/scenarios/concatenation.ts';
import {
  finalWithBody,
  joinedBeyondMaximum,
  oddConcats,
  oddFinals,
  strangersFinal,
} from '../../../src/verify/scenarios/odd-finals.ts';
import { answerWith, dropHeader, otherContent, setHeader, spoils, type Writable } from './spoil.ts';

type Joined = Parameters<typeof otherContent>[0] | undefined;
const otherJoined = (content: Joined) => otherContent(content as NonNullable<Joined>);

export const concatenationSpoils = [
  ...spoils(partialAsked, {
    // The first servers lack the extension: what works unlisted is noticed as well.
    'concat.advertised': ({ head }) => setHeader(head, 'Upload-Concat', 'partial'),
    'concat.unsupported': ({ created }) => answerWith(created, 500),
  }),
  ...spoils(joinedParts, {
    'concat.partial.201': ({ part }) => answerWith(part.created, 200),
    'concat.partial.head-concat': ({ part }) => dropHeader(part.before, 'Upload-Concat'),
    'concat.partial.head-offset': ({ part }) => dropHeader(part.after, 'Upload-Offset'),
    'concat.final.201': ({ forth }) => answerWith(forth.created, 400),
    'concat.final.head-concat': ({ forth, back }) =>
      setHeader(forth.head, 'Upload-Concat', concatOf(back.head)),
    'concat.final.length-sum': ({ forth }) => setHeader(forth.head, 'Upload-Length', '5'),
    'concat.final.offset-equals-length': ({ forth }) => dropHeader(forth.head, 'Upload-Offset'),
    'concat.final.order': ({ back }) => otherJoined(back.content),
    'concat.final.metadata-not-inherited': ({ forth }) =>
      setHeader(forth.head, 'Upload-Metadata', 'filename YQ==,secret c2VjcmV0'),
    'concat.final.metadata-own': ({ back }) => dropHeader(back.head, 'Upload-Metadata'),
  }),
  ...spoils(joinedOtherwise, {
    'concat.final.repeat-partial': ({ doubled }) => answerWith(doubled.created, 400),
    'concat.final.reuse-partial': ({ again }) => answerWith(again.created, 500),
    'concat.final.relative-urls': ({ byPath }) => answerWith(byPath.created, 400),
  }),
  ...spoils(patchedFinal, {
    'concat.final.patch.403': ({ front }) => answerWith(front, 204),
    'concat.final.patch-unmodified': ({ content }) => otherContent(content),
  }),
  ...spoils(finalBeforeParts, {
    'concat.final.offset-hidden': ({ early }) => setHeader(early, 'Upload-Offset', '0'),
    'concat.final.unfinished-accepted': ({ created }) => answerWith(created, 400),
    'concat.final.length-when-calculable': ({ early }) => dropHeader(early, 'Upload-Length'),
  }),
  ...spoils(unfinishedFinal, {
    'concat.final.unfinished-refused': ({ created }) => answerWith(created, 201),
  }),
  ...spoils(finalizedPart, {
    'concat.partial.not-processed': ({ finalized }) => answerWith(finalized, 200),
  }),
  ...spoils(oddFinals, {
    'concat.final.with-length': ({ withLength }) => answerWith(withLength.created, 500),
    'concat.final.unknown-partial': ({ unknown }) => answerWith(unknown, 201),
    'concat.final.non-partial': ({ ordinary }) => answerWith(ordinary.created, 500),
    'concat.final.empty-list': ({ empty }) => answerWith(empty, 201),
  }),
  ...spoils(finalWithBody, { 'concat.final.with-body': ({ created }) => answerWith(created, 500) }),
  ...spoils(oddConcats, { 'concat.invalid-value': ({ tries }) => answerWith(tries[1]?.created, 201) }),
  ...spoils(strangersFinal, { 'concat.final.other-owner': ({ created }) => answerWith(created, 201) }),
  ...spoils(joinedBeyondMaximum, { 'concat.final.over-max': ({ created }) => answerWith(created, 201) }),
];

function concatOf(
  head:
    | Writable<{ readonly answer?: { readonly headers: readonly (readonly [string, string])[] } }>
    | undefined,
): string {
  return head?.answer?.headers.find(([name]) => name.toLowerCase() === 'upload-concat')?.[1] ?? '';
}
