import { parseSha256 } from '../../protocol/headers.ts';
import { headerOf, isSuccess, jsonOf } from '../answers.ts';
import { Blocked, check, type Section, Violation } from '../check.ts';
import { expectContent, expectFinished, expectHeader, expectOffset, expectStatus } from '../expect.ts';
import { pulseMust } from '../levels.ts';
import type { Exchange } from '../recording.ts';
import { cutInMidChunk } from '../scenarios/disconnects.ts';
import { pulseFlow } from '../scenarios/pulse-flow.ts';
import { pulseChunked, pulseDocs } from '../sources.ts';

const finalize = pulseDocs('uploads/tus', 'Finalize');
const servers = pulseChunked('both sample servers');

/** The flow of the app from the first request to the checksum; the rest of section 19 is in pulse-finalize.ts. */
export const pulseFlowChecks: Section = {
  number: 19,
  title: 'Pulse classic: finalize',
  untestable: {},
  checks: [
    check({
      id: 'pulse.finalize.200',
      level: pulseMust,
      impact: 'interoperability',
      spec: finalize,
      says: 'Finalizing a complete upload answers 200 with JSON.',
      passes: '200 with Content-Type application/json and an object in the body',
      fails: 'another status, or no JSON',
      matters: 'the app keeps the video in its queue and sends it again',
      reads: pulseFlow,
      judge({ finalized }) {
        expectStatus(finalized, [200], { warn: ['2xx'] });
        expectHeader(finalized, 'Content-Type', /^application\/json\b/i, {
          expected: 'Content-Type: application/json',
        });
        if (jsonOf(finalized) !== undefined) return undefined;
        throw new Violation({ actual: 'no JSON object in the body', evidence: [finalized] });
      },
    }),
    check({
      id: 'pulse.finalize.video-id',
      level: pulseMust,
      impact: 'interoperability',
      spec: finalize,
      says: 'The answer names the video.',
      passes: 'videoId is a string that is not empty; another one than the uploadId is noted',
      fails: 'it is missing, empty, or no string',
      matters: 'the app cannot say which video on the server is which recording',
      reads: pulseFlow,
      judge({ finalized, uploadId }) {
        const { videoId } = answered(finalized);
        if (typeof videoId === 'string' && videoId !== '') {
          return videoId === uploadId ? undefined : 'videoId is another id than uploadId';
        }
        throw found(finalized, 'videoId', videoId);
      },
    }),
    check({
      id: 'pulse.finalize.status',
      level: pulseMust,
      impact: 'interoperability',
      spec: finalize,
      says: 'The answer says that the upload is complete.',
      passes: 'status is "complete"; "uploaded" is a deviation',
      fails: 'it is missing, or says something else',
      matters: 'the app does not take the upload for finished',
      reads: pulseFlow,
      judge({ finalized }) {
        const { status } = answered(finalized);
        if (status === 'complete') return undefined;
        throw found(finalized, 'status', status, status === 'uploaded' ? 'warn' : undefined);
      },
    }),
    check({
      id: 'pulse.finalize.size',
      level: pulseMust,
      impact: 'data',
      spec: finalize,
      says: 'The answer states the size of what is stored, as a number.',
      passes: 'size is the number of bytes that were sent',
      fails: 'it is missing, a string, or another number',
      matters: 'nobody notices that bytes are missing or doubled',
      reads: pulseFlow,
      judge({ finalized, sizeBytes }) {
        const { size } = answered(finalized);
        if (size === sizeBytes) return undefined;
        throw found(finalized, 'size', size);
      },
    }),
    check({
      id: 'pulse.finalize.checksum',
      level: pulseMust,
      impact: 'data',
      spec: finalize,
      says: 'The answer states the SHA-256 of the whole file as sha256: and 64 hex digits, and it is that of what was sent.',
      passes: 'checksum is sha256: and the digest of the file',
      fails: 'another digest; the right one in another notation is a deviation',
      matters: 'the video on the server is not the one that was recorded',
      reads: pulseFlow,
      judge({ finalized, sha256 }) {
        const { checksum } = answered(finalized);
        if (checksum === `sha256:${sha256}`) return undefined;
        const isRight =
          parseSha256(checksum) === sha256 || checksum === Buffer.from(sha256, 'hex').toString('base64');
        throw found(finalized, 'checksum', checksum, isRight ? 'warn' : undefined, `sha256:${sha256}`);
      },
    }),
    check({
      id: 'pulse.flow.e2e',
      level: pulseMust,
      impact: 'data',
      spec: servers,
      says: 'The whole way of the app works with its own parameters.',
      passes:
        'health 200, POST 201, each chunk 204 with its offset, finalize a success with the right checksum',
      fails: 'any step of it',
      matters: 'the app cannot upload to this server',
      reads: pulseFlow,
      judge({ health, created, first, second, finish, finalized, sizeBytes, sha256 }) {
        expectStatus(health, [200]);
        expectStatus(created, [201]);
        for (const [patched, offset] of [
          [first, 1_048_576],
          [second, sizeBytes],
        ] as const) {
          expectStatus(patched, [204]);
          expectOffset(patched, { from: 1, to: offset });
        }
        expectFinished(finish);
        expectStatus(finalized, ['2xx']);
        const stored = parseSha256(answered(finalized).checksum);
        if (stored === sha256) return undefined;
        throw found(finalized, 'checksum', stored, undefined, sha256);
      },
    }),
    check({
      id: 'pulse.flow.resume',
      level: pulseMust,
      impact: 'resume',
      spec: pulseDocs('uploads/tus', 'Resume support'),
      says: 'An upload that was interrupted resumes from where HEAD says, and its checksum is right.',
      passes: 'HEAD answers after the cut, the rest is taken, and the checksum is that of the file',
      fails: 'the upload cannot be resumed, or the checksum is wrong',
      matters: 'every interruption costs the whole upload, or the video',
      needs: ['head'],
      reads: cutInMidChunk,
      judge({ cuts, finish, content }) {
        for (const { after } of cuts) expectStatus(after.exchanges.at(-1), [200, 204]);
        expectFinished(finish);
        return expectContent(content);
      },
    }),
  ],
};

/** The fields of the answer; without them there is nothing to judge, and pulse.finalize.200 says why. */
function answered(finalized: Exchange): Readonly<Record<string, unknown>> {
  const json = jsonOf(finalized);
  if (json === undefined || !isSuccess(finalized)) {
    const type = headerOf(finalized, 'Content-Type') ?? 'nothing';
    throw new Blocked(
      `finalize did not succeed with JSON (${finalized.answer?.status ?? 'no answer'}, ${type})`,
      [finalized],
    );
  }
  return json;
}

function found(
  finalized: Exchange,
  field: string,
  value: unknown,
  atMost?: 'warn',
  expected?: string,
): Violation {
  return new Violation({
    actual: `${field} is ${JSON.stringify(value) ?? 'missing'}`,
    evidence: [finalized],
    ...(expected !== undefined && { expected }),
    ...(atMost && { atMost }),
  });
}
