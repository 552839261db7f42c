import { parseMetadata } from '../../protocol/headers.ts';
import { headerOf, isServed } from '../answers.ts';
import { Blocked, type Check, check, Skip, Violation } from '../check.ts';
import { expectAnswer, expectRefused, expectStatus, needed, remarks } from '../expect.ts';
import { v1May, v1Must, v1Safety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import type { Scenario } from '../scenario.ts';
import { ACCENTED, artifactNames } from '../scenarios/v1-artifact-names.ts';
import {
  forbiddenMetadata,
  listedKinds,
  ordinaryMetadata,
  type Tried,
  unspecifiedMetadata,
} from '../scenarios/v1-metadata.ts';
import { derived, pulseV1 } from '../sources.ts';

/** Section 23, second half: what the metadata of a creation must, may and cannot do. */

const metadata = pulseV1('4.1 Metadata');
const either = derived('the protocol names no answer to it');

const row = <Seen>(
  id: string,
  level: Check['level'],
  spec: Check['spec'],
  reads: Scenario<Seen>,
  [says, passes, fails, matters]: readonly [string, string, string, string],
  judge: (seen: Seen) => string | undefined,
): Check =>
  check({ id, level, impact: 'interoperability', spec, says, passes, fails, matters, reads, judge });

function eachRefused(tried: readonly Tried[] | undefined): string | undefined {
  if (tried === undefined || tried.length === 0) throw new Blocked('the scenario did not come as far');
  return remarks(...tried.map(({ what, posted }) => expectRefused(posted, { expected: `a 4xx to ${what}` })));
}

const eachCreated = (tried: readonly Tried[]) =>
  remarks(...tried.map(({ what, posted }) => expectStatus(posted, [201], { expected: `201 to ${what}` })));

/** Taken or refused, as the server likes. */
const eachAnswered = (tried: readonly Tried[]) =>
  remarks(
    ...tried.map(({ what, posted }) =>
      expectStatus(posted, [201, '4xx'], { expected: `201 or a 4xx to ${what}` }),
    ),
  );

const asItLikes = ['201, or a 4xx', 'a 5xx, or no answer'] as const;
const dies = 'one odd file name takes the server down';
const unfinished = 'the app cannot send the file';

const ids: readonly Check[] = [
  row(
    'v1.meta.missing',
    v1Must,
    metadata,
    forbiddenMetadata,
    [
      'A creation without Upload-Metadata is refused.',
      'a 4xx',
      '201, or a 5xx',
      'an upload that belongs to nothing',
    ],
    ({ nothing }) => eachRefused(nothing),
  ),
  row(
    'v1.meta.artifact-id.required',
    v1Must,
    metadata,
    forbiddenMetadata,
    [
      'A creation without artifactId or an alias of it is refused.',
      'a 4xx',
      '201, or a 5xx',
      'a file that nobody finds again',
    ],
    ({ noId }) => eachRefused(noId),
  ),
  row(
    'v1.meta.artifact-id.uuid',
    v1Must,
    metadata,
    forbiddenMetadata,
    [
      'An artifactId that is no UUID is refused.',
      'a 4xx to each',
      '201, or a 5xx',
      'ids that are paths, or that another server reads otherwise',
    ],
    ({ badId }) => eachRefused(badId),
  ),
  row(
    'v1.meta.alias',
    v1Must,
    metadata,
    ordinaryMetadata,
    ['videoid and projectid do in the place of artifactId.', '201 to each', 'a refusal', unfinished],
    ({ aliases }) => eachCreated(aliases),
  ),
];

const fileNames: readonly Check[] = [
  row(
    'v1.meta.filename.required',
    v1Must,
    metadata,
    forbiddenMetadata,
    [
      'A creation without filename is refused.',
      'a 4xx',
      '201, or a 5xx',
      'a file of which nobody knows what it is',
    ],
    ({ noName }) => eachRefused(noName),
  ),
  row(
    'v1.meta.filename.extension',
    v1Must,
    metadata,
    forbiddenMetadata,
    [
      'An ending that does not belong to the kind is refused.',
      'a 4xx to videos named .exe, .mp4.exe, .mp4/ and without an ending, and to captions named .mp4',
      '201, or a 5xx',
      'the server keeps and serves programs as videos',
    ],
    ({ badEnding }) => eachRefused(badEnding),
  ),
  row(
    'v1.meta.filename.each-allowed',
    v1Must,
    metadata,
    listedKinds,
    [
      'Every ending that the capabilities list for a kind is taken.',
      '201 to each pair',
      'a refusal',
      unfinished,
    ],
    ({ seen }) => {
      const named = seen.filter(({ isNamed }) => isNamed);
      if (named.length === 0) throw new Skip('the capabilities list no endings');
      return eachCreated(named);
    },
  ),
  row(
    'v1.meta.filename.case',
    v1May,
    either,
    unspecifiedMetadata,
    ['An ending in capitals is taken or refused.', ...asItLikes, dies],
    ({ capitals }) => eachAnswered([capitals]),
  ),
  row(
    'v1.meta.filename.not-a-path',
    v1Safety,
    derived('the name of the file says nothing of where it is stored'),
    unspecifiedMetadata,
    [
      'File names with path segments, a NUL or 4,000 characters are answered.',
      '201 (stored under the id), or a 4xx',
      'a 5xx, or no answer: the name was used as a path',
      dies,
    ],
    ({ paths }) => eachAnswered(paths),
  ),
];

const kinds: readonly Check[] = [
  row(
    'v1.meta.kind.default',
    v1Must,
    metadata,
    ordinaryMetadata,
    ['Without a kind an artifact is a video.', '201', 'a refusal', unfinished],
    ({ noKind }) => expectStatus(noKind, [201]),
  ),
  row(
    'v1.meta.kind.values',
    v1Must,
    metadata,
    listedKinds,
    [
      'Of video, project, captions and thumbnail, each that is listed is understood.',
      '201 to one of each',
      'a refusal',
      unfinished,
    ],
    ({ seen }) => {
      const first = seen.filter(
        ({ kind, isUsual }, index) => isUsual && seen.findIndex((other) => other.kind === kind) === index,
      );
      if (first.length === 0) throw new Skip('the capabilities list none of these kinds');
      return eachCreated(first);
    },
  ),
  row(
    'v1.meta.kind.unknown',
    v1May,
    either,
    unspecifiedMetadata,
    ['An unknown kind is refused, or taken for a video.', ...asItLikes, dies],
    ({ unknownKind }) => eachAnswered([unknownKind]),
  ),
];

const relations: readonly Check[] = [
  row(
    'v1.meta.related-to',
    v1May,
    metadata,
    ordinaryMetadata,
    [
      'relatedTo may name an artifact that does not exist yet.',
      '201',
      'a refusal',
      'the app sends the video last: what belongs to it is refused',
    ],
    ({ related }) => expectStatus(related, [201]),
  ),
  row(
    'v1.meta.related-to.invalid',
    v1May,
    either,
    unspecifiedMetadata,
    ['A relatedTo that is no UUID is refused or ignored.', ...asItLikes, dies],
    ({ badRelation }) => eachAnswered([badRelation]),
  ),
  row(
    'v1.meta.checksum.syntax',
    v1May,
    either,
    unspecifiedMetadata,
    [
      'A checksum that is malformed or of an unknown algorithm is refused or ignored.',
      'a 4xx to the creation; or 201, and 204 to the bytes (a 4xx there is noted)',
      'a 5xx, or no answer',
      dies,
    ],
    ({ checksums }) =>
      remarks(
        eachAnswered(checksums),
        ...checksums.flatMap(({ what, patched }) =>
          patched ? [expectStatus(patched, [204], { note: ['4xx'], expected: `204 after ${what}` })] : [],
        ),
      ),
  ),
];

/** Answered as it was without a name; what is served is what was sent. */
function expectSame(
  exchange: Exchange | undefined,
  control: Exchange | undefined,
  what: string,
  sha256?: string,
): undefined {
  const { status } = expectAnswer(control);
  expectStatus(exchange, [status], { expected: `${status} with ${what}, as without a name` });
  const { body } = expectAnswer(exchange);
  if (sha256 === undefined || status !== 200 || body.sha256 === sha256) return;
  const expected = `sha256 ${sha256} with ${what}`;
  throw new Violation({ expected, actual: `sha256 ${body.sha256}`, evidence: [exchange] });
}

const names: readonly Check[] = [
  row(
    'v1.meta.name.utf8',
    v1Must,
    metadata,
    artifactNames,
    [
      'A name in UTF-8 is taken, and repeated as it came.',
      '201, and the same bytes in the Upload-Metadata of HEAD',
      'a refusal, or other bytes',
      'names are garbled',
    ],
    ({ accented: { posted, headed } }) => {
      const said = expectStatus(posted, [201]);
      expectAnswer(headed);
      const echo = headed && headerOf(headed, 'Upload-Metadata');
      if (echo === undefined) throw new Skip('HEAD repeats no metadata');
      const name = Buffer.from(parseMetadata(echo)?.name ?? '').toString('utf8');
      if (name === ACCENTED) return said;
      throw new Violation({ expected: `name ${ACCENTED}`, actual: `name ${name}`, evidence: [headed] });
    },
  ),
  row(
    'v1.meta.name.inert',
    v1Must,
    metadata,
    artifactNames,
    [
      'A name changes nothing but what people read.',
      'with each name the answers are those without one, and the artifact is served as it was sent',
      'any difference',
      'names become paths, kinds or headers',
    ],
    ({ sha256, unnamed, odd, unharmed }) => {
      needed(unnamed.posted, 'the creation without a name');
      for (const { what, posted, patched, gotten } of odd) {
        expectSame(posted, unnamed.posted, what);
        expectSame(patched, unnamed.patched, what);
        if (isServed(unnamed.gotten)) expectSame(gotten, unnamed.gotten, what, sha256);
      }
      if (!isServed(unnamed.gotten)) return 'nothing is served, with a name or without one';
      const what = 'its id as the name of another';
      return expectSame(unharmed.gotten, unnamed.gotten, what, unnamed.sha256);
    },
  ),
  row(
    'v1.meta.name.capped',
    v1Must,
    metadata,
    artifactNames,
    [
      'A name that is too long is cut, and no reason to refuse.',
      '201, and the bytes are taken',
      'a 4xx (a warning), a 5xx, or no answer',
      'a long title keeps the video from being sent',
    ],
    ({ long: { posted, patched } }) => {
      const said = expectStatus(posted, [201], { warn: ['4xx'] });
      return remarks(said, expectStatus(patched, ['2xx']));
    },
  ),
  row(
    'v1.meta.unknown-keys',
    v1May,
    pulseV1('9. Extending the protocol'),
    ordinaryMetadata,
    [
      'Keys that a server does not know do no harm.',
      '201',
      'a refusal',
      'newer apps cannot send to older servers',
    ],
    ({ ownKey }) => expectStatus(ownKey, [201]),
  ),
];

export const v1MetadataChecks: readonly Check[] = [...ids, ...fileNames, ...kinds, ...relations, ...names];
