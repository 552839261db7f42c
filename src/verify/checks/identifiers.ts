import { headerOf, isSuccess, offsetOf, outcomeOf } from '../answers.ts';
import { type Check, check, type Section, Skip, Violation } from '../check.ts';
import { expectAnswer, expectStatus, needed, remarks } from '../expect.ts';
import { safety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import { manyCreations } from '../scenarios/creation.ts';
import { otherIdSpellings, reservedNames, type Spelling } from '../scenarios/identifiers.ts';
import { derived } from '../sources.ts';
import { authorisationChecks } from './authorisation.ts';
import { exposureChecks } from './exposure.ts';
import { uploadUrlsOf, varietyBits } from './upload-urls.ts';

const secretUrl = derived('the upload URL is the only secret of an open server');
const outside =
  'whoever can write a path reaches files that are no uploads of his, and may read or delete them';

const RESOLVED_BEFORE =
  'paths are decoded and resolved before they are looked at, also before the id: the server never saw another one';

const identifierChecks: readonly Check[] = [
  check({
    id: 'sec.id.unguessable',
    level: safety,
    impact: 'security',
    spec: secretUrl,
    says: 'Nobody can guess the URL of an upload from the URLs of others.',
    passes: 'what differs between 40 upload URLs has at least 64 bits of variety',
    fails: 'counters, times, or short random ids',
    matters: 'strangers can continue, spoil, or delete the uploads of others',
    reads: manyCreations,
    judge({ sequential, parallel }) {
      const urls = uploadUrlsOf([...sequential, ...parallel]);
      const bits = varietyBits(urls);
      if (bits >= 64) return undefined;
      const shown = urls.slice(0, 3).join(', ');
      const actual = `about ${Math.floor(bits)} bits of variety, as in ${shown}`;
      throw new Violation({
        expected: 'at least 64 bits of variety',
        actual,
        evidence: sequential.slice(0, 3),
      });
    },
  }),
  check({
    id: 'sec.id.reserved',
    level: safety,
    impact: 'security',
    spec: derived('routes and ids share the same paths'),
    says: 'Words of the router and of the programming language are no upload ids.',
    passes:
      '404, 405 or another 4xx to HEAD and PATCH on finalize, __proto__, constructor, toString, hasOwnProperty',
    fails: 'a success, a 5xx, or no answer',
    matters: 'a look-up in a plain object finds something that is no upload, and goes on with it',
    reads: reservedNames,
    judge: ({ asked }) => remarks(...asked.map(({ exchange }) => expectStatus(exchange, ['4xx', 501]))),
  }),
  check({
    id: 'sec.id.alias',
    level: safety,
    impact: 'security',
    spec: derived('an upload has one URL'),
    says: 'An id that reaches the same file by another path is not honoured.',
    passes:
      '404, 400 or 403 to HEAD on x%2F..%2FID and .%2FID; skipped where any path is resolved like that before it is looked at',
    fails: 'the offset of the upload: path components in the id are followed',
    matters: outside,
    reads: otherIdSpellings,
    judge({ own, aliases, folded }) {
      needed(own, 'HEAD');
      const isReached = aliases.some(({ exchange }) => isSameUpload(own, exchange));
      if (isReached && folded !== undefined && isSameUpload(own, folded)) throw new Skip(RESOLVED_BEFORE);
      return noneReaches(own, aliases);
    },
  }),
  check({
    id: 'sec.id.nul-and-slash',
    level: safety,
    impact: 'security',
    spec: derived('an upload has one URL'),
    says: 'NUL, slash and backslash inside an id are refused.',
    passes: '404, 400 or another 4xx to HEAD on ID%00, ID%2F and ID%5C; ID%2F may also be read as ID/',
    fails: 'the offset of the upload for ID%00 or ID%5C, or a 5xx',
    matters: outside,
    reads: otherIdSpellings,
    judge({ own, cutOff, withSlash }) {
      needed(own, 'HEAD');
      noneReaches(own, cutOff);
      return remarks(...withSlash.map(({ exchange }) => expectStatus(exchange, ['2xx', '3xx', '4xx'])));
    },
  }),
  check({
    id: 'sec.id.dot',
    level: safety,
    impact: 'security',
    spec: derived('directories and side files are no uploads'),
    says: 'Dot segments and the names of side files open nothing.',
    passes:
      '404 or another 4xx to HEAD on ., .., %2e%2e, .info, ID.json and ID.info; dot segments may be resolved, and ID.json may be the upload itself (noted)',
    fails: 'any other success, or a 5xx',
    matters: 'lists of uploads and their secrets lie open',
    reads: otherIdSpellings,
    judge({ own, neighbours, dots, resolved }) {
      needed(own, 'HEAD');
      const suffixed = neighbours.filter((spelling) => isOwnWithSuffix(own, spelling));
      for (const spelling of neighbours)
        if (!suffixed.includes(spelling)) expectStatus(spelling.exchange, ['3xx', '4xx']);
      const served = resolved.some(isSuccess);
      for (const { exchange } of dots) {
        // A directory that the server shows to everybody anyway is not opened by its other name.
        const isPlain = served && isSuccess(exchange) && headerOf(exchange, 'Upload-Offset') === undefined;
        if (!isPlain) expectStatus(exchange, ['3xx', '4xx']);
      }
      const names = suffixed.map(({ segment }) => segment).join(' and ');
      return names === '' ? undefined : `${names}: the upload itself, its ending read as a format suffix`;
    },
  }),
];

export const identifiers: Section = {
  number: 16,
  title: 'Safety: identifiers, authorisation, exposure',
  untestable: {},
  checks: [...identifierChecks, ...authorisationChecks, ...exposureChecks],
  relevelled: {
    'sec.auth.head':
      'MAY for pulse: its documents ask for the token at finalize, and only the later protocol asks for it here',
    'sec.auth.patch':
      'MAY for pulse: its documents ask for the token at finalize, and only the later protocol asks for it here',
    'sec.auth.scheme': 'not part of pulse, whose token stands alone in X-Upload-Token',
    'sec.exposure.in-progress':
      'MAY for tus and SHOULD for pulse: tusd serves what it has, and only a later protocol forbids it',
    'sec.location.scheme-downgrade': 'SHOULD for pulse, whose client changes http back to https',
  },
};

/** None of the spellings leads to the upload whose HEAD is `own`. */
function noneReaches(own: Exchange, spellings: readonly Spelling[]): undefined {
  for (const { segment, exchange } of spellings) {
    expectAnswer(exchange);
    if (!isSameUpload(own, exchange)) {
      expectStatus(exchange, ['2xx', '3xx', '4xx']);
      continue;
    }
    const actual = `${segment}: ${outcomeOf(exchange)} with the upload's own offset ${offsetOf(own)}`;
    throw new Violation({ actual, evidence: [own, exchange] });
  }
}

function isSameUpload(own: Exchange, exchange: Exchange): boolean {
  return isSuccess(exchange) && offsetOf(exchange) === offsetOf(own);
}

/** Rails routes `/uploads/:id(.:format)`: another name of the same upload, which opens nothing that was closed. */
function isOwnWithSuffix(own: Exchange, { segment, exchange }: Spelling): boolean {
  return segment.startsWith('ID.') && offsetOf(own) !== undefined && isSameUpload(own, exchange);
}
