import { isSuccess, outcomeOf } from '../answers.ts';
import { type Check, check, Violation } from '../check.ts';
import { expectStatus, remarks } from '../expect.ts';
import { v1Safety } from '../levels.ts';
import { aliasesBesideIds, type Claim, idsTwice } from '../scenarios/v1-claimed-ids.ts';
import { derived } from '../sources.ts';

/** Section 23, third part: creations that name two artifacts. */

const spec = derived('the id that is authorised must be the one that is created');
const matters = 'whoever may upload one video takes the ids of the videos of others';
const fails = 'the id of the other is taken, or a 5xx';

export const v1ClaimedIdChecks: readonly Check[] = [
  check({
    id: 'v1.meta.alias-precedence',
    level: v1Safety,
    impact: 'security',
    spec,
    says: 'Of artifactId and an alias that differ, the one that is authorised is the one that is created.',
    passes: 'a refusal, or an upload of the artifact that the token is good for; the other id is still free',
    fails,
    matters,
    reads: aliasesBesideIds,
    judge: ({ tried }) => remarks(...tried.map((claim) => expectLeftAlone(claim, 'pass'))),
  }),
  check({
    id: 'v1.meta.duplicate-id',
    level: v1Safety,
    impact: 'security',
    spec,
    says: 'artifactId given twice does not part what is authorised from what is created.',
    passes:
      '400 or 403; an upload of the artifact that the token is good for is noted; the other id is still free',
    fails,
    matters,
    reads: idsTwice,
    judge: ({ tried }) => remarks(...tried.map((claim) => expectLeftAlone(claim, 'note'))),
  }),
];

/** The id of the other is free, whatever became of the creation; `own` is what a creation of the own artifact is. */
function expectLeftAlone({ what, posted, owned }: Claim, own: 'pass' | 'note'): string | undefined {
  const expected = `a refusal of ${what}, or THEIRS left free`;
  const pass = own === 'pass' ? (['2xx', 400, 401, 403] as const) : ([400, 401, 403] as const);
  // 409: the artifact of the token is there already, and nothing else was looked at.
  const remark = expectStatus(posted, pass, { expected, note: ['2xx', '4xx'] });
  if (isSuccess(owned)) return remark && `${what}: ${remark}`;
  const actual = `${what} was answered ${outcomeOf(posted)}, and its owner then ${outcomeOf(owned)}`;
  throw new Violation({ expected, actual, evidence: [posted, owned] });
}
