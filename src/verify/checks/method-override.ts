import { isSuccess, outcomeOf } from '../answers.ts';
import { check, type Section, Skip, Violation } from '../check.ts';
import { expectAnswer, expectNoHeader, expectOffset, expectStatus } from '../expect.ts';
import { tusMust, tusSafety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import {
  postAsDelete,
  postAsHead,
  postAsNonsense,
  postAsPatch,
  postAsPatchByNobody,
} from '../scenarios/method-override.ts';
import { derived, tus } from '../sources.ts';
import { expectUnmoved, standsAt } from './no-effect.ts';

const override = tus('X-HTTP-Method-Override', 'x-http-method-override');
const behindProxies = 'clients behind a proxy that lets only GET and POST through cannot upload';

export const methodOverride: Section = {
  number: 5,
  title: 'Core: X-HTTP-Method-Override',
  untestable: {},
  checks: [
    check({
      id: 'core.method-override.patch',
      level: tusMust,
      impact: 'interoperability',
      spec: override,
      says: 'POST with X-HTTP-Method-Override: PATCH is handled as PATCH.',
      passes: 'a success, and the offset moves as the answer says',
      fails:
        'a new upload, a 5xx, or no answer; a 4xx that changes nothing is a warning, since many servers have no override',
      matters: behindProxies,
      reads: postAsPatch,
      judge({ patched }) {
        const { exchange, after } = patched;
        if (!isSuccess(exchange)) expectUnmoved(patched);
        refusedAsUnknown(exchange);
        expectNoHeader(exchange, 'Location');
        expectStatus(exchange, ['2xx']);
        expectOffset(exchange, { from: 1, to: 5 });
        return expectOffset(exchange, standsAt(after));
      },
    }),
    check({
      id: 'core.method-override.delete',
      level: tusMust,
      impact: 'interoperability',
      spec: override,
      says: 'POST with X-HTTP-Method-Override: DELETE is handled as DELETE.',
      passes: 'a success, and the upload is gone',
      fails: 'the upload is still there, a new one, a 5xx, or no answer; a 4xx is a warning',
      matters: 'clients behind a proxy that lets only GET and POST through cannot remove uploads',
      reads: postAsDelete,
      judge({ deleted, after }) {
        refusedAsUnknown(deleted);
        expectNoHeader(deleted, 'Location');
        expectStatus(deleted, ['2xx']);
        return expectStatus(after, [404, 410], { note: [403] });
      },
    }),
    check({
      id: 'core.method-override.head',
      level: tusMust,
      impact: 'interoperability',
      spec: override,
      says: 'POST with X-HTTP-Method-Override: HEAD is handled as HEAD.',
      passes: '200 or 204 with the offset; a 4xx is noted',
      fails: 'a success without the offset, a new upload, a 5xx, or no answer',
      matters: behindProxies,
      reads: postAsHead,
      judge({ headed }) {
        const said = expectStatus(headed, ['2xx'], { note: ['4xx'] });
        if (said !== undefined) return said;
        expectNoHeader(headed, 'Location');
        return expectOffset(headed, 0);
      },
    }),
    check({
      id: 'core.method-override.unknown',
      level: tusSafety,
      impact: 'security',
      spec: derived('a method that nobody knows is refused (RFC 9110, 9.1)'),
      says: 'An override that names no method is refused cleanly.',
      passes: 'any 4xx, or 501',
      fails: 'a success, another 5xx, or a server that is gone',
      matters: 'one malformed request creates an upload, or takes the server down',
      reads: postAsNonsense,
      judge({ posted, alive }) {
        expectStatus(posted, ['4xx', 501]);
        expectAnswer(alive, { expected: 'the server still answers' });
        return undefined;
      },
    }),
    check({
      id: 'core.method-override.no-auth-bypass',
      level: tusSafety,
      impact: 'security',
      spec: derived('the method that counts decides who may use it'),
      says: 'The override does not get round the question for a credential.',
      passes: 'the chunk is refused as a PATCH without a credential is, and the offset stays',
      fails: 'it is taken',
      matters: 'anybody can write to the uploads of others',
      reads: postAsPatchByNobody,
      judge({ refused, bypass }) {
        expectAnswer(refused);
        if (isSuccess(refused)) throw new Skip('PATCH is taken without a credential too');
        expectStatus(bypass.exchange, ['4xx']);
        return expectUnmoved(bypass);
      },
    }),
  ],
};

/** A server without override refuses what it takes for a POST: known from many good servers, and harmless. */
function refusedAsUnknown(exchange: Exchange): void {
  const status = expectAnswer(exchange).status;
  if (status < 400 || status >= 500) return;
  throw new Violation({ actual: outcomeOf(exchange), atMost: 'warn', evidence: [exchange] });
}
