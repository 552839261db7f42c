import { jsonOf, offsetOf } from '../answers.ts';
import { check, type Section, Skip, Violation } from '../check.ts';
import {
  expectAnswer,
  expectContent,
  expectFinished,
  expectHeader,
  expectOffset,
  expectRefused,
  expectStatus,
  needed,
} from '../expect.ts';
import { pulseMay, pulseMust } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import { refusals, unknownPatch } from '../scenarios/basic-flow.ts';
import {
  appsUpload,
  headOfChunk,
  plainOctetStream,
  rawFormText,
  thirdAttempt,
} from '../scenarios/pulse-classic.ts';
import { pulseFlow } from '../scenarios/pulse-flow.ts';
import { secondChunkFirst } from '../scenarios/repeats.ts';
import { pulseChunked, pulseDocs } from '../sources.ts';
import type { Target } from '../target.ts';

const servers = pulseChunked('both sample servers');
const chunkDetails = pulseChunked('Chunk Details');
const resumeSupport = pulseDocs('uploads/tus', 'Resume support');
const cannotUpload = 'the app cannot upload to this server';
const otherVideo = 'the video on the server is not the one that was recorded';

export const pulseChunks: Section = {
  number: 17,
  title: 'Pulse classic: health, create, head, patch',
  untestable: {},
  checks: [
    check({
      id: 'pulse.head.200',
      level: pulseMust,
      impact: 'resume',
      spec: resumeSupport,
      says: 'HEAD on an upload answers with its offset.',
      passes: '200 or 204 with the Upload-Offset that the PATCH before it acknowledged',
      fails: '404 or 405 (the server has no HEAD), or another offset',
      matters: 'an interrupted upload cannot be resumed: it starts again, or its bytes are doubled',
      reads: headOfChunk,
      judge({ patched, asked }) {
        const offset = offsetOf(needed(patched, 'a chunk'));
        expectStatus(asked, [200, 204]);
        return offset === undefined ? undefined : expectOffset(asked, offset);
      },
    }),
    check({
      id: 'pulse.head.length',
      level: pulseMust,
      impact: 'resume',
      spec: resumeSupport,
      says: 'HEAD also states the size of the upload and the tus version.',
      passes: 'Upload-Length as declared, and Tus-Resumable: 1.0.0',
      fails: 'either is missing or different',
      matters: 'a client cannot tell whether what the server holds is this file',
      needs: ['head'],
      reads: headOfChunk,
      judge({ asked, sizeBytes }) {
        expectHeader(needed(asked, 'HEAD'), 'Upload-Length', String(sizeBytes));
        return expectHeader(asked, 'Tus-Resumable', '1.0.0');
      },
    }),
    check({
      id: 'pulse.head.unknown',
      level: pulseMust,
      impact: 'resume',
      spec: resumeSupport,
      says: 'HEAD on an unknown upload answers 404.',
      passes: '404, 410 or 403, and 401 where a credential is asked for',
      fails: 'a success, a 5xx, or another refusal',
      matters: 'a client resumes into nothing, or keeps asking for ever',
      needs: ['head'],
      reads: headOfChunk,
      judge: ({ unknown }, target) => expectStatus(unknown, absent(target)),
    }),
    check({
      id: 'pulse.patch.204',
      level: pulseMust,
      impact: 'interoperability',
      spec: servers,
      says: 'A raw chunk of 1 MiB at the right offset answers 204.',
      passes: '204',
      fails: 'anything else',
      matters: cannotUpload,
      saysChunksRefused: true,
      reads: pulseFlow,
      judge: ({ first }) => expectStatus(first, [204]),
    }),
    check({
      id: 'pulse.patch.offset',
      level: pulseMust,
      impact: 'resume',
      spec: servers,
      says: 'The answer to a chunk carries the new offset, which decides where the next one begins.',
      passes:
        'Upload-Offset: 1048576 and Tus-Resumable: 1.0.0 after a chunk of 1 MiB; a smaller offset where not all was taken',
      fails: 'either is missing or different',
      matters: 'the app reads a missing offset as 0 and starts again, or leaves a hole',
      reads: pulseFlow,
      judge({ first }) {
        expectOffset(needed(first, 'the chunk'), { from: 1, to: 1_048_576 });
        return expectHeader(first, 'Tus-Resumable', '1.0.0');
      },
    }),
    check({
      id: 'pulse.patch.409',
      level: pulseMust,
      impact: 'data',
      spec: chunkDetails,
      says: 'A chunk at another offset than the upload has is answered with 409.',
      passes: '409 to a chunk at offset 5 of a fresh upload',
      fails: 'anything else',
      matters: 'bytes end up at the wrong place, or the app does not see why it is refused',
      reads: refusals,
      judge: ({ tooEarly }) => expectStatus(tooEarly, [409]),
    }),
    check({
      id: 'pulse.patch.409-json',
      level: pulseMay,
      impact: 'advice',
      spec: servers,
      says: 'The 409 explains itself in JSON.',
      passes: 'a JSON object with a text in error',
      fails: 'another body',
      matters: 'the app has nothing to show',
      reads: refusals,
      judge: ({ tooEarly }) => explains(tooEarly),
    }),
    check({
      id: 'pulse.patch.404',
      level: pulseMust,
      impact: 'resume',
      spec: servers,
      says: 'A chunk for an unknown upload is answered with 404.',
      passes: '404, 410 or 403, and 401 where a credential is asked for',
      fails: 'a success, a 5xx, or another refusal',
      matters: 'the app does not learn that it has to begin a new upload',
      reads: unknownPatch,
      judge: ({ patchUnknown }, target) => expectStatus(patchUnknown, absent(target)),
    }),
    check({
      id: 'pulse.patch.sequential',
      level: pulseMust,
      impact: 'data',
      spec: chunkDetails,
      says: 'Chunks are taken strictly in order.',
      passes: 'the second chunk before the first is refused, leaves no trace, and the file ends right',
      fails: 'it is taken, or the file has a hole or the wrong order',
      matters: otherVideo,
      reads: secondChunkFirst,
      judge({ tooEarly, finish, content }) {
        expectRefused(tooEarly);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'pulse.patch.retry-3x1s',
      level: pulseMust,
      impact: 'data',
      spec: chunkDetails,
      says: 'A chunk whose first two attempts broke off succeeds at the third, and the file ends right.',
      passes:
        'a success to the third attempt, and the checksum of what was sent; a lock that outlives three seconds (409, 423, 503) is noted',
      fails: 'the third attempt is refused, or the checksum is another',
      matters: 'after two dropped connections the video is lost or damaged',
      reads: thirdAttempt,
      judge({ broken, third, finish, content }) {
        if (third === undefined) {
          const last = broken.at(-1);
          const at = last?.after.bytes;
          const actual = at === undefined ? 'HEAD no longer says where the upload stands' : `HEAD says ${at}`;
          const evidence = [last?.cut, ...(last?.after.exchanges ?? [])];
          throw new Violation({ expected: 'an offset inside the broken chunk', actual, evidence });
        }
        const remark = expectStatus(third, ['2xx'], { note: [409, 423, 503] });
        expectFinished(finish);
        expectContent(content);
        return remark;
      },
    }),
    check({
      id: 'pulse.patch.octet-stream-alias',
      level: pulseMay,
      impact: 'advice',
      spec: pulseChunked('Option B: Direct Binary Transfer (application/octet-stream)'),
      says: 'Chunks may also come as application/octet-stream.',
      passes: 'a success and the right bytes, or a 4xx',
      fails: 'a 5xx, or other bytes',
      matters: 'clients that send the plain type lose bytes',
      reads: plainOctetStream,
      judge({ patched, finish, content }) {
        expectStatus(patched, ['2xx', '4xx']);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
    check({
      id: 'pulse.patch.tus-default',
      level: pulseMust,
      impact: 'interoperability',
      spec: pulseChunked('introduction'),
      says: 'application/offset+octet-stream is always taken, whatever else the server understands.',
      passes: 'a success to a raw chunk',
      fails: 'any refusal',
      matters: cannotUpload,
      reads: appsUpload,
      judge: ({ patched }) => expectStatus(patched, ['2xx']),
    }),
    check({
      id: 'pulse.patch.raw-not-wrapped',
      level: pulseMust,
      impact: 'data',
      spec: pulseChunked('Comparison'),
      says: 'A raw chunk is stored as it is, even where it reads like a form.',
      passes: 'the checksum of what was sent',
      fails: 'something is cut out of it, or it is refused',
      matters: otherVideo,
      reads: rawFormText,
      judge({ patched, finish, content }) {
        expectStatus(patched, ['2xx']);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
  ],
};

/** What may be said about an upload that is not there. */
function absent({ guarded }: Target): readonly number[] {
  return [404, 410, 403, ...(guarded ? [401] : [])];
}

/** A refusal, whatever its status, says in words what is wrong. */
export function explains(exchange: Exchange | undefined): undefined {
  const answer = expectAnswer(exchange);
  if (answer.status < 400) throw new Skip('it was not refused');
  if (typeof jsonOf(exchange)?.error === 'string') return;
  const actual = answer.body.sizeBytes === 0 ? 'an empty body' : 'a body without a text in error';
  throw new Violation({ actual, evidence: [exchange] });
}
