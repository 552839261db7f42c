import { headerOf, isSuccess, outcomeOf } from '../answers.ts';
import { Blocked, type Check, check, type Section, Skip, Violation } from '../check.ts';
import { expectAnswer, expectHeader, expectStatus, needed } from '../expect.ts';
import { must, safety, should } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import { type SeenInRun, wholeRun } from '../scenario.ts';
import { deadlines, expired, timeLeftMs } from '../scenarios/expiration.ts';
import { creationAnswers } from '../scenarios/exposure.ts';
import { derived, rfc, tus } from '../sources.ts';
import { skipUnlessListing } from './unlisted.ts';

/** Section 10: uploads that are removed when nobody finishes them in time. */

const extension = tus('Expiration', 'expiration');
const header = tus('Expiration, Upload-Expires', 'upload-expires');
const surprised = 'the upload is gone before the client knew that it had to hurry';

const announcing: readonly Check[] = [
  check({
    id: 'expiration.advertised',
    level: must,
    impact: 'resume',
    spec: extension,
    says: 'A server that states deadlines lists expiration.',
    passes: 'no Upload-Expires anywhere, or expiration is listed',
    fails: 'Upload-Expires, and expiration is not listed',
    matters: surprised,
    reads: wholeRun(creationAnswers),
    judge(seen, target) {
      const answered = seen.exchanges.filter(({ answer }) => answer !== undefined);
      if (answered.length === 0) throw new Blocked('nothing was answered');
      const [stated] = stating(seen);
      if (stated === undefined || target.extensions.includes('expiration')) return;
      skipUnlessListing(target);
      const actual = `Upload-Expires: ${headerOf(stated, 'Upload-Expires')}, and expiration is not listed`;
      throw new Violation({ actual, evidence: [stated] });
    },
  }),
  check({
    id: 'expiration.patch.header',
    level: must,
    impact: 'resume',
    spec: header,
    says: 'Every chunk of an upload that will expire is answered with its deadline.',
    passes: 'Upload-Expires on each answer but the last; none anywhere is noted',
    fails: 'the creation states a deadline, and a chunk behind it does not',
    matters: surprised,
    reads: deadlines,
    judge({ created, patched }) {
      const chunks = patched.slice(0, -1).map((chunk) => needed(chunk, 'a chunk'));
      const silent = chunks.find((chunk) => headerOf(chunk, 'Upload-Expires') === undefined);
      if (silent === undefined) return;
      const stated = [created, ...chunks].find(
        (exchange) => headerOf(exchange, 'Upload-Expires') !== undefined,
      );
      if (stated === undefined) return 'no deadline is stated: nothing seems to expire';
      const actual = `${outcomeOf(silent)} without Upload-Expires`;
      throw new Violation({ actual, evidence: [stated, silent] });
    },
  }),
  check({
    id: 'expiration.post.header',
    level: must,
    impact: 'resume',
    spec: header,
    says: 'A deadline that is known at the creation is stated there.',
    passes: 'Upload-Expires on the 201, or deadlines that move with each chunk',
    fails: 'chunks are answered with one fixed deadline, and the creation with none',
    matters: surprised,
    reads: deadlines,
    judge({ created, patched }) {
      const chunks = patched.slice(0, -1).map((chunk) => needed(chunk, 'a chunk'));
      const deadlinesOfChunks = chunks.map((chunk) => headerOf(chunk, 'Upload-Expires'));
      if (headerOf(created, 'Upload-Expires') !== undefined) return;
      const [first, ...others] = deadlinesOfChunks;
      if (first === undefined) return 'no deadline is stated: nothing seems to expire';
      if (others.some((other) => other !== first))
        return 'the deadline is stated with the first chunk only, and moves';
      const actual = `no Upload-Expires, and ${first} with each chunk`;
      throw new Violation({ actual, evidence: [created, ...chunks] });
    },
  }),
];

