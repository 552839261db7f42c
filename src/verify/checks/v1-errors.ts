import { headerOf, jsonOf, outcomeOf } from '../answers.ts';
import { Blocked, type Check, check, Violation } from '../check.ts';
import { v1Must } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import { refusedByTus, refusedRequests } from '../scenarios/v1-errors.ts';
import { pulseV1 } from '../sources.ts';

/** Section 24, third part: what stands in refusals. */

const rejections = pulseV1('5.3 Rejection responses');
const SHAPE = '{ "ok": false, "error": <text> }';

export const v1ErrorChecks: readonly Check[] = [
  check({
    id: 'v1.error.json',
    level: v1Must,
    impact: 'interoperability',
    spec: rejections,
    says: 'A refusal says in JSON what is wrong.',
    passes: `${SHAPE} in every 401 and 403, and in what is answered 400 or 404 about artifacts; further fields are fine`,
    fails: 'text, HTML, or other fields',
    matters: 'the app shows a bare number instead of the reason',
    reads: refusedRequests,
    judge: ({ refused }) => expectShape(refused),
  }),
  check({
    id: 'v1.error.json.tus-layer',
    level: v1Must,
    impact: 'advice',
    spec: rejections,
    says: 'What tus refuses says so in the same JSON.',
    passes: `${SHAPE} in every refusal of a creation or a chunk`,
    fails:
      'text or HTML (noted: the text may mean rejections of credentials only, and the reference answers text)',
    matters: 'the app shows a bare number instead of the reason',
    reads: refusedByTus,
    judge: ({ refused }) => expectShape(refused, { atMost: 'note' }),
  }),
];

/** Whatever was refused says so in JSON. What was not refused, or failed, is judged elsewhere. */
function expectShape(asked: readonly Exchange[], extra: { readonly atMost?: 'note' } = {}): undefined {
  const refused = asked.filter(({ answer: { status } = { status: 0 } }) => status >= 400 && status < 500);
  if (refused.length === 0) throw new Blocked('nothing was refused');
  for (const exchange of refused) {
    const { ok, error } = jsonOf(exchange) ?? {};
    if (ok === false && typeof error === 'string') continue;
    const type = headerOf(exchange, 'Content-Type') ?? 'no Content-Type';
    const body = exchange.answer?.body.text?.slice(0, 60) ?? '';
    const actual = `${exchange.sent.method}: ${outcomeOf(exchange)} with ${type}: ${body === '' ? 'nothing' : body}`;
    throw new Violation({ expected: SHAPE, actual, evidence: [exchange], ...extra });
  }
  return undefined;
}
