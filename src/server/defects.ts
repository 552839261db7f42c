import { appDefects } from './defects/app.ts';
import { checksumDefects } from './defects/checksum.ts';
import { concatenationDefects } from './defects/concatenation.ts';
import { coreHeadDefects } from './defects/core-head.ts';
import { coreOptionsDefects } from './defects/core-options.ts';
import { corePatchDefects } from './defects/core-patch.ts';
import { coreVersionDefects } from './defects/core-version.ts';
import { creationDefects } from './defects/creation.ts';
import { creationWithUploadDefects } from './defects/creation-with-upload.ts';
import { dataDisconnectsDefects } from './defects/data-disconnects.ts';
import { dataOverlapsDefects } from './defects/data-overlaps.ts';
import { dataWholeFilesDefects } from './defects/data-whole-files.ts';
import type { Defect } from './defects/defect.ts';
import { deferLengthDefects } from './defects/defer-length.ts';
import { expirationDefects } from './defects/expiration.ts';
import { httpRobustnessDefects } from './defects/http-robustness.ts';
import { identifiersDefects } from './defects/identifiers.ts';
import { metadataDefects } from './defects/metadata.ts';
import { methodOverrideDefects } from './defects/method-override.ts';
import { publishedDefects } from './defects/published.ts';
import { pulseChunksDefects } from './defects/pulse-chunks.ts';
import { pulseClassicDefects } from './defects/pulse-classic.ts';
import { pulseExtraDefects } from './defects/pulse-extra.ts';
import { pulseFinalizeDefects } from './defects/pulse-finalize.ts';
import { pulseFinalizeBodiesDefects } from './defects/pulse-finalize-bodies.ts';
import { pulseFinalizeNamesDefects } from './defects/pulse-finalize-names.ts';
import { pulseFinalizeTokensDefects } from './defects/pulse-finalize-tokens.ts';
import { pulseFlowDefects } from './defects/pulse-flow.ts';
import { pulseMultipartDefects } from './defects/pulse-multipart.ts';
import { receivedNotStoredDefects } from './defects/received-not-stored.ts';
import { terminationDefects } from './defects/termination.ts';
import { v1ArtifactsDefects } from './defects/v1-artifacts.ts';
import { v1AuthorisationDefects } from './defects/v1-authorisation.ts';
import { v1CapabilitiesDefects } from './defects/v1-capabilities.ts';
import { v1ClaimedIdsDefects } from './defects/v1-claimed-ids.ts';
import { v1ContentDefects } from './defects/v1-content.ts';
import { v1EchoDefects } from './defects/v1-echo.ts';
import { v1LinkDefects } from './defects/v1-link.ts';
import { v1MetadataDefects } from './defects/v1-metadata.ts';
import { v1RoutingDefects } from './defects/v1-routing.ts';
import { v1SessionsDefects } from './defects/v1-sessions.ts';
import { v1UploadDefects } from './defects/v1-upload.ts';

export type { Defect } from './defects/defect.ts';

/** Every deliberate mistake there is, in the order of the checks that notice it. */
export const defects: readonly Defect[] = [
  ...coreVersionDefects,
  ...coreHeadDefects,
  ...corePatchDefects,
  ...coreOptionsDefects,
  ...methodOverrideDefects,
  ...creationDefects,
  ...deferLengthDefects,
  ...metadataDefects,
  ...creationWithUploadDefects,
  ...expirationDefects,
  ...checksumDefects,
  ...terminationDefects,
  ...concatenationDefects,
  ...dataWholeFilesDefects,
  ...dataDisconnectsDefects,
  ...dataOverlapsDefects,
  ...httpRobustnessDefects,
  ...identifiersDefects,
  ...pulseClassicDefects,
  ...pulseChunksDefects,
  ...pulseMultipartDefects,
  ...pulseFlowDefects,
  ...pulseFinalizeDefects,
  ...pulseFinalizeTokensDefects,
  ...pulseFinalizeBodiesDefects,
  ...pulseFinalizeNamesDefects,
  ...receivedNotStoredDefects,
  ...pulseExtraDefects,
  ...v1EchoDefects,
  ...v1ContentDefects,
  ...v1CapabilitiesDefects,
  ...v1LinkDefects,
  ...v1UploadDefects,
  ...v1MetadataDefects,
  ...v1ClaimedIdsDefects,
  ...v1RoutingDefects,
  ...v1AuthorisationDefects,
  ...v1ArtifactsDefects,
  ...v1SessionsDefects,
  ...appDefects,
  ...publishedDefects,
];
