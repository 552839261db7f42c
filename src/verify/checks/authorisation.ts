import { headerOf, outcomeOf } from '../answers.ts';
import { type Check, check, Skip, Violation } from '../check.ts';
import { expectAnswer, expectNoHeader, expectStatus, remarks } from '../expect.ts';
import { safety, should } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import {
  creationByNobody,
  EMPTY_TOKEN,
  enumeration,
  refusedBeforeBodyByNobody,
  requestsByNobody,
  schemes,
  tokenInQuery,
  wrongTokens,
} from '../scenarios/authorisation.ts';
import { derived, pulseDocs, rfc } from '../sources.ts';
import type { Target } from '../target.ts';
import { standsAt } from './no-effect.ts';
import { expectRefusedBeforeBody } from './refused-before-body.ts';

/** Section 16, second part: what a protected server refuses. Nothing of it is asked without --token. */

const docs = pulseDocs('uploads/index', 'Authentication');
const opens = 'anyone who learns the address can use the storage';
const spoils = 'anyone who learns an upload URL can spoil the upload';

export const authorisationChecks: readonly Check[] = [
  check({
    id: 'sec.auth.post',
    level: safety,
    impact: 'security',
    spec: docs,
    says: 'Nobody creates uploads on a protected server without a credential.',
    passes: '401 or 403',
    fails: 'a success: the token that you gave is not asked for',
    matters: opens,
    reads: creationByNobody,
    judge({ posted }, target) {
      unlessOnlyAtFinalize(target);
      return expectStatus(posted, [401, 403]);
    },
  }),
  check({
    id: 'sec.auth.head',
    level: { tus: 'safety', pulse: 'MAY', 'pulse-v1': 'safety' },
    impact: 'security',
    spec: docs,
    says: 'Without a credential HEAD tells nothing.',
    passes: '401 or 403, or 404 to hide the upload, without Upload-Offset',
    fails: 'a success, or an Upload-Offset',
    matters: 'strangers see what is uploaded',
    needs: ['head'],
    reads: requestsByNobody,
    judge({ headed }, target) {
      unlessOnlyAtFinalize(target);
      const remark = expectStatus(headed, refusedOrHidden);
      return remark ?? expectNoHeader(headed, 'Upload-Offset');
    },
  }),
  check({
    id: 'sec.auth.patch',
    level: { tus: 'safety', pulse: 'MAY', 'pulse-v1': 'safety' },
    impact: 'security',
    spec: docs,
    says: 'Without a credential PATCH stores nothing.',
    passes: '401 or 403, or 404 to hide the upload, and the offset as before',
    fails: 'a success, or a moved offset',
    matters: spoils,
    reads: requestsByNobody,
    judge({ patched, afterPatch }, target) {
      unlessOnlyAtFinalize(target);
      const remark = expectStatus(patched, refusedOrHidden);
      const stands = standsAt(afterPatch);
      if (stands === 0) return remark;
      const evidence = [patched, ...afterPatch.exchanges.slice(-1)];
      throw new Violation({ actual: `the upload stands at ${stands}`, evidence });
    },
  }),
  check({
    id: 'sec.auth.delete',
    level: safety,
    impact: 'security',
    spec: docs,
    says: 'Without a credential DELETE removes nothing.',
    passes: '401 or 403, or 404 to hide the upload, and the upload is still there',
    fails: 'a success, or an upload that is gone',
    matters: 'anyone who learns an upload URL can delete the upload',
    needs: ['termination'],
    reads: requestsByNobody,
    judge({ deleted, afterDelete }, target) {
      unlessOnlyAtFinalize(target);
      const remark = expectStatus(deleted, refusedOrHidden);
      if (afterDelete !== undefined) standsAt(afterDelete);
      return remark;
    },
  }),
  check({
    id: 'sec.auth.wrong-token',
    level: safety,
    impact: 'security',
    spec: docs,
    says: 'A wrong credential is worth as little as none, with every method.',
    passes: '403 or 401 (404 for an upload of somebody else), and the upload as before',
    fails: 'a success, or a changed upload',
    matters: 'the token protects nothing',
    reads: wrongTokens,
    judge({ tried, after }, target) {
      unlessOnlyAtFinalize(target);
      for (const { what, exchange } of tried) {
        const status = exchange.answer?.status ?? 0;
        // Without a token behind it a credential is malformed (RFC 6750, 3.1).
        if (refusedOrHidden.includes(status) || (what === EMPTY_TOKEN && status === 400)) continue;
        const actual = `${exchange.sent.method} with ${what}: ${outcomeOf(exchange)}`;
        throw new Violation({ expected: '403 or 401', actual, evidence: [exchange] });
      }
      const stands = standsAt(after);
      if (stands === 0) return undefined;
      throw new Violation({ actual: `the upload stands at ${stands}`, evidence: after.exchanges.slice(-1) });
    },
  }),
  check({
    id: 'sec.auth.scheme',
    level: { tus: 'safety', 'pulse-v1': 'safety' },
    impact: 'interoperability',
    spec: rfc(9110, '11.1'),
    says: 'The name of the authentication scheme is read without regard to case, and another scheme is no credential.',
    passes: 'bearer and BEARER are taken; Basic, and the token alone, get 401 or 403',
    fails: 'the reverse of either',
    matters: 'correct clients are locked out, or a token is taken from where none belongs',
    reads: schemes,
    judge({ otherCase, otherScheme }) {
      const taken = otherCase.map((exchange) => expectStatus(exchange, ['2xx']));
      return remarks(
        ...taken,
        ...otherScheme.map((exchange) => expectStatus(exchange, [401, 403], { note: [400] })),
      );
    },
  }),
  check({
    id: 'sec.auth.no-query-token',
    level: safety,
    impact: 'security',
    spec: derived('addresses are logged, headers are not'),
    says: 'A token in the query does not authorise a creation.',
    passes: '401 or 403',
    fails: 'a success (a warning)',
    matters: 'tokens end up in the logs of every proxy on the way',
    reads: tokenInQuery,
    judge({ posted }, target) {
      unlessOnlyAtFinalize(target);
      return expectStatus(posted, [401, 403], { note: ['4xx'], warn: ['2xx'] });
    },
  }),
  check({
    id: 'sec.auth.before-body',
    level: should,
    impact: 'advice',
    spec: docs,
    says: 'A request without a credential is refused before its body is taken in.',
    passes: '401 or 403 within 5 s, although no body comes',
    fails: 'waiting for the body, or a success',
    matters: 'strangers make the server take in, and keep, whatever they send',
    reads: refusedBeforeBodyByNobody,
    judge(refused, target) {
      unlessOnlyAtFinalize(target);
      return expectRefusedBeforeBody(refused, refusedOrHidden);
    },
  }),
  check({
    id: 'sec.auth.no-enumeration',
    level: safety,
    impact: 'security',
    spec: derived('whether an upload exists is no business of others'),
    says: 'Without rights, an upload that exists and one that does not look alike.',
    passes: 'the same status and the same header names for both',
    fails: 'a difference (a warning)',
    matters: 'strangers find out which uploads there are',
    needs: ['head'],
    reads: enumeration,
    judge({ pairs }, target) {
      unlessOnlyAtFinalize(target);
      for (const { existing, missing } of pairs) {
        for (const exchange of [existing, missing]) expectAnswer(exchange);
        const [expected, actual] = [look(missing), look(existing)];
        if (expected === actual) continue;
        throw new Violation({ expected, actual, atMost: 'warn', evidence: [existing, missing] });
      }
      return undefined;
    },
  }),
  check({
    id: 'sec.auth.www-authenticate',
    level: { tus: 'MAY', pulse: 'MAY', 'pulse-v1': 'MAY' },
    impact: 'advice',
    spec: rfc(9110, '15.5.2'),
    says: 'A 401 says how to authenticate.',
    passes: 'WWW-Authenticate in the 401',
    fails: 'a 401 without it',
    matters: 'general HTTP clients do not know what is missing',
    reads: creationByNobody,
    judge({ posted }) {
      if (posted.answer?.status !== 401) throw new Skip(`POST without a credential: ${outcomeOf(posted)}`);
      if (headerOf(posted, 'WWW-Authenticate') !== undefined) return undefined;
      throw new Violation({ actual: 'no WWW-Authenticate', evidence: [posted] });
    },
  }),
];

/** 404 is how a server keeps to itself that there is something to refuse. */
const refusedOrHidden: readonly number[] = [401, 403, 404];

/** The documents of pulse ask for the token when the upload is finalized, and nowhere before. */
function unlessOnlyAtFinalize({ guarded }: Target): void {
  if (guarded === 'finalize') throw new Skip('the server asks for the token at finalize only, as it may');
}

function look(exchange: Exchange): string {
  const names = (exchange.answer?.headers ?? []).map(([name]) => name.toLowerCase()).sort();
  return `${outcomeOf(exchange)} with ${[...new Set(names)].join(', ')}`;
}
