import { headerOf } from '../answers.ts';
import { type Check, check, type Section, Skip, Violation } from '../check.ts';
import { expectAnswer, expectHeader, expectOffset, expectStatus, needed, remarks } from '../expect.ts';
import { may, must, safety, should } from '../levels.ts';
import {
  finalBeforeParts,
  finalizedPart,
  joinedOtherwise,
  joinedParts,
  lengthOf,
  partialAsked,
} from '../scenarios/concatenation.ts';
import { derived, tus } from '../sources.ts';
import { concatenationRefusals } from './concatenation-refusals.ts';
import { headOfComplete, isMovedAway, skipMovedAway } from './moved-away.ts';
import { expectContentWhereKnown } from './no-effect.ts';
import { skipUnlessListing } from './unlisted.ts';

/** Section 13: files that are sent in parts side by side. */

const extension = tus('Concatenation', 'concatenation');
const header = tus('Concatenation, Upload-Concat', 'upload-concat');
const noParallel = 'a file cannot be sent in parts side by side';
const wrongFile = 'the parts are right, and the video made of them is not';

const partials: readonly Check[] = [
  check({
    id: 'concat.advertised',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'A server lists concatenation if, and only if, uploads can be parts of others.',
    passes: 'it is listed and a part can be created, or neither',
    fails: 'it is listed and a part is refused; one that works and is not listed is a warning',
    matters: noParallel,
    reads: partialAsked,
    judge({ created, head }, target) {
      if (target.extensions.includes('concatenation')) return expectStatus(created, ['2xx']);
      expectAnswer(created);
      if (headerOf(head, 'Upload-Concat') !== 'partial') return undefined;
      skipUnlessListing(target);
      const actual = 'HEAD says Upload-Concat: partial, and concatenation is not listed';
      throw new Violation({ actual, atMost: 'warn', evidence: [created, head] });
    },
  }),
  check({
    id: 'concat.unsupported',
    level: safety,
    impact: 'data',
    spec: derived('what a server does not offer, it does not do'),
    says: 'A server without concatenation refuses Upload-Concat, or ignores it.',
    passes: 'any 4xx or 501, or an ordinary upload',
    fails: 'another 5xx, or no answer; an upload that says it is a part is a warning',
    matters: 'a client sends parts that nobody will ever put together',
    needs: ['lacks concatenation'],
    reads: partialAsked,
    judge({ created, head }, target) {
      expectStatus(created, ['2xx', '4xx', 501]);
      if (headerOf(head, 'Upload-Concat') === undefined) return undefined;
      skipUnlessListing(target);
      const actual = `HEAD says Upload-Concat: ${headerOf(head, 'Upload-Concat')}`;
      throw new Violation({ actual, atMost: 'warn', evidence: [created, head] });
    },
  }),
  check({
    id: 'concat.partial.201',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'A part is created like any other upload.',
    passes: '201 with Location',
    fails: 'another status (another success is a warning), or no Location',
    matters: noParallel,
    reads: joinedParts,
    judge({ part: { created } }) {
      expectStatus(created, [201], { warn: ['2xx'] });
      return expectHeader(created, 'Location', /./, { expected: 'a Location' });
    },
  }),
  check({
    id: 'concat.partial.head-concat',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'HEAD on a part says that it is one.',
    passes: 'Upload-Concat: partial',
    fails: 'no such header, or another value',
    matters: 'a client that resumes takes the part for the whole file',
    reads: joinedParts,
    judge: ({ part }) => expectHeader(needed(part.before, 'HEAD'), 'Upload-Concat', 'partial'),
  }),
  check({
    id: 'concat.partial.head-offset',
    level: must,
    impact: 'resume',
    spec: extension,
    says: 'HEAD on a part always has Upload-Offset.',
    passes: '0 before anything was sent, its length afterwards',
    fails: 'no such header, or another value',
    matters: 'a part cannot be resumed',
    reads: joinedParts,
    judge({ part: { before, after, file } }) {
      expectOffset(before, 0);
      return expectOffset(after, file.sizeBytes);
    },
  }),
  check({
    id: 'concat.partial.not-processed',
    level: should,
    impact: 'data',
    spec: extension,
    says: 'A part is not treated as a finished file.',
    passes: 'finalize refuses it with a 4xx',
    fails: 'it becomes a video, a 5xx, or no answer',
    matters: 'fragments of videos appear among the videos',
    reads: finalizedPart,
    judge({ finalized }) {
      if (finalized === undefined) throw new Skip('plain tus has no request that makes a file of an upload');
      return expectStatus(finalized, ['4xx']);
    },
  }),
];

