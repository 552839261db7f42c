import { artifactNames } from '../../../src/verify/scenarios/v1-artifact-names.ts';
import {
  forbiddenMetadata,
  listedKinds,
  ordinaryMetadata,
  unspecifiedMetadata,
} from '../../../src/verify/scenarios/v1-metadata.ts';
import { answerWith, setHeader, spoils } from './spoil.ts';

export const v1MetadataSpoils = [
  ...spoils(forbiddenMetadata, {
    'v1.meta.missing': ({ nothing }) => answerWith(nothing?.[0]?.posted, 201),
    'v1.meta.artifact-id.required': ({ noId }) => answerWith(noId?.[0]?.posted, 201),
    'v1.meta.artifact-id.uuid': ({ badId }) => answerWith(badId?.[1]?.posted, 201),
    'v1.meta.filename.required': ({ noName }) => answerWith(noName?.[0]?.posted, 500),
    'v1.meta.filename.extension': ({ badEnding }) => answerWith(badEnding?.[4]?.posted, 201),
  }),
  ...spoils(ordinaryMetadata, {
    'v1.meta.alias': ({ aliases }) => answerWith(aliases[0]?.posted, 400),
    'v1.meta.kind.default': ({ noKind }) => answerWith(noKind, 400),
    'v1.meta.related-to': ({ related }) => answerWith(related, 404),
    'v1.meta.unknown-keys': ({ ownKey }) => answerWith(ownKey, 400),
  }),
  ...spoils(listedKinds, {
    'v1.meta.filename.each-allowed': ({ seen }) => answerWith(seen.at(-1)?.posted, 400),
    'v1.meta.kind.values': ({ seen }) => answerWith(seen[0]?.posted, 400),
  }),
  ...spoils(unspecifiedMetadata, {
    'v1.meta.filename.case': ({ capitals }) => answerWith(capitals.posted, 500),
    'v1.meta.filename.not-a-path': ({ paths }) => answerWith(paths[0]?.posted, 500),
    'v1.meta.kind.unknown': ({ unknownKind }) => answerWith(unknownKind.posted, 503),
    'v1.meta.related-to.invalid': ({ badRelation }) => answerWith(badRelation.posted, 500),
    'v1.meta.checksum.syntax': ({ checksums }) => answerWith(checksums[2]?.patched, 500),
  }),
  ...spoils(artifactNames, {
    'v1.meta.name.utf8': ({ accented }) => setHeader(accented.headed, 'Upload-Metadata', 'name eA=='),
    'v1.meta.name.inert': ({ odd }) => answerWith(odd[1]?.gotten, 404),
    'v1.meta.name.capped': ({ long }) => answerWith(long.posted, 413),
  }),
];