const values: readonly Check[] = [
  check({
    id: 'expiration.format',
    level: must,
    impact: 'interoperability',
    spec: rfc(9110, '5.6.7'),
    says: 'A deadline is an HTTP date, such as Sun, 06 Nov 1994 08:49:37 GMT.',
    passes: 'each Upload-Expires is such a date, with the right day of the week',
    fails: 'ISO 8601, seconds, another zone, or a wrong day of the week',
    matters: 'clients cannot read it, and go on with an upload that is gone',
    reads: wholeRun(creationAnswers, deadlines),
    judge(seen) {
      const wrong = someStating(seen).find(
        (exchange) => !isHttpDate(headerOf(exchange, 'Upload-Expires') ?? ''),
      );
      return wrong && expectHeader(wrong, 'Upload-Expires', /^never$/, { expected: 'an HTTP date' });
    },
  }),
  check({
    id: 'expiration.future',
    level: safety,
    impact: 'resume',
    spec: derived('an upload that is there has not expired'),
    says: 'The deadline of an upload that was just written to lies ahead.',
    passes: 'Upload-Expires is later than Date',
    fails: 'it is the same second, or earlier',
    matters: 'clients give up an upload that works',
    reads: deadlines,
    judge({ created, patched }) {
      const left = [created, ...patched].map((exchange) => ({ exchange, leftMs: timeLeftMs(exchange) }));
      if (left.every(({ leftMs }) => leftMs === undefined))
        throw new Skip('no deadline, or no Date, is stated');
      const over = left.find(({ leftMs }) => leftMs !== undefined && leftMs <= 0)?.exchange;
      if (over === undefined) return;
      const actual = `Upload-Expires: ${headerOf(over, 'Upload-Expires')}, and Date: ${headerOf(over, 'Date')}`;
      throw new Violation({ actual, evidence: [over] });
    },
  }),
];

const afterwards: readonly Check[] = [
  check({
    id: 'expiration.gone',
    level: should,
    impact: 'resume',
    spec: header,
    says: 'Behind its deadline an upload is answered with 404 or 410.',
    passes: '404 or 410 to HEAD and to a chunk; that it is still there is noted',
    fails: 'another refusal, a 5xx, or no answer',
    matters: 'the client tries again for ever instead of beginning anew',
    reads: expired,
    judge({ head, late: { exchange } }) {
      const remark = expectStatus(head, [404, 410], { note: ['2xx'] });
      return expectStatus(exchange, [404, 410], { note: ['2xx'] }) ?? remark;
    },
  }),
  check({
    id: 'expiration.gone.410',
    level: should,
    impact: 'advice',
    spec: header,
    says: 'A server that remembers what has expired says 410.',
    passes: '410; 404, and that it is still there, are noted',
    fails: 'another refusal, a 5xx, or no answer',
    matters: 'the client cannot tell an expired upload from a wrong URL',
    reads: expired,
    judge: ({ head }) => expectStatus(head, [410], { note: [404, '2xx'] }),
  }),
  check({
    id: 'expiration.gone-not-appended',
    level: safety,
    impact: 'data',
    spec: derived('what is acknowledged is kept'),
    says: 'A chunk behind the deadline is either refused and not stored, or acknowledged and kept.',
    passes: 'a refusal and no offset that moves, or a success and the new offset',
    fails: 'a success and the upload is gone, or a refusal and the offset moves',
    matters: 'acknowledged bytes are lost, and the client believes that they are there',
    reads: expired,
    judge({ late: { beforeBytes, exchange, after }, after: head }) {
      expectAnswer(exchange);
      expectAnswer(head);
      const bytes = after.bytes ?? 0;
      const isKept = bytes > beforeBytes;
      if (isKept === isSuccess(exchange)) return isKept ? 'it is still there' : undefined;
      const actual = `${outcomeOf(exchange)}, and ${head && isSuccess(head) ? `the offset is ${bytes}` : `HEAD afterwards: ${head && outcomeOf(head)}`}`;
      throw new Violation({ actual, evidence: [exchange, head] });
    },
  }),
];

export const expirationChecks: Section = {
  number: 10,
  title: 'Extension: Expiration',
  untestable: {
    'expiration.patch.final':
      'the answer to the last chunk may carry a deadline or none: no answer could violate it',
    'expiration.may-change':
      'a deadline may stay or move: no value could violate it, and what a value must be is expiration.format',
  },
  checks: [...announcing, ...values, ...afterwards],
};

function stating({ exchanges }: SeenInRun): readonly Exchange[] {
  return exchanges.filter((exchange) => headerOf(exchange, 'Upload-Expires') !== undefined);
}

/** Every answer with a deadline; throws Skip where there is none. */
function someStating(seen: SeenInRun): readonly Exchange[] {
  const found = stating(seen);
  if (found.length === 0) throw new Skip('no deadline (Upload-Expires) was stated');
  return found;
}

const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** IMF-fixdate (RFC 9110, 5.6.7). Node reads a date with a wrong day of the week, too, but writes the right one. */
function isHttpDate(text: string): boolean {
  return HTTP_DATE.test(text) && new Date(text).toUTCString() === text;
}
