import { headerValues, outcomeOf } from '../answers.ts';
import { check, type Section, Violation } from '../check.ts';
import { expectAnswer, expectNoHeader, expectStatus, needed, remarks } from '../expect.ts';
import { may, should, tusMust, tusSafety } from '../levels.ts';
import { flawedMetadata, goodMetadata, headersInMetadata, INJECTED } from '../scenarios/metadata.ts';
import { derived, rfc, tus } from '../sources.ts';
import { canonical, echoOf, expectKept, expectKeptToo, pairsOf, refusedOr } from './metadata-echo.ts';

const post = tus('Creation, POST', 'post');
const header = tus('Creation, Upload-Metadata', 'upload-metadata');
const lost = 'the name, the type or the owner of the video is lost or garbled';
const fallsOver = 'one client with a broken library fills the log with failures, or takes the server down';

export const metadata: Section = {
  number: 8,
  title: 'Extension: Creation, Upload-Metadata',
  untestable: {},
  relevelled: {
    'metadata.absent': 'not part of pulse-v1: a creation without metadata is refused there (v1.meta.missing)',
    'metadata.header-injection':
      'safety for tus, not SHOULD: the row itself calls an injected header a failure and the 5xx a warning',
  },
  checks: [
    check({
      id: 'metadata.head-echo',
      level: tusMust,
      impact: 'interoperability',
      spec: post,
      says: 'HEAD gives back the metadata that came with the creation.',
      passes: 'the same keys with the same bytes, in any order',
      fails: 'no Upload-Metadata, a lost key, or a changed value',
      matters: lost,
      reads: goodMetadata,
      judge: ({ ordinary }) => expectKept(ordinary),
    }),
    check({
      id: 'metadata.head-echo.verbatim',
      level: tusMust,
      impact: 'advice',
      spec: post,
      says: 'Read literally, HEAD gives back the very text of the client.',
      passes: 'the same text; the same pairs written in another way are noted',
      fails: 'other pairs, or none',
      matters: 'nothing, unless a client compares the text',
      reads: goodMetadata,
      judge({ ordinary }) {
        expectKept(ordinary);
        const echo = echoOf(ordinary);
        return echo === ordinary.metadata ? undefined : `the pairs are written anew: ${echo}`;
      },
    }),
    check({
      id: 'metadata.empty-value.no-space',
      level: tusMust,
      impact: 'interoperability',
      spec: header,
      says: 'A key alone is valid, and kept.',
      passes: 'is_confidential with an empty value in the echo',
      fails: 'a refusal, or a dropped key',
      matters: 'flags that a client sets are refused or forgotten',
      reads: goodMetadata,
      judge: (seen) => expectKeptToo(seen.valueless, seen),
    }),
    check({
      id: 'metadata.empty-value.space',
      level: tusMust,
      impact: 'interoperability',
      spec: header,
      says: 'A key with a blank and nothing behind it is valid, and kept.',
      passes: 'both keys of "a ,b Yg==" in the echo',
      fails: 'a refusal, or a dropped key',
      matters: 'flags that a client sets are refused or forgotten',
      reads: goodMetadata,
      judge: (seen) => expectKeptToo(seen.valuelessWithSpace, seen),
    }),
    check({
      id: 'metadata.binary-value',
      level: tusMust,
      impact: 'interoperability',
      spec: header,
      says: 'Values are bytes, not text: they are kept whatever they are.',
      passes: 'the seven bytes 00 01 80 FF FE 0D 0A in the echo',
      fails: 'changed bytes (known in @tus/server), a dropped key, or a refusal',
      matters: 'digests and encrypted names in the metadata are destroyed',
      reads: goodMetadata,
      judge: (seen) => expectKeptToo(seen.binary, seen),
    }),
    check({
      id: 'metadata.unicode-value',
      level: tusMust,
      impact: 'interoperability',
      spec: header,
      says: 'Names in any script survive.',
      passes: 'the bytes of "vidéo 🎥 日本" in the echo',
      fails: 'other bytes, question marks, or a refusal',
      matters: lost,
      reads: goodMetadata,
      judge: (seen) => expectKeptToo(seen.unicode, seen),
    }),
    check({
      id: 'metadata.many-keys',
      level: tusSafety,
      impact: 'interoperability',
      spec: header,
      says: 'Twenty pairs survive.',
      passes: 'all of them in the echo',
      fails: 'a lost pair, or a refusal',
      matters: lost,
      reads: goodMetadata,
      judge: (seen) => expectKeptToo(seen.many, seen),
    }),
    check({
      id: 'metadata.duplicate-key',
      level: tusMust,
      impact: 'interoperability',
      spec: header,
      says: 'A key that comes twice is refused, or one of the two counts.',
      passes: '400 or another 4xx, or an echo with at most one of the two',
      fails: 'an echo with both, or a 5xx',
      matters: 'every program that reads the metadata sees another value',
      reads: flawedMetadata,
      judge: ({ doubled }) =>
        refusedOr(doubled, (echo = '') => pairsOf(echo).filter(([key]) => key === 'a').length <= 1),
    }),
    check({
      id: 'metadata.invalid-base64',
      level: tusMust,
      impact: 'interoperability',
      spec: header,
      says: 'A value that is not base64 is refused or left out, never turned into another one.',
      passes:
        '400 or another 4xx to "a !!!" and "a YQ", or no such pair in the echo; the very same text is noted',
      fails: 'an echo with another value, or a 5xx',
      matters: 'metadata appears that nobody sent',
      reads: flawedMetadata,
      judge: ({ notBase64 }) =>
        remarks(
          ...notBase64.map((one) => {
            refusedOr(
              one,
              (echo) => echo === one.metadata || isWithout(echo, 'a') || meansTheSame(echo, one.metadata),
            );
            return echoOf(one) === one.metadata && one.metadata !== undefined
              ? `"${one.metadata}" is kept as it came`
              : undefined;
          }),
        ),
    }),
    check({
      id: 'metadata.empty-key',
      level: tusMust,
      impact: 'interoperability',
      spec: header,
      says: 'An empty key is refused or left out.',
      passes: '400 or another 4xx to a comma too many, or an echo without the empty key',
      fails: 'an empty key in the echo, or a 5xx',
      matters: fallsOver,
      reads: flawedMetadata,
      judge: ({ emptyKeys }) =>
        remarks(
          ...emptyKeys.map((one) =>
            refusedOr(one, (echo) => echo === undefined || pairsOf(echo).every(([key]) => key !== '')),
          ),
        ),
    }),
    check({
      id: 'metadata.empty-header',
      level: may,
      impact: 'advice',
      spec: header,
      says: 'An empty Upload-Metadata may be refused or count as none.',
      passes: '201, or a 4xx',
      fails: 'a 5xx, or no answer',
      matters: fallsOver,
      reads: flawedMetadata,
      judge: ({ empty }) => expectStatus(empty.posted, ['2xx', '4xx']),
    }),
    check({
      id: 'metadata.space-after-comma',
      level: may,
      impact: 'advice',
      spec: header,
      says: 'A blank behind the comma may be tolerated or refused.',
      passes: '400 or another 4xx, or both keys in the echo',
      fails: 'a lost key, or a 5xx',
      matters: lost,
      reads: flawedMetadata,
      judge: ({ spaced }) => refusedOr(spaced, (echo) => meansTheSame(echo, spaced.metadata)),
    }),
    check({
      id: 'metadata.non-ascii-key',
      level: should,
      impact: 'advice',
      spec: header,
      says: 'A key outside ASCII is the risk of the client; the server goes on.',
      passes: '201, or a 4xx',
      fails: 'a 5xx, or no answer',
      matters: fallsOver,
      reads: flawedMetadata,
      judge: ({ nonAscii }) => expectStatus(nonAscii.posted, ['2xx', '4xx']),
    }),
    check({
      id: 'metadata.oversize',
      level: tusSafety,
      impact: 'security',
      spec: rfc(6585, '5'),
      says: 'Metadata of 20 KiB is refused, or kept whole.',
      passes: '400, 413, 431 or another 4xx, or a full echo',
      fails: 'a cut echo, or a 5xx',
      matters: fallsOver,
      reads: flawedMetadata,
      judge({ long, alive }) {
        expectAnswer(alive, { expected: 'the server still answers' });
        return refusedOr(long, (echo) => meansTheSame(echo, long.metadata));
      },
    }),
    check({
      id: 'metadata.header-injection',
      level: { tus: 'safety', pulse: 'SHOULD', 'pulse-v1': 'safety' },
      impact: 'security',
      spec: header,
      says: 'A line break in a value never becomes a header of an answer.',
      passes: 'no X-Injected in any answer; 2xx or a clean 4xx',
      fails: 'the injected header; a 5xx is a warning (known in @tus/server)',
      matters: 'whoever uploads can set cookies and redirects for everyone who downloads',
      reads: headersInMetadata,
      judge({ posted, asked, gotten }) {
        const answered = [posted, ...asked, ...(gotten ? [gotten] : [])];
        for (const exchange of answered) {
          expectAnswer(exchange);
          if (headerValues(exchange.answer, INJECTED).length === 0) continue;
          throw new Violation({ actual: `${INJECTED} in the answer`, evidence: [posted, exchange] });
        }
        const failed = answered.find(({ answer }) => (answer?.status ?? 0) >= 500 && answer?.status !== 501);
        if (failed === undefined) return undefined;
        const actual = `${failed.sent.method} answered ${outcomeOf(failed)}`;
        throw new Violation({ actual, atMost: 'warn', evidence: [posted, failed] });
      },
    }),
    check({
      id: 'metadata.absent',
      level: { tus: 'safety', pulse: 'SHOULD' },
      impact: 'advice',
      spec: derived('what was not given cannot be given back'),
      says: 'Without metadata none is made up.',
      passes: 'no Upload-Metadata from HEAD',
      fails: 'an empty header, undefined, null, [object Object], or anything else',
      matters: 'clients show names that nobody gave',
      reads: goodMetadata,
      judge({ none }) {
        needed(none.posted, 'a creation without metadata');
        return expectNoHeader(needed(none.headed, 'HEAD'), 'Upload-Metadata');
      },
    }),
  ],
};

function isWithout(echo: string | undefined, wanted: string): boolean {
  return echo === undefined || pairsOf(echo).every(([key]) => key !== wanted);
}

/** The same pairs, however they are written. */
function meansTheSame(echo: string | undefined, sent = ''): boolean {
  return echo !== undefined && canonical(echo) === canonical(sent);
}
