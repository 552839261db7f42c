import { parseByteCount } from '../../protocol/headers.ts';
import {
  headerMembers,
  headerOf,
  headerValues,
  isSuccess,
  offsetOf,
  outcomeOf,
  wasClosed,
} from '../answers.ts';
import { Blocked, check, type Section, Skip, Violation } from '../check.ts';
import {
  expectAnswer,
  expectContent,
  expectFinished,
  expectHeader,
  expectNoHeader,
  expectOffset,
  expectStatus,
  needed,
  remarks,
} from '../expect.ts';
import { may, must, safety, should } from '../levels.ts';
import type { Exchange, StrayRecord } from '../recording.ts';
import { type SeenInRun, wholeRun } from '../scenario.ts';
import { basicFlow } from '../scenarios/basic-flow.ts';
import {
  conditionalHead,
  headOnKeptConnection,
  headsInARow,
  otherSpellings,
  unknownHead,
  unknownHeadOnKeptConnection,
} from '../scenarios/core-head.ts';
import { derived, rfc, tus } from '../sources.ts';
import type { Target } from '../target.ts';
import { besidePlaces, isClean, placesOf } from './clean-target.ts';

const head = tus('HEAD', 'head');

export const coreHead: Section = {
  number: 2,
  title: 'Core: HEAD',
  untestable: {
    'core.head.content-length-tolerated':
      'allows every server everything: a rule for testers, which this one follows by never waiting for a body of HEAD',
  },
  checks: [
    check({
      id: 'core.head.status',
      level: should,
      impact: 'resume',
      spec: head,
      says: 'HEAD on an upload that exists succeeds with 200 or 204.',
      passes: '200 or 204',
      fails: 'anything else; another 2xx is a deviation',
      matters: 'a client that was interrupted cannot find out where to go on',
      reads: basicFlow,
      judge: ({ headEmpty }, target) => expectStatus(offered(headEmpty, target), [200, 204]),
    }),
    check({
      id: 'core.head.offset-zero',
      level: must,
      impact: 'resume',
      spec: head,
      says: 'Upload-Offset is stated even when nothing has been received yet.',
      passes: 'Upload-Offset: 0 right after the creation',
      fails: 'no Upload-Offset, or another value',
      matters: 'a client goes on at a place where the server is not, or reads a missing header as 0',
      reads: basicFlow,
      judge: ({ headEmpty }, target) => expectOffset(offered(headEmpty, target), 0),
    }),
    check({
      id: 'core.head.offset-after-patch',
      level: must,
      impact: 'resume',
      spec: head,
      says: 'HEAD repeats the offset that the last PATCH acknowledged.',
      passes: 'the Upload-Offset of the PATCH before it',
      fails: 'another value, or none',
      matters: 'the client resumes at the wrong place: bytes are doubled, lost, or refused for ever',
      needs: ['head'],
      reads: basicFlow,
      judge({ first, headAfterFirst, second, headAfterSecond }) {
        expectOffset(headAfterFirst, acknowledged(first));
        return expectOffset(headAfterSecond, acknowledged(second));
      },
    }),
    check({
      id: 'core.head.offset-completed',
      level: must,
      impact: 'resume',
      spec: head,
      says: 'A finished upload still states its offset.',
      passes: 'Upload-Offset equal to the length',
      fails: 'missing, smaller or larger; 404 or 410 is a deviation',
      matters: 'a client whose last answer was lost starts the whole upload again',
      needs: ['head'],
      reads: basicFlow,
      judge({ third, headComplete, sizeBytes }) {
        needed(third, 'the last chunk');
        const status = headComplete?.answer?.status;
        const gone = status === 404 || status === 410 ? { atMost: 'warn' as const } : {};
        return expectOffset(headComplete, sizeBytes, gone);
      },
    }),
    check({
      id: 'core.head.offset-syntax',
      level: must,
      impact: 'resume',
      spec: tus('Upload-Offset', 'upload-offset'),
      says: 'The offset is a plain non-negative decimal integer, wherever it is stated.',
      passes: 'every Upload-Offset of the run reads like 0 or 1048576',
      fails: 'a sign, a fraction, an exponent, quotes, a list, or a word',
      matters: 'clients parse another number out of it than the server means',
      reads: wholeRun(basicFlow),
      judge({ exchanges }) {
        const stating = exchanges.filter((exchange) => headerOf(exchange, 'Upload-Offset') !== undefined);
        if (stating.length === 0) throw new Blocked('no answer stated an Upload-Offset');
        for (const exchange of stating) {
          const values = headerValues(exchange.answer, 'Upload-Offset');
          if (values.length === 1 && parseByteCount(values[0]) !== undefined) continue;
          const actual = `Upload-Offset: ${values.join(', ')}`;
          throw new Violation({ expected: 'digits', actual, evidence: [exchange] });
        }
        return undefined;
      },
    }),
    check({
      id: 'core.head.length-known',
      level: must,
      impact: 'resume',
      spec: head,
      says: 'When the size of an upload is known, HEAD states it.',
      passes: 'Upload-Length: the declared size, before, during and after the upload',
      fails: 'missing or different',
      matters: 'a client cannot tell whether what the server holds is this file',
      needs: ['head'],
      reads: basicFlow,
      judge(seen) {
        for (const asked of [seen.headEmpty, seen.headAfterFirst]) {
          expectHeader(needed(asked, 'HEAD'), 'Upload-Length', String(seen.sizeBytes));
        }
        if (!isSuccess(seen.headComplete)) return undefined;
        return expectHeader(seen.headComplete, 'Upload-Length', String(seen.sizeBytes));
      },
    }),
    check({
      id: 'core.head.length-stable',
      level: safety,
      impact: 'resume',
      spec: tus('Upload-Length', 'upload-length'),
      says: 'The size of an upload never changes once it is known.',
      passes: 'the same Upload-Length after every chunk',
      fails: 'it changes',
      matters: 'a client takes the upload for another file, or for complete too early',
      needs: ['head'],
      reads: basicFlow,
      judge(seen) {
        const asked = [seen.headEmpty, seen.headAfterFirst, seen.headAfterSecond, seen.headComplete];
        const lengths = asked.flatMap((exchange) => headerOf(exchange, 'Upload-Length') ?? []);
        if (lengths.length === 0) throw new Skip('HEAD states no Upload-Length');
        if (new Set(lengths).size === 1) return undefined;
        throw new Violation({ expected: 'one size', actual: lengths.join(', then '), evidence: asked });
      },
    }),
    check({
      id: 'core.head.no-store',
      level: must,
      impact: 'resume',
      spec: head,
      says: 'The answer to HEAD forbids caching.',
      passes: 'no-store among the directives of Cache-Control',
      fails: 'no Cache-Control, or only others such as no-cache',
      matters: 'a cache in between answers with an old offset, and the client never gets on',
      needs: ['head'],
      reads: basicFlow,
      judge({ headAfterFirst }) {
        const exchange = needed(headAfterFirst, 'HEAD');
        const directives = headerMembers(exchange, 'Cache-Control').map((member) => member.toLowerCase());
        if (directives.includes('no-store')) return undefined;
        const actual =
          directives.length === 0 ? 'no Cache-Control' : `Cache-Control: ${directives.join(', ')}`;
        throw new Violation({ expected: 'Cache-Control: no-store', actual, evidence: [exchange] });
      },
    }),
    check({
      id: 'core.head.no-store-on-error',
      level: may,
      impact: 'advice',
      spec: head,
      says: 'The answer to HEAD on an unknown upload should not be kept by caches either.',
      passes: 'no-store, or nothing',
      fails: 'public, or a positive max-age',
      matters: 'a cache goes on saying that the upload is gone',
      reads: unknownHead,
      judge({ asked }) {
        expectAnswer(asked);
        const directives = headerMembers(asked, 'Cache-Control').map((member) => member.toLowerCase());
        const keeping = directives.find((member) => member === 'public' || /^max-age=0*[1-9]/.test(member));
        if (keeping === undefined) return undefined;
        throw new Violation({ actual: `Cache-Control: ${keeping}`, evidence: [asked] });
      },
    }),
    check({
      id: 'core.head.no-body',
      level: must,
      impact: 'interoperability',
      spec: rfc(9110, '9.3.2'),
      says: 'Nothing follows the head of an answer to HEAD.',
      passes: 'no stray byte, and a second answer over the same connection reads from its start',
      fails: 'body bytes, or a second answer that cannot be read',
      matters: 'the next request over the connection gets a garbled answer',
      reads: headOnKeptConnection,
      judge({ first, stray, second }) {
        needed(first, 'HEAD');
        return nothingFollows(first, stray, second);
      },
    }),
    check({
      id: 'core.head.no-body-on-error',
      level: must,
      impact: 'interoperability',
      spec: rfc(9110, '9.3.2'),
      says: 'Nothing follows the head of an answer to HEAD that refuses it either.',
      passes: 'no stray byte, and a second answer over the same connection reads from its start',
      fails: 'an error page or JSON behind the head',
      matters: 'the next request over the connection gets a garbled answer',
      reads: unknownHeadOnKeptConnection,
      judge: ({ first, stray, second }) => nothingFollows(first, stray, second),
    }),
    check({
      id: 'core.head.unknown.status',
      level: should,
      impact: 'resume',
      spec: head,
      says: 'HEAD on an upload that does not exist answers 404, 410 or 403.',
      passes: '404, 410 or 403, and 401 where a credential is asked for',
      fails: 'a success, a redirect or a 5xx; another 4xx is a deviation',
      matters: 'a client resumes into nothing, or keeps asking for ever',
      reads: unknownHead,
      judge: ({ asked }, { guarded }) =>
        expectStatus(asked, [404, 410, 403, ...(guarded ? [401] : [])], { warn: ['4xx'] }),
    }),
    check({
      id: 'core.head.unknown.no-offset',
      level: should,
      impact: 'resume',
      spec: head,
      says: 'That answer carries no Upload-Offset.',
      passes: 'no Upload-Offset',
      fails: 'an Upload-Offset',
      matters: 'a lenient client resumes into nothing',
      reads: unknownHead,
      judge: ({ asked }) => expectNoHeader(asked, 'Upload-Offset'),
    }),
    check({
      id: 'core.head.read-only',
      level: safety,
      impact: 'data',
      spec: rfc(9110, '9.2.1'),
      says: 'HEAD has no effect on an upload that nobody writes to.',
      passes: 'ten HEADs say the same, and the upload can be finished with the right bytes',
      fails: 'the offset drifts, or the upload is spoilt',
      matters: 'asking where to go on destroys what is there',
      reads: headsInARow,
      judge({ first, heads, finish, content }) {
        for (const asked of heads) expectOffset(asked, acknowledged(first));
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'core.head.monotonic',
      level: safety,
      impact: 'data',
      spec: derived('PATCH only ever adds bytes (tus 1.0.0, PATCH)'),
      says: 'The offset that HEAD states never goes back while the upload exists.',
      passes: 'no HEAD of the run states less than an earlier one of the same upload',
      fails: 'it does',
      matters: 'bytes that were acknowledged are lost',
      needs: ['head'],
      reads: wholeRun(basicFlow, headsInARow),
      judge: ({ exchanges }) => neverBack(exchanges),
    }),
    check({
      id: 'core.head.no-304',
      level: safety,
      impact: 'resume',
      spec: rfc(9110, '13.1'),
      says: 'Conditional headers do not turn HEAD into an answer without an offset.',
      passes: '200 or 204 with Upload-Offset',
      fails: '304 or 412',
      matters: 'behind a cache that asks conditionally, a client learns no offset',
      reads: conditionalHead,
      judge({ patched, noneMatch, modifiedSince }) {
        for (const asked of [noneMatch, modifiedSince]) {
          expectStatus(asked, ['2xx']);
          expectOffset(asked, acknowledged(patched));
        }
        return undefined;
      },
    }),
    check({
      id: 'core.head.no-redirect',
      level: safety,
      impact: 'security',
      spec: rfc(6750, '5.3'),
      says: 'Requests to upload URLs are answered directly, without a redirect.',
      passes:
        'no redirect as the answer to POST, PATCH and HEAD (other spellings of a path may be redirected)',
      fails: 'one (a warning here: some clients follow it)',
      matters: 'clients do not carry a credential to another address, and stop',
      reads: wholeRun(basicFlow, unknownHead),
      judge({ exchanges }, target) {
        const places = placesOf(exchanges, target);
        const isAboutUploads = besidePlaces(places, target);
        const asked = exchanges.filter(
          (exchange) =>
            uploading.has(exchange.sent.method) &&
            isAboutUploads(exchange.url) &&
            isClean(exchange, places) &&
            exchange.answer,
        );
        if (asked.length === 0) throw new Blocked('no request was answered');
        const redirect = asked.find(({ answer }) => answer && redirects.has(answer.status));
        if (redirect === undefined) return undefined;
        const actual = `${redirect.sent.method} answered ${outcomeOf(redirect)}`;
        throw new Violation({ actual, atMost: 'warn', evidence: [redirect] });
      },
    }),
    check({
      id: 'core.head.trailing-slash',
      level: may,
      impact: 'advice',
      spec: head,
      says: 'Whether the upload URL with a slash or a query behind it means the same upload is up to the server.',
      passes: 'any 2xx or 4xx',
      fails: 'a 5xx, or no answer',
      matters: 'proxies and cache breakers add such things',
      reads: otherSpellings,
      judge: ({ slash, query }) =>
        remarks(...[slash, query].map((asked) => expectStatus(asked, ['2xx', '4xx'], { note: ['3xx'] }))),
    }),
  ],
};

const uploading = new Set(['POST', 'PATCH', 'HEAD']);
const redirects = new Set([301, 302, 303, 307, 308]);

/** Without HEAD the pulse facade fails one check of its own (pulse.head.200); plain tus fails here. */
function offered(asked: Exchange | undefined, { headless, protocol }: Target): Exchange {
  if (headless !== undefined && protocol === 'pulse') throw new Skip(headless);
  if (asked !== undefined) return asked;
  throw new Violation({ actual: headless ?? 'HEAD was not asked' });
}

function acknowledged(patched: Exchange): number {
  const offset = offsetOf(needed(patched, 'PATCH'));
  if (offset === undefined) throw new Blocked('PATCH acknowledged no offset', [patched]);
  return offset;
}

function nothingFollows(first: Exchange, stray: StrayRecord, second: Exchange | undefined): undefined {
  expectAnswer(first);
  if (stray.sizeBytes > 0) {
    const actual = `${stray.sizeBytes} bytes behind it: ${JSON.stringify(stray.text.slice(0, 60))}`;
    throw new Violation({ expected: 'nothing behind the head', actual, evidence: [first] });
  }
  // A server that closes the connection afterwards is in its right.
  if (second === undefined || wasClosed(second)) return;
  expectAnswer(second, { expected: 'a second answer over the same connection' });
}

function neverBack(exchanges: SeenInRun['exchanges']): undefined {
  const seen = new Map<string, { offset: number; exchange: Exchange }>();
  for (const exchange of exchanges) {
    const offset = exchange.sent.method === 'HEAD' && isSuccess(exchange) ? offsetOf(exchange) : undefined;
    if (offset === undefined) continue;
    const earlier = seen.get(exchange.url);
    // Two that overlapped in time may have been answered in either order.
    const isLater = earlier !== undefined && (earlier.exchange.endedMs ?? 0) <= exchange.startedMs;
    if (isLater && offset < earlier.offset) {
      const actual = `HEAD said ${earlier.offset}, then ${offset}`;
      throw new Violation({ actual, evidence: [earlier.exchange, exchange] });
    }
    seen.set(exchange.url, { offset, exchange });
  }
  if (seen.size === 0) throw new Blocked('no HEAD stated an offset');
}
