import { parseSha256 } from '../../protocol/headers.ts';
import { isSuccess, jsonOf, offsetOf, outcomeOf } from '../answers.ts';
import { check, type Section, Violation } from '../check.ts';
import {
  expectContent,
  expectFinished,
  expectOffset,
  expectRefused,
  expectStatus,
  needed,
} from '../expect.ts';
import { expectAlive } from '../expect-alive.ts';
import { pulseMay, pulseMust, pulseSafety } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import {
  concurrentFinalize,
  earlyFinalize,
  finalizeDuringPatch,
  furtherFields,
  largeFinalize,
  lostFinalize,
  otherMethodsOnFinalize,
  overlongFinalize,
  prototypeKeys,
  repeatedFinalize,
  type SeenFinalize,
  unknownFinalize,
} from '../scenarios/pulse-finalize.ts';
import { emptyFile } from '../scenarios/whole-files.ts';
import { derived, pulseChunked, pulseDocs, tus } from '../sources.ts';
import { count } from '../stored-runs.ts';
import { explains } from './pulse-chunks.ts';
import { emptyContent } from './tiny-files.ts';

const finalize = pulseDocs('uploads/tus', 'Finalize');
const servers = pulseChunked('both sample servers');
const proof = derived('finalize is the proof that the server holds the video');
const otherVideo = 'the video on the server is not the one that was recorded';
const lostVideo = 'the app deletes a recording that the server does not hold';

