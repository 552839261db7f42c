import { appSpoils } from './spoil/app.ts';
import { checksumSpoils } from './spoil/checksum.ts';
import { concatenationSpoils } from './spoil/concatenation.ts';
import { coreHeadSpoils } from './spoil/core-head.ts';
import { coreOptionsSpoils } from './spoil/core-options.ts';
import { corePatchSpoils } from './spoil/core-patch.ts';
import { coreVersionSpoils } from './spoil/core-version.ts';
import { creationSpoils } from './spoil/creation.ts';
import { creationWithUploadSpoils } from './spoil/creation-with-upload.ts';
import { dataDisconnectsSpoils } from './spoil/data-disconnects.ts';
import { dataOverlapsSpoils } from './spoil/data-overlaps.ts';
import { dataWholeFilesSpoils } from './spoil/data-whole-files.ts';
import { deferLengthSpoils } from './spoil/defer-length.ts';
import { expirationSpoils } from './spoil/expiration.ts';
import { httpRobustnessSpoils } from './spoil/http-robustness.ts';
import { identifiersSpoils } from './spoil/identifiers.ts';
import { metadataSpoils } from './spoil/metadata.ts';
import { methodOverrideSpoils } from './spoil/method-override.ts';
import { pulseChunksSpoils } from './spoil/pulse-chunks.ts';
import { pulseClassicSpoils } from './spoil/pulse-classic.ts';
import { pulseExtraSpoils } from './spoil/pulse-extra.ts';
import { pulseFinalizeSpoils } from './spoil/pulse-finalize.ts';
import { pulseFinalizeBodiesSpoils } from './spoil/pulse-finalize-bodies.ts';
import { pulseFinalizeNamesSpoils } from './spoil/pulse-finalize-names.ts';
import { pulseFinalizeTokensSpoils } from './spoil/pulse-finalize-tokens.ts';
import { pulseFlowSpoils } from './spoil/pulse-flow.ts';
import { pulseMultipartSpoils } from './spoil/pulse-multipart.ts';
import type { Spoil } from './spoil/spoil.ts';
import { terminationSpoils } from './spoil/termination.ts';
import { v1ArtifactsSpoils } from './spoil/v1-artifacts.ts';
import { v1AuthorisationSpoils } from './spoil/v1-authorisation.ts';
import { v1CapabilitiesSpoils } from './spoil/v1-capabilities.ts';
import { v1LinkSpoils } from './spoil/v1-link.ts';
import { v1MetadataSpoils } from './spoil/v1-metadata.ts';
import { v1SessionsSpoils } from './spoil/v1-sessions.ts';
import { v1UploadSpoils } from './spoil/v1-upload.ts';

/** For each check the change of a good recording that its judge must notice. */
export const allSpoils: readonly Spoil[] = [
  ...coreVersionSpoils,
  ...coreHeadSpoils,
  ...corePatchSpoils,
  ...coreOptionsSpoils,
  ...methodOverrideSpoils,
  ...creationSpoils,
  ...deferLengthSpoils,
  ...metadataSpoils,
  ...creationWithUploadSpoils,
  ...expirationSpoils,
  ...checksumSpoils,
  ...terminationSpoils,
  ...concatenationSpoils,
  ...dataWholeFilesSpoils,
  ...dataDisconnectsSpoils,
  ...dataOverlapsSpoils,
  ...httpRobustnessSpoils,
  ...identifiersSpoils,
  ...pulseClassicSpoils,
  ...pulseChunksSpoils,
  ...pulseMultipartSpoils,
  ...pulseFlowSpoils,
  ...pulseFinalizeSpoils,
  ...pulseFinalizeTokensSpoils,
  ...pulseFinalizeBodiesSpoils,
  ...pulseFinalizeNamesSpoils,
  ...pulseExtraSpoils,
  ...v1CapabilitiesSpoils,
  ...v1LinkSpoils,
  ...v1UploadSpoils,
  ...v1MetadataSpoils,
  ...v1AuthorisationSpoils,
  ...v1ArtifactsSpoils,
  ...v1SessionsSpoils,
  ...appSpoils,
];
