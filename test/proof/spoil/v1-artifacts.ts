import {
  artifactReadiness,
  artifactRemoval,
  declaredChecksums,
  otherKinds,
  zerosAsVideo,
} from '../../../src/verify/scenarios/v1-artifacts.ts';
import { answerWith, spoils, type Writable } from './spoil.ts';

type Gotten = Writable<{ readonly answer?: { readonly body: { readonly sha256: string } } }> | undefined;

function otherBytes(exchange: Gotten): void {
  if (exchange?.answer === undefined) throw new Error('there is no such answer in the recording');
  exchange.answer.body.sha256 = 'f'.repeat(64);
}

export const v1ArtifactsSpoils = [
  ...spoils(artifactReadiness, {
    'v1.artifact.in-progress.404': ({ early }) => answerWith(early[2], 200),
    'v1.artifact.get': ({ served }) => otherBytes(served),
    'v1.artifact.get.promptly': ({ atOnce }) => answerWith(atOnce, 404),
    'v1.artifact.range': ({ ranged }) => otherBytes(ranged),
    'v1.artifact.unknown.404': ({ unknown }) => answerWith(unknown, 200),
    'v1.artifact.bad-id': ({ badIds }) => answerWith(badIds[1], 500),
    'v1.completion.idempotent': ({ after }) => answerWith(after, 404),
  }),
  ...spoils(otherKinds, { 'v1.artifact.kind-free-url': ({ seen }) => otherBytes(seen[1]?.gotten) }),
  ...spoils(artifactRemoval, {
    'v1.artifact.delete': ({ gone }) => answerWith(gone, 200),
    'v1.artifact.delete-again': ({ again }) => answerWith(again, 500),
    'v1.artifact.delete-in-progress': ({ freed }) => answerWith(freed.anew, 409),
    'v1.artifact.upload-delete-vs-artifact': ({ ghost }) => answerWith(ghost.gotten, 200),
  }),
  ...spoils(declaredChecksums, {
    'v1.artifact.rejected.404': ({ wrong }) => answerWith(wrong?.gotten, 200),
    'v1.checksum.match': ({ right }) => answerWith(right[1]?.last, 422),
    'v1.checksum.mismatch.422': ({ otherWrongs }) => answerWith(otherWrongs?.[1]?.last, 204),
    'v1.checksum.mismatch.removed': ({ retried }) => answerWith(retried, 409),
    'v1.checksum.mismatch.single-request': ({ nothing }) => answerWith(nothing, 201),
    'v1.checksum.hex-case': ({ upper }) => answerWith(upper, 500),
    'v1.checksum.absent': ({ plain }) => answerWith(plain.gotten, 404),
    'v1.checksum.not-per-chunk': ({ wrong }) => answerWith(wrong?.first, 400),
    'v1.checksum.after-resume': ({ resumed }) => answerWith(resumed, 204),
  }),
  ...spoils(zerosAsVideo, { 'v1.payload.type': ({ gotten }) => answerWith(gotten, 404) }),
];