/** What finalize says and does, beyond the ordinary flow (pulse-flow.ts). */
export const pulseFinalize: Section = {
  number: 19,
  title: 'Pulse classic: finalize',
  untestable: {},
  checks: [
    check({
      id: 'pulse.finalize.checksum-is-stored-bytes',
      level: pulseSafety,
      impact: 'data',
      spec: proof,
      says: 'Size and checksum are those of what is stored, not those that the client names.',
      passes: 'the true values, or a refusal, to a request that claims a false checksum and size',
      fails: 'the false values come back',
      matters: 'the server proves nothing: a damaged video passes for whole',
      reads: furtherFields,
      judge({ falseClaims }) {
        const remark = expectStatus(falseClaims.exchange, ['2xx'], { note: ['4xx'] });
        return remark ?? expectProof(falseClaims);
      },
    }),
    check({
      id: 'pulse.finalize.extra-fields',
      level: pulseMay,
      impact: 'interoperability',
      spec: finalize,
      says: 'Fields that the server does not know are passed over.',
      passes: 'a success to a request with userId, draftId and metadata',
      fails: 'a refusal: the app sends userId',
      matters: 'the app cannot finalize on this server',
      reads: furtherFields,
      judge: ({ ofTheApp }) => expectStatus(ofTheApp.exchange, ['2xx']),
    }),
    check({
      id: 'pulse.finalize.unknown-id',
      level: pulseMust,
      impact: 'interoperability',
      spec: servers,
      says: 'Finalizing an unknown upload is answered with 404.',
      passes: '404, 410 or 403, and 401 where a credential is asked for',
      fails: 'a success, a 5xx, or another refusal',
      matters: 'the app takes a lost upload for a finished one, or tries for ever',
      reads: unknownFinalize,
      judge: ({ unknown }, { guarded }) => expectStatus(unknown, [404, 410, 403, ...(guarded ? [401] : [])]),
    }),
    check({
      id: 'pulse.finalize.unknown-id-json',
      level: pulseMay,
      impact: 'advice',
      spec: servers,
      says: 'That refusal explains itself in JSON.',
      passes: 'a JSON object with a text in error',
      fails: 'another body',
      matters: 'the app has nothing to show',
      reads: unknownFinalize,
      judge: ({ unknown }) => explains(unknown),
    }),
    check({
      id: 'pulse.finalize.incomplete',
      level: pulseSafety,
      impact: 'data',
      spec: proof,
      says: 'An upload that lacks bytes cannot be finalized, and can still be finished.',
      passes: '4xx to an upload with 4 of its bytes, which afterwards is sent to its end and proven',
      fails: 'it is finalized short, or is lost',
      matters: lostVideo,
      reads: earlyFinalize,
      judge({ patched, ofSome, finish, content }) {
        needed(patched, 'the first chunk');
        expectRefused(ofSome);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'pulse.finalize.zero-received',
      level: pulseSafety,
      impact: 'data',
      spec: proof,
      says: 'An upload without any byte cannot be finalized, unless it is of an empty file.',
      passes: '4xx',
      fails: 'it is finalized, or a 5xx',
      matters: lostVideo,
      reads: earlyFinalize,
      judge: ({ ofNothing }) => expectRefused(ofNothing),
    }),
    check({
      id: 'pulse.finalize.overlong',
      level: pulseSafety,
      impact: 'data',
      spec: proof,
      says: 'An upload that holds more bytes than were declared cannot be finalized.',
      passes: '4xx, or no more than the declared size',
      fails: 'a larger size, or a 5xx',
      matters: `${otherVideo}, or the app does not learn why it cannot be finished`,
      reads: overlongFinalize,
      judge({ finalized, sizeBytes }) {
        expectStatus(finalized, ['2xx', '4xx']);
        const size = Number(jsonOf(finalized)?.size);
        if (!isSuccess(finalized) || !(size > sizeBytes)) return undefined;
        const actual = `size ${count(size)} of an upload of ${count(sizeBytes)}`;
        throw new Violation({ actual, evidence: [finalized] });
      },
    }),
    check({
      id: 'pulse.finalize.empty-file',
      level: pulseMust,
      impact: 'data',
      spec: tus('Creation, POST', 'post'),
      says: 'An upload of an empty file finalizes to the empty file.',
      passes: 'a success with size 0 and the SHA-256 of nothing',
      fails: 'a refusal, or other values',
      matters: 'an empty recording stays in the queue of the app for ever',
      reads: emptyFile,
      judge(seen, target) {
        const content = emptyContent(seen, target);
        expectStatus(content.exchange, ['2xx']);
        return expectContent(content);
      },
    }),
    check({
      id: 'pulse.finalize.twice',
      level: pulseSafety,
      impact: 'data',
      spec: proof,
      says: 'Finalizing again gives the same answer, or is refused.',
      passes: 'a success with the same videoId, size and checksum, or 404, 409 or 410',
      fails: 'other values, a renamed file, a 5xx, or another refusal',
      matters: 'a client that asks again spoils what it had, or is told something else',
      reads: repeatedFinalize,
      judge({ first, same, renamed }) {
        needed(first, 'finalize');
        for (const again of [same, renamed]) {
          expectStatus(again, ['2xx', 404, 409, 410]);
          expectSame(first, again);
        }
        return undefined;
      },
    }),
    check({
      id: 'pulse.finalize.concurrent',
      level: pulseSafety,
      impact: 'data',
      spec: proof,
      says: 'Of two finalizes at the same time only one acts.',
      passes: 'one success, and the same answer or a 4xx to the other; the server goes on',
      fails: 'two different answers, none, or a 5xx',
      matters: 'one recording becomes two videos, or none',
      reads: concurrentFinalize,
      judge({ rounds, alive }) {
        for (const { both, afterwards } of rounds) {
          for (const exchange of both) expectStatus(exchange, ['2xx', '4xx']);
          const [one, other] = both.filter(isSuccess);
          if (one === undefined)
            expectStatus(afterwards, ['2xx'], { expected: 'one of them, or a repeat, succeeds' });
          else expectSame(one, other);
        }
        return expectAlive(alive);
      },
    }),
    check({
      id: 'pulse.finalize.lost-response',
      level: pulseSafety,
      impact: 'resume',
      spec: proof,
      says: 'Where only the answer was lost, a repeat tells the client that its file is safe.',
      passes: '200 with the right checksum; 404, 409 or 410 is noted',
      fails: 'a 5xx, another refusal, or another checksum',
      matters: 'the client cannot tell success from loss, and uploads everything again',
      reads: lostFinalize,
      judge({ content, again }) {
        const gone = { note: [404, 409, 410] };
        const remark = expectStatus(content.exchange, ['2xx'], gone);
        if (remark === undefined) expectContent(content);
        const repeated = remark ?? expectStatus(again, ['2xx'], gone);
        return repeated === undefined ? undefined : `the repeat was ${repeated}`;
      },
    }),
    check({
      id: 'pulse.finalize.during-patch',
      level: pulseSafety,
      impact: 'data',
      spec: proof,
      says: 'Finalizing while a chunk is on its way does not give a torn file.',
      passes: '4xx, after which the file ends right; or 200 with the right size and checksum',
      fails: 'another size or checksum, a 5xx, or an upload that cannot be finished',
      matters: lostVideo,
      reads: finalizeDuringPatch,
      judge({ finalized, sizeBytes, sha256, finish, content }) {
        expectStatus(finalized, ['2xx', '4xx']);
        if (isSuccess(finalized)) return expectProof({ exchange: finalized, sizeBytes, sha256 });
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'pulse.finalize.then-head',
      level: pulseSafety,
      impact: 'resume',
      spec: proof,
      says: 'After finalize HEAD says that the upload is complete, or that it is gone.',
      passes: '404 or 410, or the offset at the end',
      fails: 'a smaller offset, none, or a 5xx',
      matters: 'a client that asks again sends the whole video again',
      needs: ['head'],
      reads: repeatedFinalize,
      judge({ first, asked, sizeBytes }) {
        needed(first, 'finalize');
        const remark = expectStatus(asked, [200, 204, 404, 410], { note: [403] });
        return isSuccess(asked) ? expectOffset(asked, sizeBytes) : remark;
      },
    }),
    check({
      id: 'pulse.finalize.then-patch',
      level: pulseSafety,
      impact: 'data',
      spec: proof,
      says: 'After finalize no more bytes are taken.',
      passes: '4xx to chunks behind the end and at the start, or an answer that the offset has not moved',
      fails: 'a chunk is taken, a 5xx, or another checksum afterwards',
      matters:
        'a finished video changes behind its checksum, or a late sender does not learn that it is finished',
      reads: repeatedFinalize,
      judge({ first, behind, over, last, sizeBytes }) {
        needed(first, 'finalize');
        for (const patched of [behind, over]) {
          expectStatus(patched, ['2xx', '4xx']);
          if (!isSuccess(patched) || offsetOf(patched) === sizeBytes) continue;
          const actual = `${outcomeOf(patched)} with Upload-Offset ${offsetOf(patched) ?? 'missing'}`;
          throw new Violation({ actual, evidence: [patched] });
        }
        if (isSuccess(last)) expectSame(first, last);
        return undefined;
      },
    }),
    check({
      id: 'pulse.finalize.proto-pollution',
      level: pulseSafety,
      impact: 'security',
      spec: derived('the body is the word of a stranger'),
      says: 'The keys of prototypes in the body change nothing.',
      passes: '200 or 4xx, and an ordinary finalize afterwards is right',
      fails: 'a 5xx, or odd answers afterwards',
      matters: 'one request changes the server for all users',
      reads: prototypeKeys,
      judge({ polluting, afterwards, alive }) {
        expectStatus(polluting, ['2xx', '4xx']);
        expectAlive(alive);
        expectStatus(afterwards.exchange, ['2xx']);
        if (jsonOf(afterwards.exchange)?.isAdmin !== undefined) {
          throw new Violation({
            actual: 'later answers have isAdmin',
            evidence: [polluting, afterwards.exchange],
          });
        }
        return expectProof(afterwards);
      },
    }),
    check({
      id: 'pulse.finalize.get',
      level: pulseSafety,
      impact: 'interoperability',
      spec: derived('the finalize path is no upload'),
      says: 'GET, HEAD and PATCH on the finalize path are refused.',
      passes: '404 or 405, or any other 4xx, or 501',
      fails: 'a success, or a 5xx',
      matters: 'a path of the server is taken for an upload called finalize',
      reads: otherMethodsOnFinalize,
      judge({ otherMethods }) {
        for (const exchange of otherMethods) expectStatus(exchange, ['4xx', 501]);
        return undefined;
      },
    }),
    check({
      id: 'pulse.finalize.large-file',
      level: pulseSafety,
      impact: 'data',
      spec: servers,
      says: 'Finalizing a large file neither times out nor exhausts the memory.',
      passes: 'the right size and checksum of 2 GiB and a byte within 120 s, while /health answers',
      fails: 'a 5xx, no answer in time, or a server that is gone',
      matters: 'long recordings can be sent, but never finished',
      reads: largeFinalize,
      judge({ finish, alive, ...seen }) {
        expectFinished(finish);
        expectStatus(seen.exchange, ['2xx']);
        expectAlive(alive);
        return expectProof(seen);
      },
    }),
  ],
};

/** The answer states the true size and digest, in whatever notation. */
function expectProof({ exchange, sizeBytes, sha256 }: SeenFinalize): undefined {
  const json = jsonOf(needed(exchange, 'finalize'));
  const size = Number(json?.size);
  const digest = parseSha256(json?.checksum);
  if (size === sizeBytes && digest === sha256) return;
  throw new Violation({
    expected: `size ${sizeBytes} and checksum sha256:${sha256}`,
    actual: `size ${JSON.stringify(json?.size) ?? 'missing'} and checksum ${JSON.stringify(json?.checksum) ?? 'missing'}`,
    evidence: [exchange],
  });
}

/** What a finalized upload is, and goes by. */
const identity = ['videoId', 'size', 'checksum', 'filename', 'name'] as const;

/** A second answer that says the same of the file as the first; a refusal says nothing else. */
function expectSame(first: Exchange, second: Exchange | undefined): undefined {
  if (second === undefined || !isSuccess(second)) return;
  const [before, after] = [jsonOf(first), jsonOf(second)];
  for (const field of identity) {
    const [was, is] = [before?.[field], after?.[field]].map((value) => JSON.stringify(value) ?? 'missing');
    if (was === is) continue;
    throw new Violation({
      expected: `${field} is ${was}, as before`,
      actual: `${field} is ${is}`,
      evidence: [first, second],
    });
  }
}