const finals: readonly Check[] = [
  check({
    id: 'concat.final.201',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'A final upload is created from complete parts, without a length.',
    passes: '201 with Location',
    fails: 'another status (another success is a warning), or no Location',
    matters: noParallel,
    reads: joinedParts,
    judge({ forth: { created } }) {
      expectStatus(created, [201], { warn: ['2xx'] });
      return expectHeader(created, 'Location', /./, { expected: 'a Location' });
    },
  }),
  check({
    id: 'concat.final.head-concat',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'HEAD on a final upload repeats which parts it was made of.',
    passes: 'Upload-Concat: final with the same URLs in the same order, whole or as paths',
    fails: 'no such header, or other parts',
    matters: 'a client cannot tell what the file was made of',
    reads: joinedParts,
    judge({ parts, others, forth, back }, target) {
      expectParts(headOfComplete(forth.head, target), parts, target.createUrl);
      return expectParts(headOfComplete(back.head, target), others, target.createUrl);
    },
  }),
  check({
    id: 'concat.final.length-sum',
    level: must,
    impact: 'data',
    spec: extension,
    says: 'A final upload is as long as its parts together.',
    passes: 'an Upload-Length that is the sum of theirs',
    fails: 'another length, or none',
    matters: 'a client cannot tell whether the file is whole',
    reads: joinedParts,
    judge: ({ forth }, target) =>
      expectHeader(headOfComplete(forth.head, target), 'Upload-Length', lengthOf(forth.content)),
  }),
  check({
    id: 'concat.final.offset-equals-length',
    level: must,
    impact: 'resume',
    spec: extension,
    says: 'Once the parts are joined, HEAD states an offset that is the length.',
    passes: 'both are there and equal within 30 s',
    fails: 'one is missing, or they differ',
    matters: 'clients wait for the end of an upload that is complete',
    reads: joinedParts,
    judge({ forth }, target) {
      const head = headOfComplete(forth.head, target);
      return expectHeader(head, 'Upload-Offset', headerOf(head, 'Upload-Length') ?? lengthOf(forth.content));
    },
  }),
  check({
    id: 'concat.final.order',
    level: must,
    impact: 'data',
    spec: extension,
    says: 'Parts are joined in the order in which they are listed.',
    passes: '`hello` and then ` world`, and the other way round; two large parts with all of their bytes',
    fails: 'another order, or other bytes',
    matters: wrongFile,
    needs: ['oracle'],
    reads: joinedParts,
    judge({ forth, back, large }) {
      for (const { created } of [forth, back]) needed(created, 'the final upload');
      if (large !== undefined) expectStatus(large.created, ['2xx']);
      return remarks(
        ...[forth, back, large].map((joined) => joined?.content && expectContentWhereKnown(joined.content)),
      );
    },
  }),
  check({
    id: 'concat.final.repeat-partial',
    level: may,
    impact: 'interoperability',
    spec: extension,
    says: 'A part may be listed more than once.',
    passes: 'a success, and the bytes of the part twice',
    fails: 'a refusal, or other bytes',
    matters: 'a file with the same piece twice has to be sent whole',
    reads: joinedOtherwise,
    judge({ doubled: { created, content } }) {
      expectStatus(created, ['2xx']);
      return content && expectContentWhereKnown(content);
    },
  }),
  check({
    id: 'concat.final.reuse-partial',
    level: may,
    impact: 'interoperability',
    spec: extension,
    says: 'A part may be used in several final uploads, or is gone after the first.',
    passes: 'a success with the right bytes, or any 4xx',
    fails: 'a 5xx, no answer, or other bytes',
    matters: wrongFile,
    reads: joinedOtherwise,
    judge({ once, again: { created, content } }) {
      needed(once.created, 'the first final upload');
      expectStatus(created, ['2xx', '4xx']);
      return content && expectContentWhereKnown(content);
    },
  }),
  check({
    id: 'concat.final.relative-urls',
    level: may,
    impact: 'interoperability',
    spec: header,
    says: 'Parts may be named by URLs or by paths.',
    passes: 'both are taken',
    fails: 'one is refused',
    matters: 'whether parts can be joined depends on how a client writes them',
    reads: joinedOtherwise,
    judge({ once, byPath }) {
      expectStatus(once.created, ['2xx']);
      return expectStatus(byPath.created, ['2xx']);
    },
  }),
  check({
    id: 'concat.final.metadata-not-inherited',
    level: must,
    impact: 'security',
    spec: extension,
    says: 'Metadata of the parts does not become that of the final upload.',
    passes: 'no key that only the parts have',
    fails: 'the key of the parts in the metadata of the final upload',
    matters: 'the file gets a name or an owner that nobody gave it',
    reads: joinedParts,
    judge({ forth }, target) {
      const head = headOfComplete(forth.head, target);
      if (!hasKey(headerOf(head, 'Upload-Metadata'), 'secret')) return;
      const actual = `Upload-Metadata: ${headerOf(head, 'Upload-Metadata')}`;
      throw new Violation({ expected: 'no key secret', actual, evidence: [head] });
    },
  }),
  check({
    id: 'concat.final.metadata-own',
    level: should,
    impact: 'interoperability',
    spec: extension,
    says: 'Metadata that comes with the final upload is kept.',
    passes: 'HEAD has its filename',
    fails: 'it is missing',
    matters: 'the file has no name',
    reads: joinedParts,
    judge({ back }, target) {
      const head = headOfComplete(back.head, target);
      if (hasKey(headerOf(head, 'Upload-Metadata'), 'filename')) return;
      const actual = `Upload-Metadata: ${headerOf(head, 'Upload-Metadata') ?? 'none'}`;
      throw new Violation({ expected: 'the key filename', actual, evidence: [back.created, head] });
    },
  }),
];

