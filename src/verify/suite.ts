import type { Section } from './check.ts';
import { app } from './checks/app.ts';
import { checksumChecks } from './checks/checksum.ts';
import { concatenationChecks } from './checks/concatenation.ts';
import { coreHead } from './checks/core-head.ts';
import { coreOptions } from './checks/core-options.ts';
import { corePatch } from './checks/core-patch.ts';
import { coreVersion } from './checks/core-version.ts';
import { creation } from './checks/creation.ts';
import { creationWithUpload } from './checks/creation-with-upload.ts';
import { dataDisconnects } from './checks/data-disconnects.ts';
import { dataOverlaps } from './checks/data-overlaps.ts';
import { dataWholeFiles } from './checks/data-whole-files.ts';
import { deferLength } from './checks/defer-length.ts';
import { expirationChecks } from './checks/expiration.ts';
import { httpRobustness } from './checks/http-robustness.ts';
import { identifiers } from './checks/identifiers.ts';
import { metadata } from './checks/metadata.ts';
import { methodOverride } from './checks/method-override.ts';
import { pulseChunks } from './checks/pulse-chunks.ts';
import { pulseClassic } from './checks/pulse-classic.ts';
import { pulseExtra } from './checks/pulse-extra.ts';
import { pulseFinalize } from './checks/pulse-finalize.ts';
import { pulseFinalizeBodies } from './checks/pulse-finalize-bodies.ts';
import { pulseFinalizeNames } from './checks/pulse-finalize-names.ts';
import { pulseFinalizeTokens } from './checks/pulse-finalize-tokens.ts';
import { pulseFlowChecks } from './checks/pulse-flow.ts';
import { pulseMultipart } from './checks/pulse-multipart.ts';
import { terminationChecks } from './checks/termination.ts';
import { v1Artifacts } from './checks/v1-artifacts.ts';
import { v1Capabilities } from './checks/v1-capabilities.ts';
import { v1Link } from './checks/v1-link.ts';
import { v1Routing } from './checks/v1-routing.ts';
import { v1Sessions } from './checks/v1-sessions.ts';
import { v1Upload } from './checks/v1-upload.ts';

/** Every check there is, in the order of the requirements. A new section is a new file and a line here. */
export const suite: readonly Section[] = [
  coreVersion,
  coreHead,
  corePatch,
  coreOptions,
  methodOverride,
  creation,
  deferLength,
  metadata,
  creationWithUpload,
  expirationChecks,
  checksumChecks,
  terminationChecks,
  concatenationChecks,
  dataWholeFiles,
  dataDisconnects,
  dataOverlaps,
  httpRobustness,
  identifiers,
  pulseClassic,
  pulseChunks,
  pulseMultipart,
  pulseFlowChecks,
  pulseFinalize,
  pulseFinalizeTokens,
  pulseFinalizeBodies,
  pulseFinalizeNames,
  pulseExtra,
  v1Capabilities,
  v1Link,
  v1Upload,
  v1Routing,
  v1Artifacts,
  v1Sessions,
  app,
];
