import { headerOf, isSuccess, outcomeOf } from '../answers.ts';
import { check, type Section, Violation } from '../check.ts';
import { expectAnswer, expectFinished, expectOffset, expectStatus, needed } from '../expect.ts';
import { may, must, safety } from '../levels.ts';
import { SMALL_FILE_BYTES } from '../payload.ts';
import type { Exchange } from '../recording.ts';
import {
  getOnUpload,
  headOverHttp10,
  idleConnection,
  invitedBody,
  largeRefused,
  oneConnection,
  otherHeaderSpellings,
  refusedBeforeBody,
} from '../scenarios/http-robustness.ts';
import { formBytes } from '../scenarios/pulse-multipart.ts';
import { lastChunkSmaller } from '../scenarios/whole-files.ts';
import { derived, pulseChunked, rfc, tus } from '../sources.ts';
import { skipHttp10 } from './http-1-0.ts';
import { malformedRequestChecks } from './malformed-requests.ts';
import { isMovedAway } from './moved-away.ts';
import { expectUnmoved } from './no-effect.ts';
import { expectRefusedBeforeBody } from './refused-before-body.ts';
import { expectRefusedOrClosed, expectStillThere } from './refused-or-closed.ts';

const chunkDetails = pulseChunked('Chunk Details');

export const httpRobustness: Section = {
  number: 15,
  title: 'Safety: HTTP robustness',
  relevelled: {
    'http.body-limit.1mib':
      'clients of plain tus choose smaller chunks; the app sends 1 MiB and nothing else',
    'http.body-limit.multipart': 'forms are part of the Pulse facade only',
  },
  untestable: {
    'http.http2':
      'the tester writes HTTP/1.1 byte by byte; front ends that speak HTTP/2 hand the same requests to the server as HTTP/1.1',
  },
  checks: [
    check({
      id: 'http.expect-100.accept',
      level: safety,
      impact: 'interoperability',
      spec: rfc(9110, '10.1.1'),
      says: 'A client that waits to be asked for the body of a PATCH (Expect: 100-continue) is asked.',
      passes: '100 Continue within 3 s, then 204 for the body',
      fails: 'silence, 417, or a final answer that is no success',
      matters: 'such clients, curl among them, wait at every chunk or give up',
      reads: invitedBody,
      judge({ created, early, waitedMs, exchange }) {
        if (early.sizeBytes === 0) {
          if (isSuccess(exchange)) skipHttp10(created);
          const actual = `nothing came within ${waitedMs} ms`;
          throw new Violation({ expected: '100 Continue', actual, evidence: [exchange] });
        }
        return expectStatus(exchange, ['2xx'], { expected: '100 Continue, then 204' });
      },
    }),
    check({
      id: 'http.expect-100.reject',
      level: safety,
      impact: 'interoperability',
      spec: rfc(9110, '10.1.1'),
      says: 'A PATCH that must be refused is refused although its body does not come.',
      passes: '409, or another 4xx, within 5 s, with or without 100 Continue before it',
      fails: 'a success, or silence; 100 Continue, and the refusal only behind the body, is a warning',
      matters: 'the client sends the whole chunk for nothing, or both sides wait for each other',
      reads: refusedBeforeBody,
      judge({ created, ...refused }) {
        if (refused.early.sizeBytes === 0 && !isSuccess(refused.exchange)) skipHttp10(created);
        return expectRefusedBeforeBody(refused, ['4xx']);
      },
    }),
    check({
      id: 'http.early-reject.large-body',
      level: safety,
      impact: 'data',
      spec: derived('refusals must reach the client'),
      says: 'A chunk that is refused while it is still being sent is refused for good: nothing of it is stored.',
      passes: '409, another 4xx, or a closed connection, and the offset as before',
      fails: 'stored bytes, or no end',
      matters: 'bytes from another place of the file get into the video, or the client hangs',
      reads: largeRefused,
      judge(trial) {
        expectStillThere(trial.after);
        expectRefusedOrClosed(trial.exchange);
        expectUnmoved(trial);
      },
    }),
    check({
      id: 'http.body-limit.1mib',
      level: { pulse: 'MUST', tus: 'SHOULD', 'pulse-v1': 'MUST' },
      impact: 'interoperability',
      spec: chunkDetails,
      says: 'A body of 1,048,576 bytes, the size of a chunk, is accepted.',
      passes: 'a success that acknowledges bytes',
      fails: '413, or any other refusal',
      matters: 'not one chunk of the Pulse Cam app gets through; look for body limits of proxy and framework',
      reads: lastChunkSmaller,
      judge: ({ patches }) => accepted(patches[0]),
    }),
    check({
      id: 'http.body-limit.multipart',
      level: { pulse: 'MUST' },
      impact: 'interoperability',
      spec: pulseChunked('Option A'),
      says: 'A form with a chunk of 1,048,576 bytes, a little longer than the chunk, is accepted.',
      passes: 'a success that acknowledges bytes',
      fails: '413, or any other refusal (a limit of exactly 1 MiB, the default of nginx, is too small)',
      matters: 'not one chunk of a client that sends forms gets through',
      reads: formBytes,
      judge: ({ mebibyte }) => accepted(mebibyte.patched),
    }),
    check({
      id: 'http.http10',
      level: may,
      impact: 'advice',
      spec: tus('Abstract', 'abstract'),
      says: 'Requests by HTTP/1.0 may be served, and end with the connection.',
      passes: '200 or 204, then the connection is closed; 426 and 505 are noted',
      fails: 'a 5xx, no answer, or a connection that stays open',
      matters: 'old proxies cannot reach the server',
      reads: headOverHttp10,
      judge({ exchange, peer }) {
        const remark = expectStatus(exchange, ['2xx'], { note: [426, 505] });
        const keeps = /keep-alive/i.test(headerOf(exchange, 'Connection') ?? '');
        if (peer !== 'open' || keeps) return remark;
        throw new Violation({
          expected: 'the connection is closed behind the answer',
          actual: 'the connection is still open after 1 s',
          evidence: [exchange],
        });
      },
    }),
    check({
      id: 'http.header-case',
      level: must,
      impact: 'interoperability',
      spec: rfc(9110, '5.1'),
      says: 'Header names are read without regard to case.',
      passes: 'POST with Upload-LENGTH and PATCH with upload-offset succeed',
      fails: 'a refusal',
      matters: 'HTTP/2 front ends and many clients write header names in lower case',
      reads: otherHeaderSpellings,
      judge({ posted, letters }) {
        expectStatus(posted, ['2xx']);
        return expectOffset(letters, 4);
      },
    }),
    check({
      id: 'http.header-whitespace',
      level: must,
      impact: 'interoperability',
      spec: rfc(9110, '5.5'),
      says: 'Blanks around a header value do not belong to it.',
      passes: 'a PATCH with "Upload-Offset:   0  " succeeds',
      fails: 'a refusal',
      matters: 'requests that a proxy has rewritten are refused',
      reads: otherHeaderSpellings,
      judge: ({ blanks }) => expectOffset(blanks, 4),
    }),
    check({
      id: 'http.get-on-upload',
      level: may,
      impact: 'advice',
      spec: derived('GET on an upload URL is not specified'),
      says: 'GET on an upload URL may serve the content, or not exist.',
      passes: 'a success or any 4xx, and a server that is still there when the download is broken off',
      fails: 'a 5xx, or no answer',
      matters: 'anyone who follows the link can disturb the server',
      reads: getOnUpload,
      judge({ unfinished, finished, alive }) {
        for (const exchange of [unfinished, finished]) expectStatus(exchange, ['2xx', '3xx', '4xx', 501]);
        expectAnswer(alive, { expected: 'the server still answers' });
        return undefined;
      },
    }),
    check({
      id: 'http.keepalive',
      level: safety,
      impact: 'interoperability',
      spec: rfc(9112, '9.3'),
      says: 'A whole upload works over one connection, as long as the server keeps it open.',
      passes: 'every chunk is acknowledged, and HEAD states the end',
      fails: 'an answer that does not come, or belongs to another request',
      matters: 'clients that reuse connections read the wrong answers',
      reads: oneConnection,
      judge({ patches, head }, target) {
        for (const [index, end] of [4, 7, SMALL_FILE_BYTES].entries()) expectOffset(patches[index], end);
        if (head !== undefined && !isMovedAway(head, target)) expectOffset(head, SMALL_FILE_BYTES);
        return undefined;
      },
    }),
    check({
      id: 'http.idle-connection',
      level: may,
      impact: 'resume',
      spec: rfc(9112, '9.5'),
      says: 'A connection that was idle for 10 s still works, or was closed in order.',
      passes: 'the next chunk is acknowledged over the same connection or over a new one',
      fails: 'the upload cannot be continued',
      matters: 'a recording that pauses between chunks cannot be finished',
      reads: idleConnection,
      judge({ first, kept, finish }) {
        needed(first, 'the first chunk');
        expectFinished(finish);
        return kept?.broken && `the idle connection took a request and then: ${outcomeOf(kept)}`;
      },
    }),
    ...malformedRequestChecks,
  ],
};

/** How much of it is acknowledged is up to the server. */
function accepted(exchange: Exchange | undefined): string | undefined {
  const remark = expectStatus(exchange, ['2xx']);
  const range = { from: 1, to: Number.MAX_SAFE_INTEGER };
  expectOffset(exchange, range, { expected: 'an Upload-Offset above 0' });
  return remark;
}
