import { isSuccess, offsetOf, outcomeOf } from '../answers.ts';
import { check, type Section, Violation } from '../check.ts';
import { expectOffset, expectStatus, needed, remarks } from '../expect.ts';
import { v1Must, v1Safety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import { VICTIM_OFFSET } from '../scenarios/v1-authorisation.ts';
import { crossedIds, oddShapes, pathsInIds, type Shape } from '../scenarios/v1-routing.ts';
import { derived, pulseV1 } from '../sources.ts';
import { v1AuthorisationChecks } from './v1-authorisation.ts';
import { v1ErrorChecks } from './v1-errors.ts';

/** Section 24: that what is authorised is what is acted on, who may do what, and what refusals say. */

const routing = pulseV1('4.4 Consistent request routing');
const stolen = 'whoever may upload one video overwrites, or learns of, the videos of others';

export const v1Routing: Section = {
  number: 24,
  title: 'Pulse v1: routing consistency and authorisation',
  untestable: {
    'v1.auth.related-squat':
      'it is what the protocol allows: with --artifact every creation of the run is such a request, so no answer could violate it',
    'v1.error.head': 'judged by core.head.no-body-on-error, under pulse-v1 as under tus',
  },
  checks: [
    check({
      id: 'v1.route.same-id',
      level: v1Must,
      impact: 'security',
      spec: routing,
      says: 'Of two ids in a path, the one that is authorised is the one that is acted on.',
      passes:
        'a refusal, or an answer about the upload that the token is good for; the other one is as before',
      fails: 'the offset of the other upload, or a byte in it',
      matters: stolen,
      reads: crossedIds,
      judge: onlyOwnIsReached,
    }),
    check({
      id: 'v1.route.variants',
      level: v1Must,
      impact: 'security',
      spec: routing,
      says: 'No shape of a URL leads past the authorisation.',
      passes:
        'a refusal, or an answer about the upload that the token is good for; the other one is as before',
      fails: 'the offset of the other upload, or a byte in it',
      matters: stolen,
      reads: oddShapes,
      judge: onlyOwnIsReached,
    }),
    check({
      id: 'v1.route.path-alias',
      level: v1Safety,
      impact: 'security',
      spec: derived('the id that is authorised must be the one that is acted on'),
      says: 'Dot segments inside an id are not followed.',
      passes: '400, 403, 404 or another 4xx to HEAD',
      fails: 'a success: path components in the id are followed',
      matters:
        'whoever can write a path reaches files that are no uploads of his, and may read or remove them',
      reads: pathsInIds,
      judge({ own, asked }) {
        needed(own, 'HEAD');
        return remarks(
          ...asked.map(({ what, exchange }) =>
            expectStatus(exchange, ['4xx'], { expected: `a refusal of ${what} in base64url`, note: ['3xx'] }),
          ),
        );
      },
    }),
    ...v1AuthorisationChecks,
    ...v1ErrorChecks,
  ],
};

interface Tried {
  readonly tried: readonly Shape[];
  readonly before: Exchange;
  readonly after: Exchange;
}

/** None of the paths led to the upload of the other token. */
function onlyOwnIsReached({ tried, before, after }: Tried): undefined {
  needed(before, 'HEAD of the other upload by its owner');
  expectOffset(before, VICTIM_OFFSET);
  const told = tried.find(({ headed }) => isSuccess(headed) && offsetOf(headed) === VICTIM_OFFSET);
  if (told !== undefined) {
    const actual = `HEAD ${told.what}: the offset of the other upload`;
    throw new Violation({ actual, evidence: [told.headed] });
  }
  if (isSuccess(after) && offsetOf(after) === VICTIM_OFFSET) return undefined;
  const taken = tried.find(({ patched }) => isSuccess(patched));
  const stands = `${outcomeOf(after)} with Upload-Offset ${offsetOf(after) ?? 'missing'}`;
  const actual = `the other upload afterwards: ${stands}${taken ? `; PATCH ${taken.what} was taken` : ''}`;
  throw new Violation({ actual, evidence: [taken?.patched, after] });
}
