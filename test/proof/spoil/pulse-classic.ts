import {
  appsUpload,
  creations,
  health,
  healthDuringPatch,
  locationBelowPrefix,
} from '../../../src/verify/scenarios/pulse-classic.ts';
import { answerWith, dropHeader, setHeader, setJson, spoils } from './spoil.ts';

export const pulseClassicSpoils = [
  ...spoils(health, {
    'pulse.health.200': ({ asked }) => answerWith(asked, 204),
    'pulse.health.body': ({ asked }) =>
      setJson(asked, (json) => {
        json.status = 'ok';
      }),
    'pulse.health.public': ({ withoutCredential }) => answerWith(withoutCredential, 401),
  }),
  ...spoils(healthDuringPatch, {
    'pulse.health.cheap': ({ asked }) => {
      for (const exchange of asked) exchange.endedMs = exchange.sentMs + 60_000;
    },
  }),
  ...spoils(creations, {
    'pulse.create.201': ({ plain }) => answerWith(plain, 200),
    'pulse.create.location': ({ plain }) => setHeader(plain, 'Location', '/files/1'),
    'pulse.create.tus-resumable': ({ plain }) => dropHeader(plain, 'Tus-Resumable'),
    'pulse.create.unauthenticated': ({ withoutCredential }) => answerWith(withoutCredential, 401),
    'pulse.create.octet-type': ({ asTheApp }) => answerWith(asTheApp, 415),
    'pulse.create.bad-length': ({ senseless }) => answerWith(senseless['Upload-Length: abc'], 201),
  }),
  ...spoils(locationBelowPrefix, {
    'pulse.create.location.base-path': ({ resolved }) => answerWith(resolved?.asked, 404),
  }),
  ...spoils(appsUpload, {
    'pulse.create.upload-id': ({ finalized }) => answerWith(finalized, 404),
    'pulse.patch.tus-default': ({ patched }) => answerWith(patched, 415),
  }),
];