const unfinished: readonly Check[] = [
  check({
    id: 'concat.final.offset-hidden',
    level: should,
    impact: 'interoperability',
    spec: extension,
    says: 'Until its parts are joined, a final upload tells no offset.',
    passes: 'HEAD has no Upload-Offset',
    fails: 'it has one',
    matters: 'clients take the number for bytes that can be continued from',
    reads: finalBeforeParts,
    judge({ early }) {
      const head = needed(early, 'HEAD on the final upload');
      const value = headerOf(head, 'Upload-Offset');
      if (value === undefined) return;
      throw new Violation({ actual: `Upload-Offset: ${value}`, evidence: [head] });
    },
  }),
  check({
    id: 'concat.final.unfinished-accepted',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'With concatenation-unfinished, parts are joined once they are complete.',
    passes: 'a success, later an offset that is the length, and the right bytes',
    fails: 'a refusal, a file that is never whole, or other bytes',
    matters: wrongFile,
    reads: finalBeforeParts,
    judge({ created, head, content }, target) {
      expectStatus(created, ['2xx']);
      if (content?.by === 'none') skipMovedAway(head, target);
      if (!isMovedAway(head, target)) expectHeader(head, 'Upload-Offset', lengthOf(content));
      return content && expectContentWhereKnown(content);
    },
  }),
  check({
    id: 'concat.final.length-when-calculable',
    level: must,
    impact: 'interoperability',
    spec: extension,
    says: 'A final upload states its length as soon as those of its parts are known.',
    passes: 'an Upload-Length that is the sum of theirs',
    fails: 'another length, or none',
    matters: 'clients cannot show how much is missing',
    reads: finalBeforeParts,
    judge: ({ early, content }) => expectHeader(needed(early, 'HEAD'), 'Upload-Length', lengthOf(content)),
  }),
];

export const concatenationChecks: Section = {
  number: 13,
  title: 'Extension: Concatenation',
  untestable: {
    'concat.final.foreign-url':
      'only a listener that the server can reach would see it fetch the part, and the tester opens no port',
  },
  checks: [...partials, ...finals, ...unfinished, ...concatenationRefusals],
};

/** Servers may write the URLs otherwise than they came: they are compared as whole URLs. */
function expectParts(
  head: Parameters<typeof headerOf>[0],
  parts: readonly string[],
  base: string,
): undefined {
  const value = headerOf(head, 'Upload-Concat') ?? '';
  const listed = /^final;(.*)$/.exec(value)?.[1]?.trim().split(/\s+/) ?? [];
  const urls = listed.map((url) => (URL.canParse(url, base) ? new URL(url, base).href : url));
  if (urls.join(' ') === parts.join(' ')) return;
  const actual = value === '' ? 'no Upload-Concat' : `Upload-Concat: ${value}`;
  throw new Violation({ expected: `final;${parts.join(' ')}`, actual, evidence: [head] });
}

function hasKey(metadata: string | undefined, key: string): boolean {
  return (metadata ?? '').split(',').some((pair) => pair.trim().split(' ')[0] === key);
}
